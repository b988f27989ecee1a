import { describe, expect, it } from 'vitest';
import { DatasetBuilder } from '../../../src/config/builder.ts';
import { builderConfigOf } from '../../../src/config/builder-config.ts';
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

  it('of modules are refused by name', async () => {
    const module = { name: 'p', stage: 'after_batch', module: './p.ts#fn' };
    const document = `${COLUMNS}rowloom: { processors: [${JSON.stringify(module)}] }\n`;
    expect(await violationsOf({ 'config.yaml': document })).toEqual([
      'error config.yaml:5:12 rowloom.processors is not supported yet',
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

it('are written by the builder, too', async () => {
  const document = DatasetBuilder.create()
    .column('id', { column_type: 'sampler', sampler_type: 'uuid', params: {} })
    .processor({ name: 'chat', processor_type: 'schema_transform', template: { text: '{{ id }}' } })
    .toYaml();
  const { plan: made } = await prepareFiles({ 'config.yaml': document });
  const form = { template: '{"text":"{{ id }}"}' };
  expect(made.processors).toEqual([{ kind: 'schema_transform', name: 'chat', form }]);
});
