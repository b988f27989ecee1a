import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatType } from '../../../src/client/wish/validate-document.ts';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

const DOCUMENT = `
seed_config:
  source: { seed_type: local, path: cities.csv }
columns:
  - { name: days, column_type: sampler, sampler_type: poisson, params: { mean: 4 } }
  - { name: plan, column_type: llm-text, prompt: "Plan {{ days }} days in {{ city }}", model_alias: writer }
  - name: verdict
    column_type: llm-judge
    prompt: "Judge {{ plan }}"
    model_alias: writer
    drop: true
    scores: [{ name: fun, description: Is it fun?, options: { 1: "no", 2: "yes" } }]
  - { name: title, column_type: expression, expr: "{{ city }}: {{ plan }}" }
model_configs:
  - { alias: writer, model: some-model, provider: PROVIDER }
`;

async function folderWith(document: string): Promise<string> {
  const cwd = await temporaryFolder();
  await mkdir(join(cwd, 'home'));
  await writeFile(join(cwd, 'cities.csv'), 'city,people\nUlm,126000\nOslo,709000\n');
  await writeFile(join(cwd, 'trips.yaml'), document);
  return cwd;
}

const OPENAI = DOCUMENT.replace('PROVIDER', 'openai');

describe('validate', () => {
  it('lists the columns of the output with what makes them and their types', async () => {
    const cwd = await folderWith(OPENAI);
    const environment = { OPENAI_API_KEY: 'sk-test' };
    expect(await cli(['validate', 'trips.yaml'], { cwd, environment })).toEqual({
      output: [
        'column   made by                                   type',
        'city     seed-dataset                              text',
        'people   seed-dataset                              int',
        'days     sampler                                   int',
        'plan     llm-text by writer: some-model (openai)   text',
        'verdict  llm-judge by writer: some-model (openai)  {fun: {reasoning: text, score: text}}, dropped',
        'title    expression                                text',
      ],
      talk: ['valid     6 columns (2 from seeds, 1 dropped) · seed data cities.csv: 2 rows'],
      code: 0,
    });
  });

  it('needs no key when simulated', async () => {
    const cwd = await folderWith(OPENAI);
    expect((await cli(['validate', 'trips.yaml', '--simulate'], { cwd })).code).toBe(0);
    expect(await cli(['validate', 'trips.yaml'], { cwd })).toMatchObject({
      output: [],
      talk: [expect.stringContaining('OPENAI_API_KEY is not set'), 'invalid   1 error'],
      code: 2,
    });
  });

  it('names every error, for programs too', async () => {
    const broken = OPENAI.replace('{{ days }}', '{{ dayz }}').replace('poisson', 'zipf');
    const cwd = await folderWith(broken);
    const { talk, code } = await cli(['validate', 'trips.yaml', '--simulate'], { cwd });
    const said = talk.filter((line) => !line.startsWith(' '));
    expect(said).toHaveLength(3);
    expect(said[1]).toContain('did you mean "days"?');
    expect(said[2]).toBe('invalid   2 errors');
    expect(code).toBe(2);
    const json = await cli(['validate', 'trips.yaml', '--simulate', '--json'], { cwd });
    expect(JSON.parse(json.output[0]!)).toMatchObject({
      isValid: false,
      violations: [
        { file: 'trips.yaml', line: 5, level: 'error' },
        { file: 'trips.yaml', line: 6, level: 'error' },
      ],
    });
    expect(json).toMatchObject({ talk: [], code: 2 });
  });

  it('gives programs types as data', async () => {
    const cwd = await folderWith(OPENAI);
    const { output } = await cli(['validate', 'trips.yaml', '--simulate', '--json'], { cwd });
    expect(JSON.parse(output[0]!)).toMatchObject({
      isValid: true,
      columns: [
        { name: 'city', kind: 'seed-dataset', type: { kind: 'text' }, model: null },
        { name: 'people', type: { kind: 'int' } },
        { name: 'days' },
        { name: 'plan', model: { alias: 'writer', name: 'some-model', provider: 'openai' } },
        { name: 'verdict', isDropped: true, type: { kind: 'struct' } },
        { name: 'title' },
      ],
      seeds: { name: 'cities.csv', rows: 2 },
      warnings: [],
    });
  });

  it('writes nested types as people read them', () => {
    const tags = { name: 'tags', type: { kind: 'list', item: { kind: 'text' } } } as const;
    expect(formatType({ kind: 'list', item: { kind: 'struct', fields: [tags] } })).toBe('[{tags: [text]}]');
    expect(formatType({ kind: 'json' })).toBe('json');
  });
});

describe('the hidden column that starts rows', () => {
  it('is no column to people', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'one.yaml'), 'columns: [{ name: a, column_type: expression, expr: "x" }]\n');
    expect(await cli(['validate', 'one.yaml'], { cwd })).toMatchObject({
      output: ['column  made by     type', 'a       expression  text'],
      talk: ['valid     1 column'],
    });
    expect((await cli(['graph', 'one.yaml'], { cwd })).output).toEqual([
      'flowchart TD',
      '  c0["a<br/>expression"]',
    ]);
    expect((await cli(['run', 'one.yaml', '--dry-run'], { cwd })).talk[1]).toBe(
      'config    one.yaml · 1 column',
    );
  });
});

describe('graph', () => {
  it('draws Mermaid without any key', async () => {
    const cwd = await folderWith(OPENAI);
    expect(await cli(['graph', 'trips.yaml'], { cwd })).toEqual({
      output: [
        'flowchart TD',
        '  c0["city<br/>seed-dataset"]',
        '  c1["people<br/>seed-dataset"]',
        '  c2["days<br/>sampler"]',
        '  c3["plan<br/>llm-text"]',
        '  c4["verdict<br/>llm-judge"]',
        '  c5["title<br/>expression"]',
        '  c0 --> c3',
        '  c2 --> c3',
        '  c3 --> c4',
        '  c0 --> c5',
        '  c3 --> c5',
      ],
      talk: [],
      code: 0,
    });
  });

  it('lists the columns in the order they are made, how, in how many tasks, and the longest chain', async () => {
    const cwd = await folderWith(OPENAI);
    const screen = { width: 80, hasColors: false };
    expect(await cli(['graph', 'trips.yaml'], { cwd, screen })).toEqual(
      await cli(['graph', 'trips.yaml', '--format', 'text'], { cwd }),
    );
    expect((await cli(['graph', 'trips.yaml', '--format', 'text'], { cwd })).output).toEqual([
      'column   made by       tasks  needs',
      'city     seed-dataset',
      'people   seed-dataset',
      'days     sampler',
      'plan     llm-text        200  city, days',
      'verdict  llm-judge       200  plan',
      'title    expression           city, plan',
      '',
      'drawn at the start of each row group: city, people, days',
      'one call a cell: plan, verdict',
      'computed where it is needed: title',
      'longest chain: city → plan → verdict',
      '1,000 rows in 1 row group: 400 tasks, of 5 rows each where a call makes one cell',
    ]);
    const { output } = await cli(['graph', 'trips.yaml', '--format', 'text', '-n', '3500'], { cwd });
    expect(output.at(-1)).toBe(
      '3,500 rows in 4 row groups: 1,400 tasks, of 5 rows each where a call makes one cell',
    );
  });

  it('gives programs needs in both directions', async () => {
    const cwd = await folderWith(OPENAI);
    const { output } = await cli(['graph', 'trips.yaml', '--format', 'json'], { cwd });
    const { columns, longestChain } = JSON.parse(output[0]!);
    expect(longestChain).toEqual(['city', 'plan', 'verdict']);
    expect(columns[3]).toEqual({
      name: 'plan',
      kind: 'llm-text',
      strategy: 'cell',
      how: 'one call a cell',
      needs: ['city', 'days'],
      neededBy: ['verdict', 'title'],
      sideEffects: [],
      tasks: 200,
    });
  });

  it('names a cycle whole', async () => {
    const cwd = await folderWith(OPENAI.replace('in {{ city }}', 'as {{ title }}'));
    const { talk, code } = await cli(['graph', 'trips.yaml'], { cwd });
    expect(talk[0]).toContain('plan → title → plan');
    expect(code).toBe(2);
  });
});

describe('a command that cannot be read', () => {
  it.each([
    [['status'], 'missing required argument "dataset" (`rowloom list` names those that are there)'],
    [['run'], 'missing required argument "config"'],
    [['shwo'], 'unknown command "shwo", did you mean "show"?'],
    [['run', 'a.yaml', '--simulte'], 'unknown option "--simulte", did you mean "--simulate"?'],
    [['run', 'a.yaml', '20'], 'value "20" is invalid for argument "config". Rows are given as -n 20'],
    [
      ['run', 'a.yaml', '-n', 'x'],
      'option "-n <rows>" argument "x" is invalid. Give a whole number from 1, or "all"',
    ],
  ])('is refused in the words of all errors: %j', async (args, mistake) => {
    expect(await cli(args, { cwd: '/nowhere' })).toEqual({
      output: [],
      talk: [`error     Cannot read the command: ${mistake}`],
      code: 2,
    });
  });
});

describe('the help of a command', () => {
  it('has each option and no default that says nothing', async () => {
    const { output, code } = await cli(['run', '--help'], { cwd: '.' });
    const text = output.join('\n');
    expect(text).toContain('--ask');
    expect(text).toContain('(default: artifacts)');
    expect(text).not.toContain('(default: false)');
    expect(text).not.toContain('(default: [])');
    expect(code).toBe(0);
    expect((await cli(['graph', '--help'], { cwd: '.' })).output.join('\n')).toContain(
      'default: text on a terminal, else mermaid',
    );
  });
});
