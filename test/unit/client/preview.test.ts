import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

const SCREEN = { width: 60, hasColors: false };
const model = (alias: string) => ({ alias, model: alias, provider: 'offline' });
const asks = { model_alias: 'writer', prompt: 'Write about {{ topic }}' };

async function documentWith(columns: readonly object[], more: object = {}): Promise<string> {
  const cwd = await temporaryFolder();
  const topic = {
    name: 'topic',
    column_type: 'sampler',
    sampler_type: 'category',
    params: { values: ['sun'] },
  };
  const document = {
    columns: [topic, ...columns],
    model_configs: [
      model('writer'),
      model('painter'),
      { ...model('vectors'), inference_parameters: { generation_type: 'embedding' } },
    ],
    rowloom: { providers: [{ name: 'offline', provider_type: 'simulated', simulation: { latency_ms: 0 } }] },
    ...more,
  };
  await writeFile(join(cwd, 'notes.yaml'), JSON.stringify(document));
  return cwd;
}

const withoutTimes = (texts: readonly string[]) => texts.map((text) => text.replace(/[\d.]+ s$/, 'TIME'));

describe('preview', () => {
  it('shows rows one after the other, says what they took and how to keep them, and writes nothing', async () => {
    const label = { name: 'label', column_type: 'expression', expr: '{{ topic }}!' };
    const cwd = await documentWith([{ name: 'body', column_type: 'llm-text', ...asks }, label]);
    const { output, talk, code } = await cli(['preview', 'notes.yaml', '-n', '2'], { cwd, screen: SCREEN });
    expect(output.filter((text) => !text.startsWith(' ') && !text.startsWith('body'))).toEqual([
      ...['row 1 of 2', '', 'topic  sun', 'label  sun!', ''],
      ...['row 2 of 2', '', 'topic  sun', 'label  sun!'],
    ]);
    expect(output.every((text) => text.length <= 60)).toBe(true);
    expect(withoutTimes(talk)).toEqual([
      'config    notes.yaml · 3 columns',
      'models    writer → simulated (offline, free, answers are made up)',
      'preview   2 rows × 1 model column: 2 calls · nothing of it is kept',
      expect.stringMatching(/^done {6}2 rows · 0 dropped · 2 calls · \d+ tokens in, \d+ out · TIME$/),
      'keep      these rows were not kept, this makes and keeps them: rowloom run notes.yaml -n 2',
    ]);
    expect(code).toBe(0);
    expect(readdirSync(cwd)).toEqual(['notes.yaml']);
  });

  it('shows judges as a table, vectors by their first numbers, pictures by their size and prompts where they are wanted', async () => {
    const scores = [{ name: 'tone', description: 'How?', options: { 1: 'rude', 2: 'kind' } }];
    const cwd = await documentWith([
      { name: 'verdict', column_type: 'llm-judge', ...asks, scores },
      { name: 'vector', column_type: 'embedding', model_alias: 'vectors', target_column: 'topic' },
      { name: 'cover', column_type: 'image', model_alias: 'painter', prompt: 'Paint {{ topic }}' },
    ]);
    const args = ['preview', 'notes.yaml', '-n', '1'];
    const { output } = await cli(args, { cwd, screen: { width: 100, hasColors: false } });
    expect(output.find((text) => text.startsWith('verdict'))).toMatch(/^verdict {2}tone {2}[12] {2}\w/);
    expect(output.find((text) => text.includes('numbers]'))).toMatch(/- \[(-?[\d.e-]+, ){8}… \d+ numbers\]$/);
    expect(output.find((text) => text.startsWith('cover'))).toMatch(
      /^cover {4}images\/cover\/[0-9a-f]{64}\.png · \d+ k?B$/,
    );
    const { output: withPrompts } = await cli([...args, '--prompts'], { cwd, screen: SCREEN });
    expect(withPrompts).toContain('verdict  prompt:');
    expect(withPrompts).toContain('cover    prompt:');
    expect(withPrompts).toContain('           Paint sun');
  });

  it('paints code where the terminal has colours', async () => {
    const cwd = await documentWith([
      { name: 'code', column_type: 'llm-code', ...asks, code_lang: 'python' },
      { name: 'again', column_type: 'expression', expr: 'def f(): return 1' },
      {
        ...{ name: 'checked', column_type: 'validation', target_columns: ['again'], validator_type: 'code' },
        validator_params: { code_lang: 'python' },
      },
    ]);
    const args = ['preview', 'notes.yaml', '-n', '1'];
    const { output } = await cli(args, { cwd, screen: { width: 60, hasColors: true } });
    expect(output.find((text) => text.includes('again'))).toContain('\x1b[35mdef\x1b[39m');
    const { output: plain } = await cli(args, { cwd, screen: SCREEN });
    expect(plain).toContain('again    def f(): return 1');
    expect(plain).toContain('checked  is_valid: true');
  });

  it('gives programs one object a row, with all that made it and what processors make of it', async () => {
    const processors = [
      { name: 'chat', processor_type: 'schema_transform', template: { about: '{{ topic }}' } },
    ];
    const cwd = await documentWith([{ name: 'body', column_type: 'llm-text', ...asks }], { processors });
    const { output } = await cli(['preview', 'notes.yaml', '-n', '2', '--json'], { cwd });
    const rows = output.map((text) => JSON.parse(text));
    expect(rows).toMatchObject([
      { row: 0, state: 'complete', values: { topic: 'sun' }, processed: { chat: { about: 'sun' } } },
      { row: 1, state: 'complete', values: { topic: 'sun' }, processed: { chat: { about: 'sun' } } },
    ]);
    expect(rows[0].columns[1].prompt.messages).toEqual([{ role: 'user', content: 'Write about sun' }]);
  });

  it('says why rows are dropped, and ends with 1 where none is whole', async () => {
    const cwd = await documentWith([
      { name: 'size', column_type: 'expression', expr: '{{ topic }}', dtype: 'int' },
    ]);
    const { output, talk, code } = await cli(['preview', 'notes.yaml', '-n', '1'], { cwd, screen: SCREEN });
    expect(output.slice(0, 3)).toEqual([
      'row 1 of 1 · dropped',
      expect.stringMatching(/^not in the output: column "size" failed: /),
      expect.any(String),
    ]);
    expect(withoutTimes(talk).at(-1)).toBe('failed    0 of 1 row · 1 dropped · 0 calls · TIME');
    expect(code).toBe(1);
  });

  it('refuses a document before any call as run does, and an activity of a Temporal worker', async () => {
    const wrong = await documentWith([
      { name: 'body', column_type: 'llm-text', ...asks, model_alias: 'nobody' },
    ]);
    const refused = await cli(['preview', 'notes.yaml'], { cwd: wrong });
    expect(refused.talk.at(-1)).toBe('refused   1 error, no call was made');
    expect(refused).toMatchObject({ code: 2, output: [] });
    const custom = {
      name: 'own',
      column_type: 'custom',
      generator_function: 'make',
      version: '1',
      task_queue: 'python',
      required_columns: ['topic'],
    };
    const elsewhere = await cli(['preview', 'notes.yaml'], { cwd: await documentWith([custom]) });
    expect(elsewhere.talk).toEqual([
      expect.stringMatching(/^error {5}Cannot preview column "own": an activity /),
    ]);
    expect(elsewhere.code).toBe(2);
  });

  it('saves a page with prompts and pictures that loads nothing, and replaces none unasked', async () => {
    const cwd = await documentWith([
      { name: 'body', column_type: 'llm-text', ...asks },
      { name: 'cover', column_type: 'image', model_alias: 'painter', prompt: 'Paint {{ topic }}' },
    ]);
    const args = ['preview', 'notes.yaml', '-n', '1', '--save', 'notes.html'];
    const { talk, code } = await cli(args, { cwd });
    expect(talk.at(-1)).toMatch(/^save {6}notes\.html · \d+ kB$/);
    expect(code).toBe(0);
    const page = readFileSync(join(cwd, 'notes.html'), 'utf8');
    expect(page).toContain('<pre class="text quiet">Write about sun</pre>');
    expect(page).toMatch(/<img src="data:image\/png;base64,[^"]+" alt="cover">/);
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(existsSync(join(cwd, 'artifacts'))).toBe(false);
    const again = await cli(args, { cwd });
    expect(again.talk).toEqual([expect.stringMatching(/it is there already\. Use --force/)]);
    expect(again.code).toBe(2);
  });
});
