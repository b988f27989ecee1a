// A preview makes the rows that a `run` makes, without a server and without a file.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openPreview, type PreviewedRow } from '../../src/client/build/preview-dataset.ts';
import { findRows, findVersion } from '../../src/store/look.ts';
import { formatJson } from '../../src/values.ts';
import { Workplace } from '../support/build-harness.ts';
import { buildByActivities } from '../support/built-by-activities.ts';
import { writeEveryKind } from '../support/every-kind.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

let mock: MockModelServer;
beforeAll(async () => {
  mock = await startMockModelServer();
});
afterAll(() => mock.close());
beforeEach(() => {
  mock.reset();
  mock.setFaults([]);
});

function newPlace(): Workplace {
  const workplace = new Workplace();
  onTestFinished(() => workplace.dispose());
  return workplace;
}

interface Previewed {
  readonly rows: readonly PreviewedRow[];
  readonly reason: string | null;
}

async function preview(
  { directory: cwd }: Workplace,
  { rows = 10, stopSignal = new AbortController().signal } = {},
): Promise<Previewed> {
  const opened = await openPreview({
    ...{ target: 'tickets.yaml', cwd, home: join(cwd, 'home'), environment: {}, rows },
    ...{ isSimulated: false, isNew: false },
  });
  const made: PreviewedRow[] = [];
  for await (const row of opened.rows(stopSignal)) made.push(row);
  return { rows: made, reason: opened.reason };
}

const shown = ({ rows }: Previewed) =>
  rows.map(({ row, state, drop, values }) => ({
    row,
    state,
    why: drop?.message,
    values: formatJson(values),
  }));

async function built({ directory }: Workplace, rows: number) {
  const dataset = await buildByActivities(directory, rows);
  const looks: object[] = [];
  for await (const look of findRows(dataset, [{ first: 0, last: rows - 1 }], await findVersion(dataset))) {
    const { row, state, drop, values } = look;
    looks.push({ row, state, why: drop?.message, values: formatJson(values) });
  }
  return looks;
}

const text = (name: string, prompt: string, more: object = {}) => ({
  ...{ name, column_type: 'llm-text', model_alias: 'writer', prompt, ...more },
});

/** A document over three topics whose models are the mock's. */
function writeTopics(workplace: Workplace, { columns, ...more }: { readonly columns: readonly object[] }) {
  writeFileSync(join(workplace.directory, 'topics.csv'), 'topic\nsun\nrain\nsnow\n');
  workplace.write({
    seed_config: { source: { seed_type: 'local', path: 'topics.csv' } },
    columns,
    model_configs: [{ alias: 'writer', model: 'mock', provider: 'mock' }],
    rowloom: { providers: [{ name: 'mock', endpoint: mock.endpoint, provider_type: 'openai' }] },
    ...more,
  });
}

describe('a preview', () => {
  it('makes the values that a run makes, of a document with a column of every kind, and writes nothing', {
    timeout: 120_000,
  }, async () => {
    const workplace = newPlace();
    writeEveryKind({ workplace, mock, parallel: 8 });
    const previewed = await preview(workplace, { rows: 6 });
    expect(previewed.reason).toBeNull();
    expect(readdirSync(workplace.directory).sort()).toEqual(['cities.csv', 'functions.ts', 'tickets.yaml']);
    expect(previewed.rows[0]?.processed).toMatchObject({ chat: { from: expect.any(String) } });
    expect(shown(previewed)).toEqual(await built(workplace, 6));
  });

  it('has as many groups as a run, and processors that see the rows of theirs', async () => {
    const workplace = newPlace();
    writeFileSync(
      join(workplace.directory, 'own.ts'),
      `export const tidy = (row) => row.topic === 'rain' ? null : { ...row, topic: row.topic.toUpperCase() };
       export const count = (rows) => rows.map((row) => ({ ...row, mark: rows.length }));`,
    );
    writeTopics(workplace, {
      columns: [
        text('body', 'About {{ topic }}'),
        { name: 'label', column_type: 'expression', expr: '{{ body }}!' },
      ],
    });
    const document = JSON.parse(readFileSync(join(workplace.directory, 'tickets.yaml'), 'utf8'));
    const own = { processor_function: './own.ts#count', side_effect_columns: ['mark'] };
    const processors = [
      { name: 'tidy', stage: 'before_batch', processor_function: './own.ts#tidy' },
      { name: 'count', stage: 'after_batch', ...own },
    ];
    workplace.write({ ...document, rowloom: { ...document.rowloom, row_group_size: 4, processors } });
    const previewed = await preview(workplace, { rows: 6 });
    expect(previewed.rows.map(({ state, values }) => (state === 'complete' ? values.mark : state))).toEqual([
      ...['3', 'dropped', '3', '3'],
      ...['dropped', '1'],
    ]);
    expect(shown(previewed)).toEqual(await built(workplace, 6));
  });

  it('tells a row that is dropped with its reason, and skips what is skipped', async () => {
    const workplace = newPlace();
    const skip = { skip: { when: "{{ topic == 'sun' }}", value: 'none' } };
    writeTopics(workplace, {
      columns: [text('body', 'About {{ topic }}'), text('note', 'Note {{ body }}', skip)],
    });
    mock.setFaults([{ kind: 'error', status: 400, cells: ['body/1'], message: 'too rude' }]);
    const { rows, reason } = await preview(workplace, { rows: 3 });
    expect(reason).toBeNull();
    expect(rows.map(({ state }) => state)).toEqual(['complete', 'dropped', 'complete']);
    expect(rows[1]?.drop).toMatchObject({ column: 'body', message: expect.stringContaining('too rude') });
    expect(rows[1]?.values).toEqual({ topic: 'rain' });
    expect(rows[0]?.values.note).toBe('none');
    expect(rows[0]?.columns.find(({ name }) => name === 'note')?.isSkipped).toBe(true);
  });

  it('gives a row as soon as it is whole, in the order of rows', async () => {
    const workplace = newPlace();
    writeTopics(workplace, { columns: [text('body', 'About {{ topic }}')] });
    mock.setFaults([{ kind: 'hang', cells: ['body/2'] }]);
    const stop = new AbortController();
    const seen: number[] = [];
    const opened = await openPreview({
      ...{ target: 'tickets.yaml', cwd: workplace.directory, home: 'none', environment: {}, rows: 4 },
      ...{ isSimulated: false, isNew: false },
    });
    for await (const { row } of opened.rows(stop.signal)) {
      seen.push(row);
      if (row === 1) setTimeout(() => stop.abort(), 100);
    }
    expect(seen).toEqual([0, 1]);
  });

  it('that a program leaves early makes nothing more: calls in flight are cut, and the program can end', {
    timeout: 110_000,
  }, async () => {
    const workplace = newPlace();
    writeTopics(workplace, { columns: [text('body', 'About {{ topic }}')] });
    mock.setFaults([{ kind: 'hang', cells: ['body/1', 'body/2'] }]);
    const options = {
      ...{ target: 'tickets.yaml', cwd: workplace.directory, home: 'none', environment: {}, rows: 60 },
      ...{ isSimulated: false, isNew: false },
    };
    const library = join(import.meta.dirname, '../../src/client/build/preview-dataset.ts');
    writeFileSync(
      join(workplace.directory, 'program.mjs'),
      `import { openPreview } from ${JSON.stringify(library)};
       const preview = await openPreview(${JSON.stringify(options)});
       for await (const { row } of preview.rows(new AbortController().signal)) { console.log(row); break; }
       console.log(preview.reason);`,
    );
    const program = join(workplace.directory, 'program.mjs');
    const args = ['--import', import.meta.resolve('tsx'), program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 110_000 });
    expect(stdout).toBe('0\nnull\n');
    await until(() => mock.stats().inFlight === 0, { limitMs: 10_000 });
  });

  it('of a command ends at once with 130 on Ctrl-C, and leaves neither a server nor a file', async () => {
    const workplace = newPlace();
    writeTopics(workplace, { columns: [text('body', 'About {{ topic }}')] });
    mock.setFaults([{ kind: 'hang', cells: ['body/1'] }]);
    const command = workplace.command(['preview', 'tickets.yaml', '-n', '2']);
    await until(() => mock.answered() === 1 && mock.stats().inFlight === 1, { limitMs: 110_000 });
    command.signal('SIGINT');
    const { code, output, talk } = await command.ended;
    expect(code).toBe(130);
    expect(output).toMatch(/^row 1 of 2\n/);
    expect(talk).toMatch(/^stopped {3}1 of 2 rows · 0 dropped · 1 call · /m);
    expect(readdirSync(workplace.directory).sort()).toEqual(['tickets.yaml', 'topics.csv']);
  });

  it('goes on when a model that was busy answers', async () => {
    const workplace = newPlace();
    writeTopics(workplace, { columns: [text('body', 'About {{ topic }}')] });
    mock.setFaults([{ kind: 'busy', calls: [1], retryAfterS: 1 }]);
    const { rows } = await preview(workplace, { rows: 3 });
    expect(rows.map(({ state }) => state)).toEqual(['complete', 'complete', 'complete']);
  });

  it('ends with the reason where no call can be answered', async () => {
    const workplace = newPlace();
    writeTopics(workplace, { columns: [text('body', 'About {{ topic }}')] });
    mock.setFaults([{ kind: 'error', status: 401, message: 'Incorrect API key' }]);
    const { rows, reason } = await preview(workplace);
    expect(rows).toEqual([]);
    expect(reason).toMatch(/Incorrect API key/);
  });

  it('shows pictures that it made to a model, though they are in no folder', async () => {
    const workplace = newPlace();
    writeTopics(workplace, {
      columns: [
        { name: 'cover', column_type: 'image', prompt: 'Paint {{ topic }}', model_alias: 'painter' },
        text('caption', 'What is it?', { multi_modal_context: [{ column_name: 'cover' }] }),
      ],
      ...({
        model_configs: ['writer', 'painter'].map((alias) => ({ alias, model: alias, provider: 'mock' })),
      } as object),
    });
    const { rows } = await preview(workplace, { rows: 1 });
    expect(rows[0]?.state).toBe('complete');
    expect(JSON.stringify(mock.lastBody('caption/0'))).toMatch(/data:image\/png;base64,/);
  });
});
