import { describe, expect, it } from 'vitest';
import { DatasetBuilder } from '../../../src/config/builder.ts';
import { prepareFiles, violationsOf } from './prepared.ts';

const base = DatasetBuilder.create()
  .provider({ name: 'local', provider_type: 'simulated' })
  .model({ alias: 'writer', model: 'made-up', provider: 'local', inference_parameters: { max_tokens: 50 } })
  .seeds({ path: 's.csv', columns: ['product'] })
  .column('code', {
    column_type: 'sampler',
    sampler_type: 'category',
    params: { values: ['007', '1_000', 'no', '1.10'] },
  });

describe('a builder', () => {
  it('writes a document that says the same', async () => {
    const builder = base
      .column('severity', {
        column_type: 'llm-structured',
        model_alias: 'writer',
        prompt: ({ code }) => `Rate ${code}.`,
        output_format: { type: 'object', properties: { level: { type: 'integer' } } },
      })
      .column('note', {
        column_type: 'expression',
        expr: ({ product, severity }) => `${product}: ${severity.level}`,
      })
      .settings({ seed: '12', slice_size: 3 });
    const { plan, settings } = await prepareFiles({
      'config.yaml': builder.toYaml(),
      's.csv': 'product\nlamp\n',
    });
    expect(plan.seed).toBe('12');
    expect(settings.sliceSize).toBe(3);
    expect(plan.models.writer?.maxTokens).toBe(50);
    expect(plan.columns).toMatchObject([
      { name: 'product', kind: 'seed-dataset' },
      { name: 'code', form: { params: { values: ['007', '1_000', 'no', '1.10'] } } },
      { name: 'severity', form: { prompt: 'Rate {{ code }}.' }, type: { kind: 'struct' } },
      { name: 'note', form: { expr: '{{ product }}: {{ severity.level }}' } },
    ]);
  });

  it('writes tools and where they are served', async () => {
    const builder = base
      .mcpProvider({ name: 'kb', endpoint: 'http://kb/mcp', provider_type: 'streamable_http' })
      .tools({ tool_alias: 'look', providers: ['kb'], max_tool_call_turns: 2 })
      .column('note', { column_type: 'llm-text', model_alias: 'writer', prompt: 'Note', tool_alias: 'look' });
    const files = { 'config.yaml': builder.toYaml(), 's.csv': 'product\nlamp\n' };
    const { settings } = await prepareFiles(files);
    expect(settings.tools).toMatchObject({
      servers: [{ name: 'kb', remote: { endpoint: 'http://kb/mcp' } }],
      aliases: { look: { use: { servers: ['kb'], maxTurns: 2 } } },
    });
  });

  it('does not change: a shared prefix can be reused', () => {
    const before = base.toYaml();
    base.column('more', { column_type: 'expression', expr: 'x' });
    expect(base.toYaml()).toBe(before);
  });

  it('is checked like any document', async () => {
    const builder = base.column('note', { column_type: 'expression', expr: '{{ cod }}' });
    const says = await violationsOf({ 'config.yaml': builder.toYaml(), 's.csv': 'product\nlamp\n' });
    expect(says).toHaveLength(1);
    expect(says[0]).toMatch(/column "note": no column "cod", did you mean "code"\? \(in expr\)$/);
  });
});
