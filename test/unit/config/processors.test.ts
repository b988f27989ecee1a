import { describe, expect, it } from 'vitest';
import { DatasetBuilder } from '../../../src/config/builder.ts';
import { builderConfigOf } from '../../../src/config/builder-config.ts';
import { outputColumns } from '../../../src/plan.ts';
import { formatJson } from '../../../src/values.ts';
import { prepareFiles, violationsOf } from './prepared.ts';

const COLUMNS = `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: tier, column_type: sampler, sampler_type: category, params: { values: [free, pro] } }
  - { name: tier_note, column_type: expression, expr: "{{ tier }}!", drop: true }
`;

const says = (processors: string) => violationsOf({ 'config.yaml': `${COLUMNS}processors:\n${processors}` });
const plan = async (processors: string, more: { readonly [file: string]: string } = {}) =>
  (await prepareFiles({ 'config.yaml': `${COLUMNS}${processors}`, ...more })).plan;

const SEEDS = 'seed_config: { source: { seed_type: local, path: seeds.csv } }\n';

describe('drop_columns', () => {
  it('takes out columns by name and by pattern, those of the seed too', async () => {
    const { columns, processors } = await plan(
      `${SEEDS}processors: [{ name: tidy, processor_type: drop_columns, column_names: [id, "secret_*"] }]\n`,
      { 'seeds.csv': 'secret_a,secret,secret_b\n1,2,3\n' },
    );
    const dropped = columns.filter(({ drop }) => drop).map(({ name }) => name);
    expect(dropped).toEqual(['secret_a', 'secret_b', 'id', 'tier_note']);
    expect(processors).toEqual([]);
  });

  it('refuses a name that is none, and warns of a pattern of no column', async () => {
    expect(
      await says('  - { name: tidy, processor_type: drop_columns, column_names: [teir, "x*", "tier?"] }\n'),
    ).toEqual([
      'error config.yaml:6:64 processor "tidy": no column "teir", did you mean "tier"?',
      'warning config.yaml:6:70 processor "tidy": "x*" is the pattern of no column',
      'error config.yaml:6:76 processor "tidy": no column "tier?", did you mean "tier"?',
    ]);
  });

  it('leaves at least one column', async () => {
    expect(await says('  - { name: tidy, processor_type: drop_columns, column_names: ["*"] }\n')).toEqual([
      'error config.yaml:2:3 columns are all dropped: at least one has to stay',
    ]);
  });
});

describe('schema_transform', () => {
  it('sees columns that the document drops', async () => {
    const template = '{ text: "{{ tier_note }}", n: 1, half: 0.5 }';
    const { processors } = await plan(
      `processors: [{ name: chat, processor_type: schema_transform, template: ${template} }]\n`,
    );
    const form = { template: '{"text":"{{ tier_note }}","n":1,"half":0.5}' };
    expect(processors).toEqual([{ kind: 'schema_transform', name: 'chat', form }]);
  });

  it('refuses what it cannot render, where it stands', async () => {
    expect(
      await says(`  - name: chat
    processor_type: schema_transform
    template:
      messages:
        - { role: user, content: "{{ teir }}" }
        - { role: "{{ tier. }}" }
      "{{ tier }}": 1
`),
    ).toEqual([
      'error config.yaml:10:38 processor "chat": no column "teir", did you mean "tier"?',
      expect.stringMatching(/^error config\.yaml:11:\d+ processor "chat": cannot read the template/),
      'error config.yaml:12:7 processor "chat": "{{ tier }}" names a column of the records: there it has no placeholder',
    ]);
  });

  it('refuses a column that a processor before it takes out', async () => {
    expect(
      await says(`  - { name: tidy, processor_type: drop_columns, column_names: [tier] }
  - { name: chat, processor_type: schema_transform, template: { t: "{{ tier }}" } }
`),
    ).toEqual([
      'error config.yaml:7:72 processor "chat": "tier" is taken out by processor "tidy" before: list that one after this',
    ]);
  });

  it('has to be a map with something in it', async () => {
    expect(await says('  - { name: chat, processor_type: schema_transform, template: [] }\n')).toEqual([
      'error config.yaml:6:63 processor "chat": template has to be a map: its keys are the columns of the records',
    ]);
    expect(await says('  - { name: chat, processor_type: schema_transform, template: {} }\n')).toEqual([
      'error config.yaml:6:63 processor "chat": template is empty',
    ]);
  });
});

describe('processors', () => {
  it('of one name: the later replaces the earlier', async () => {
    const twice = `  - { name: p, processor_type: drop_columns, column_names: [nobody] }
  - { name: p, processor_type: drop_columns, column_names: [id] }
`;
    expect(await says(twice)).toEqual([
      'warning config.yaml:6:13 processor "p": is the name of a later processor, in line 7, which replaces this one',
    ]);
  });

  it('of no kind are refused by name', async () => {
    expect(await says('  - { name: p, processor_type: drop_column }\n')).toEqual([
      'error config.yaml:6:32 processor "p": no processor_type "drop_column", did you mean "drop_columns"?',
    ]);
  });

  it('stand in the document that is kept, and give the same plan', async () => {
    const template = '{ max_tokens: 1.5, n: 1 }';
    const prepared = await prepareFiles({
      'config.yaml': `${COLUMNS}processors: [{ name: chat, processor_type: schema_transform, template: ${template} }]\n`,
    });
    const again = await prepareFiles({ 'config.yaml': formatJson(builderConfigOf(prepared.config)) });
    expect(again.plan).toEqual(prepared.plan);
  });
});

const MODULE = {
  'own.ts': 'export const tidy = (row: object) => row; export const score = (rows: object[]) => rows;',
};
const own = (lines: string) => `rowloom:\n  processors:\n${lines}`;
const ownSays = (lines: string, more = '') =>
  violationsOf({ 'config.yaml': `${COLUMNS}${own(lines)}${more}`, ...MODULE });

describe('processors of modules', () => {
  const TIDY =
    '    - { name: tidy, stage: before_batch, processor_function: ./own.ts#tidy, processor_params: { n: 1 } }\n';
  const SCORE = `    - name: score
      stage: after_batch
      processor_function: ./own.ts#score
      side_effect_columns: [note, { name: points, output_format: { type: integer } }]
`;
  const CHAT =
    'processors: [{ name: chat, processor_type: schema_transform, template: { t: "{{ points }}" } }, { name: gone, processor_type: drop_columns, column_names: [note] }]\n';

  it('stand in the plan by their stage, before those that write what they leave, with the hash of their module', async () => {
    const prepared = await prepareFiles({
      'config.yaml': `${COLUMNS}${CHAT}${own(SCORE + TIDY)}`,
      ...MODULE,
    });
    const { beforeBatch, processors } = prepared.plan;
    const [{ hash } = { hash: '' }] = prepared.modules;
    expect(beforeBatch).toEqual([
      { kind: 'before_batch', name: 'tidy', form: { module: { hash, export: 'tidy' }, params: '{"n":1}' } },
    ]);
    expect(processors.map(({ name }) => name)).toEqual(['score', 'chat']);
    expect(processors[0]!.adds).toEqual([
      { name: 'note', type: { kind: 'text' }, drop: true },
      { name: 'points', type: { kind: 'int' } },
    ]);
    expect(outputColumns(prepared.plan).map(({ name }) => name)).toEqual([
      'id',
      'tier',
      'tier_note',
      'note',
      'points',
    ]);
    const again = await prepareFiles({
      'config.yaml': formatJson(builderConfigOf(prepared.config)),
      ...MODULE,
    });
    expect(again.plan).toEqual(prepared.plan);
  });

  it('leave the plan of a document without them as it is', async () => {
    expect(Object.keys(await plan(''))).not.toContain('beforeBatch');
  });

  it('are refused where their stage, module or export is none', async () => {
    const lines = `    - { name: a, stage: before_generation, processor_function: ./own.ts#tidy }
    - { name: b, stage: before_batch, processor_function: ./own.py#tidy }
    - { name: c, stage: before_batch, processor_function: ./own.ts#tidyy }
    - { name: d, stage: before_batch, processor_function: ./own.ts#tidy, side_effect_columns: [x] }
`;
    expect(await ownSays(lines)).toEqual([
      'error config.yaml:7:25 processor "a": no stage "before_generation", did you mean "after_generation"?',
      'error config.yaml:8:59 processor "b": processor_function has to be a JavaScript or TypeScript module and its export: ./rows.ts#tidy',
      'error config.yaml:9:59 processor "c": processor_function "./own.ts" exports no "tidyy", did you mean "tidy"?',
      expect.stringMatching(/^error config\.yaml:10:74 processor "d": no field "side_effect_columns"/),
    ]);
  });

  it('add no column that is there, and none that cells could need', async () => {
    const lines = `    - { name: a, stage: after_batch, processor_function: ./own.ts#score, side_effect_columns: [tier, TIER, __proto__, points] }
    - { name: b, stage: after_batch, processor_function: ./own.ts#score, side_effect_columns: [points] }
`;
    const needs = COLUMNS.replace('{{ tier }}!', '{{ points }}!');
    expect(await violationsOf({ 'config.yaml': `${needs}${own(lines)}`, ...MODULE })).toEqual([
      expect.stringMatching(/^error config\.yaml:4:\d+ column "tier_note": .*no column "points"/),
      'error config.yaml:7:96 processor "a": "tier" is there already: what changes a column returns it and does not declare it',
      expect.stringMatching(/^error config\.yaml:7:102 processor "a": "TIER" and "tier" differ only in case/),
      expect.stringMatching(/^error config\.yaml:7:108 processor "a": .*is taken by Rowloom/),
      'error config.yaml:8:96 processor "b": "points" is there already: what changes a column returns it and does not declare it',
    ]);
  });

  it('are replaced by a later one of their name', async () => {
    expect(
      await ownSays(TIDY, 'processors: [{ name: tidy, processor_type: drop_columns, column_names: [id] }]\n'),
    ).toEqual([
      'warning config.yaml:7:15 processor "tidy": is the name of a later processor, in line 8, which replaces this one',
    ]);
  });
});

it('are written by the builder, too', async () => {
  const document = DatasetBuilder.create()
    .column('id', { column_type: 'sampler', sampler_type: 'uuid', params: {} })
    .processor({ name: 'chat', processor_type: 'schema_transform', template: { text: '{{ id }}' } })
    .processor({ name: 'tidy', stage: 'before_batch', processor_function: './own.ts#tidy' })
    .toYaml();
  const { plan: made } = await prepareFiles({ 'config.yaml': document, ...MODULE });
  expect(made.beforeBatch).toMatchObject([{ name: 'tidy', form: { module: { export: 'tidy' } } }]);
  const form = { template: '{"text":"{{ id }}"}' };
  expect(made.processors).toEqual([{ kind: 'schema_transform', name: 'chat', form }]);
});
