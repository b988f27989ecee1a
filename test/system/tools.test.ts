// Tools over a kill: each called once but for those in flight, and what the user's file says is in nothing that is written.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Workplace } from '../support/build-harness.ts';
import { callsIn, stdioServer } from '../support/mcp-server.ts';
import { startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

const ROWS = 24;
const PARALLEL = 4;
const SECRET = 'a-key-that-nobody-sees';
const LIMIT_MS = 120_000;

function document(endpoint: string): object {
  return {
    model_configs: [
      ...[
        {
          alias: 'writer',
          model: 'mock',
          provider: 'mock',
          inference_parameters: { max_parallel_requests: PARALLEL },
        },
      ],
    ],
    tool_configs: [{ tool_alias: 'look', providers: ['kb'], allow_tools: ['ponder'] }],
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid' },
      {
        name: 'note',
        column_type: 'llm-text',
        prompt: 'Look for {{ id }}',
        model_alias: 'writer',
        tool_alias: 'look',
      },
    ],
    rowloom: { providers: [{ name: 'mock', endpoint, provider_type: 'openai' }] },
  };
}

it('calls no tool twice but those in flight, asks no model again, and writes no secret', {
  timeout: LIMIT_MS,
}, async () => {
  const mock = await startMockModelServer({ latencyMs: 50 });
  const workplace = new Workplace();
  const log = join(workplace.directory, 'tool-calls');
  const providers = join(workplace.directory, 'providers.yaml');
  const environment = { ROWLOOM_PROVIDERS: providers };
  try {
    const server = { name: 'kb', provider_type: 'stdio', ...stdioServer(log), env: { SECRET } };
    writeFileSync(providers, JSON.stringify({ mcp_providers: [server] }));
    workplace.write(document(mock.endpoint));
    const calls = () => callsIn(log).filter((call) => call !== 'list');
    const first = workplace.run(['-n', String(ROWS)], { environment });
    // Fewer cells than that are in the making at once: some tools have given their results by then.
    await until(() => calls().length >= ROWS - 2, { limitMs: LIMIT_MS });
    await first.kill();
    // Results in the store: its calls but those of the model, of which some answers may have been lost.
    const asked = calls().length;
    const kept = (await workplace.usage()).calls - mock.answered();
    const end = await workplace.run(['-n', String(ROWS)], { environment }).ended;
    expect(end).toMatchObject({ code: 0 });
    expect(await workplace.rows()).toHaveLength(ROWS);
    expect(new Set(calls()).size).toBe(ROWS);
    expect(kept).toBeGreaterThan(0);
    expect(calls().length).toBeLessThanOrEqual(ROWS + asked - kept);
    expect(mock.stats().requests).toBeLessThanOrEqual(2 * ROWS + PARALLEL);
    const files = readdirSync(join(workplace.directory, 'artifacts'), { recursive: true, encoding: 'utf8' })
      .map((name) => join(workplace.directory, 'artifacts', name))
      .filter((path) => statSync(path).isFile());
    expect(
      files.filter((path) => /a-key-that-nobody-sees|mcp-program/.test(readFileSync(path, 'latin1'))),
    ).toEqual([]);
    expect(end.talk + end.output).not.toContain(SECRET);
  } finally {
    await workplace.dispose();
    await mock.close();
  }
});
