import { describe, expect, it } from 'vitest';
import { builderConfigOf } from '../../../src/config/builder-config.ts';
import { planDigest } from '../../../src/rows/plan-digest.ts';
import { formatJson } from '../../../src/values.ts';
import { prepareFiles } from './prepared.ts';

describe('a builder config', () => {
  it('gives the same plan and settings when it is read again', async () => {
    const seeds = { 's.csv': 'product\nlamp\nkettle\n' };
    const first = await prepareFiles({
      'config.yaml': `
seed_config: { source: { seed_type: local, path: s.csv }, selection_strategy: { start: 0, end: 0 } }
columns:
  - { name: code, column_type: sampler, sampler_type: category, params: { values: [007, 1, 12.0, no], weights: [1, 2, 3, 4] } }
  - { name: n, column_type: sampler, sampler_type: gaussian, params: { mean: 1, stddev: 2, decimal_places: 2 } }
  - name: rated
    column_type: llm-structured
    model_alias: m
    prompt: Rate {{ product }} and {{ code }}.
    output_format: { type: object, properties: { level: { type: integer, maximum: 9007199254740993 } } }
  - name: verdict
    column_type: llm-judge
    model_alias: m
    prompt: "{{ rated }}"
    tool_alias: look
    scores: [{ name: tone, description: How, options: { 1: no, 2: yes } }]
  - { name: note, column_type: expression, expr: 1.10, drop: yes }
model_configs:
  - { alias: m, model: x, provider: p, inference_parameters: { max_tokens: 7, temperature: 1, extra_body: { a: 1.0, b: 1 } } }
tool_configs: [{ tool_alias: look, providers: [kb], max_tool_call_turns: 3, timeout_sec: 2 }]
rowloom:
  mcp_providers: [{ name: kb, endpoint: "http://kb/sse" }]
  seed: 007
  slice_size: 4
  providers: [{ name: p, provider_type: simulated, simulation: { latency_ms: 5 } }]
`,
      ...seeds,
    });
    const text = formatJson(builderConfigOf(first.config));
    const second = await prepareFiles(
      { 'builder_config.json': text, ...seeds },
      { file: 'builder_config.json' },
    );
    expect(planDigest(second.plan)).toBe(planDigest(first.plan));
    expect(second.settings).toEqual(first.settings);
    expect(text).toContain('"max_tokens":7,');
    expect(text).toContain('"values":["007",1,12.0,"no"]');
  });
});
