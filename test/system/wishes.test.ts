// What each wish costs, call by call: the same command after the document, the seed data or the options have changed.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/build/connection.ts';
import { type EmbeddedServer, ensureServer } from '../../src/server/embedded-server.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';
import { SEEDS, type WishEnd, WishPlace } from '../support/wish-place.ts';

const ROWS = 12;
/** The document's `max_parallel_requests`. */
const PARALLEL = 8;

let serverFolder: string;
let server: EmbeddedServer;
let mock: MockModelServer;
/** A dataset of `ROWS` rows. */
let built: WishPlace;
let place: WishPlace;

beforeAll(async () => {
  serverFolder = mkdtempSync(join(tmpdir(), 'rowloom-wishes-server-'));
  server = await ensureServer({
    directory: serverFolder,
    environment: process.env,
    say: () => undefined,
    lingerMs: 300,
  });
  mock = await startMockModelServer();
  built = new WishPlace({ mock, address: server.address });
  expectEnd(await built.run(['-n', String(ROWS)]), { code: 0, calls: each(ROWS) });
});

afterAll(async () => {
  built.dispose();
  await mock.close();
  await server.release();
  rmSync(serverFolder, { recursive: true, force: true });
});

beforeEach(() => {
  mock.reset();
  mock.setLatency({ latencyMs: 0, jitter: 1 });
  place = new WishPlace({ mock, address: server.address });
});

afterEach(() => place.dispose());

async function build(args: readonly string[]): Promise<void> {
  const { code, talk } = await place.run(args);
  expect(code, talk).toBe(0);
}

function expectEnd({ code, calls, talk }: WishEnd, expected: Pick<WishEnd, 'code' | 'calls'>): void {
  expect({ code, calls }, talk).toEqual(expected);
}

/** The calls of rows that are made from nothing. */
function each(rows: number): WishEnd['calls'] {
  return { body: rows, summary: rows, note: rows };
}

function sumCalls(calls: WishEnd['calls']): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}

describe('rows', () => {
  it('asks only for the new rows when the dataset is extended, and leaves the others as they are', async () => {
    const first = await place.run(['-n', '4']);
    expectEnd(first, { code: 0, calls: each(4) });
    const before = await place.rows();
    const second = await place.run(['-n', '12']);
    expect(second.calls).toEqual(each(8));
    expect(second.talk).toContain('plan      12 of 36 calls found in the store · 24 new\n');
    expect(second.talk).toMatch(/done {6}12 rows · 24 new calls · .* s · the first 4 are unchanged\n/);
    expect((await place.rows()).slice(0, 4)).toEqual(before);
    expect(second.talk).not.toContain('old rows');
  });

  it('remembers the number of rows and ends at once, without a server, when all of it is there', async () => {
    place.copy(built);
    place.write();
    const again = await place.command(['run', 'tickets.yaml', '--address', '127.0.0.1:1']);
    expectEnd(again, { code: 0, calls: {} });
    expect(again.talk).toContain('plan      all of it is there, nothing to do\n');
    expect(again.talk).toMatch(/done {6}12 rows · 0 dropped · nothing to do · /);
  });

  it('says what a build came to when it is watched after its end, without a server', async () => {
    place.copy(built);
    const watched = await place.command(['watch', 'tickets', '--address', '127.0.0.1:1']);
    expectEnd(watched, { code: 0, calls: {} });
    expect(watched.talk).toBe('done      12 rows · 0 dropped\n');
    const stopped = await place.command(['stop', 'tickets', '--address', '127.0.0.1:1']);
    expect(stopped.code).toBe(2);
    expect(stopped.talk).toContain('Cannot find a running build of "tickets": none is at work');
  });

  it('takes one pass over the seed data for "all"', async () => {
    expectEnd(await place.run(['-n', 'all']), { code: 0, calls: each(4) });
  });

  it('refuses fewer rows than were asked before', async () => {
    place.copy(built);
    const end = await place.run(['-n', '11']);
    expectEnd(end, { code: 2, calls: {} });
    expect(end.talk).toContain('Cannot make "tickets" smaller: it was asked for 12 rows, now for 11');
  });

  it('writes a file again that is no longer there, without a call', async () => {
    place.copy(built);
    const before = place.output();
    rmSync(place.path('tickets', 'parquet-files', 'batch_00001.parquet'));
    expectEnd(await place.run(), { code: 0, calls: {} });
    expect(place.output()).toEqual(before);
  });

  it('goes by the sizes of files; one that was changed within is refused to readers, and made again once it is emptied', async () => {
    place.copy(built);
    const before = place.output();
    // A second edition has the same file under a name of its own.
    await place.run(['--redo', 'note', '--rows', '0']);
    const file = place.path('tickets', 'parquet-files', 'batch_00001.parquet');
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.from(bytes).fill(0, 20, 30));
    expectEnd(await place.run(), { code: 0, calls: {} });
    for (const command of [
      ['export', 'tickets'],
      ['show', 'tickets', '6'],
    ]) {
      const { code, talk } = await place.command(command);
      expect([code, talk]).toEqual([
        2,
        expect.stringMatching(
          /batch_00001\.parquet": it is damaged\. Empty that file, and the same command makes it again/,
        ),
      ]);
    }
    truncateSync(file);
    expectEnd(await place.run(), { code: 0, calls: {} });
    expect(place.output()['batch_00001.parquet']).toBe(before['batch_00001.parquet']);
    expect((await place.command(['export', 'tickets'])).code).toBe(0);
  });
});

describe('cells that are gone', () => {
  it('of groups that are as they should be are not missed: their rows are there', async () => {
    place.copy(built);
    rmSync(place.path('tickets', 'cells'), { recursive: true });
    expectEnd(await place.run(), { code: 0, calls: {} });
    const extended = await place.run(['-n', '15']);
    expect(extended.talk).toContain('plan      body: gone from the store → 2 again');
    expectEnd(extended, { code: 0, calls: each(5) });
  });

  it('are made again beside the old output, which stays until the new one is complete', async () => {
    place.copy(built);
    const before = place.output();
    rmSync(place.path('tickets', 'cells'), { recursive: true });
    place.column('note').prompt = 'Another note about the {{ product }}';
    mock.setFaults([{ kind: 'error', status: 401, cells: ['note/9'] }]);
    const stopped = await place.run(['-n', '14']);
    expect(stopped.code).toBe(1);
    const gone = (name: string) => `${name}: gone from the store → 12 again`;
    expect(stopped.talk).toContain(`plan      ${gone('body')} · ${gone('summary')}\n`);
    expect(stopped.talk).toMatch(/ {10}note: .*gone from the store → 12 again\n {10}6 new/);
    expect(stopped.talk).toContain("today's 12 rows stay until the new ones are complete\n");
    expect(place.output()).toEqual(before);
    mock.setFaults([]);
    const resumed = await place.run();
    expect(resumed.code).toBe(0);
    expect(sumCalls(stopped.calls) + sumCalls(resumed.calls)).toBe(3 * 14 + 1);
    expect(await place.rows()).toHaveLength(14);
    expect(place.has('tickets', 'editions', '000001', 'parquet-files', 'batch_00002.parquet')).toBe(true);
  });

  it('of a settled file that is damaged, too', async () => {
    place.copy(built);
    const before = place.output();
    const folder = place.path('tickets', 'cells', 'note', '00002');
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'no gzip');
    const end = await place.run(['-n', '14']);
    expectEnd(end, { code: 0, calls: { body: 2, summary: 2, note: 4 } });
    expect(end.talk).toContain('plan      note: gone from the store → 2 again\n');
    expect(place.has('tickets', 'editions', '000001', 'parquet-files', 'batch_00002.parquet')).toBe(true);
    expect(place.output()['batch_00000.parquet']).toBe(before['batch_00000.parquet']);
  });

  it('are not made again without an answer when they are more than 100', async () => {
    place.document.rowloom.row_group_size = 60;
    await build(['-n', '34']);
    rmSync(place.path('tickets', 'cells'), { recursive: true });
    const refused = await place.run(['-n', '35']);
    expectEnd(refused, { code: 2, calls: {} });
    expect(refused.talk).toContain('Cannot make up to 102 existing cells again without an answer');
  });
});

describe('edits', () => {
  it('makes again what an edited prompt made stale, keeps the old output, and finds all of it when it is undone', async () => {
    place.copy(built);
    const before = place.output();
    const prompt = place.column('body').prompt;
    place.column('body').prompt = `${prompt}, please`;
    const edited = await place.run();
    expectEnd(edited, { code: 0, calls: { body: ROWS, summary: ROWS } });
    expect(edited.talk).toMatch(
      /plan {6}body: prompt changed \(line \d+\) → 12 again · summary: needs body → up to 12 again\n/,
    );
    expect(edited.talk).toContain('          note: 12 kept\n');
    expect(edited.talk).toContain("today's 12 rows stay until the new ones are complete\n");
    expect(edited.talk).toMatch(
      /done {6}12 rows · 24 calls made, 12 kept · .* s · old rows: .*artifacts\/tickets\/editions\/000001\n/,
    );
    expect(place.has('tickets', 'editions', '000001', 'parquet-files', 'batch_00000.parquet')).toBe(true);
    expect(place.output()).not.toEqual(before);

    place.column('body').prompt = prompt;
    expectEnd(await place.run(), { code: 0, calls: {} });
    expect(place.output()).toEqual(before);
    expect(place.has('tickets', 'editions', '000002')).toBe(true);
  });

  it('costs nothing downstream where a regenerated cell comes out the same', async () => {
    place.copy(built);
    const { calls, talk } = await place.run(['--redo', 'body']);
    expect(calls).toEqual({ body: ROWS });
    expect(talk).toContain('body: redo → 12 again · summary: needs body → up to 12 again');
  });

  it('asks for a new column only, and for nothing when one is removed, dropped, or comes back', async () => {
    place.copy(built);
    const columns = [...place.document.columns];
    place.document.columns.push({
      name: 'reply',
      column_type: 'llm-text',
      prompt: 'Reply to {{ summary }}',
      model_alias: 'writer',
    });
    const added = await place.run();
    expectEnd(added, { code: 0, calls: { reply: ROWS } });
    expect(added.talk).toContain(
      "plan      reply: new column\n          body, summary, note: 36 kept · 12 new · today's 12 rows stay until the new ones are complete\n",
    );
    place.document.columns = columns.filter(({ name }) => name !== 'note');
    const removed = await place.run();
    expectEnd(removed, { code: 0, calls: {} });
    expect(removed.talk).toContain('note: no longer there · reply: no longer there');
    expect(Object.keys((await place.rows())[0] ?? {})).toEqual([
      'product',
      'maker',
      'tone',
      'body',
      'summary',
      'label',
    ]);
    place.document.columns = columns;
    place.column('note').drop = true;
    expectEnd(await place.run(), { code: 0, calls: {} });
    expect(Object.keys((await place.rows())[0] ?? {})).not.toContain('note');
    expect(place.has('tickets', 'dropped-columns-parquet-files', 'batch_00000.parquet')).toBe(true);
  });

  it('makes again the rows in which a changed sampler draws something else', async () => {
    place.copy(built);
    const tones = (await place.rows()).map(({ tone }) => tone);
    place.column('tone').params = { values: ['calm', 'furious'] };
    const { calls, talk } = await place.run();
    const changed = (await place.rows()).filter(({ tone }, row) => tone !== tones[row]).length;
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThan(ROWS);
    expect(calls).toEqual({ body: changed, summary: changed });
    expect(talk).toMatch(/body: needs tone: params changed \(line \d+\) → \d+ again/);
  });

  it('asks nothing again for another alias, provider name or number of parallel requests', async () => {
    place.copy(built);
    for (const column of place.document.columns) {
      if (column.model_alias !== undefined) column.model_alias = 'author';
    }
    place.document.model_configs[0] = {
      ...place.document.model_configs[0],
      alias: 'author',
      provider: 'other',
    };
    place.document.rowloom.providers = [{ name: 'other', endpoint: mock.endpoint, provider_type: 'openai' }];
    expectEnd(await place.run(), { code: 0, calls: {} });
    place.document.model_configs[0].inference_parameters = { temperature: 0.5, max_parallel_requests: 2 };
    expectEnd(await place.run(), { code: 0, calls: {} });
  });

  it('asks everything again at another temperature', async () => {
    place.copy(built);
    place.document.model_configs[0] = {
      ...place.document.model_configs[0],
      inference_parameters: { temperature: 0.6, max_parallel_requests: 8 },
    };
    const { calls, talk } = await place.run();
    expect(calls).toEqual(each(ROWS));
    expect(talk).toContain('body: temperature of writer changed');
  });

  it('takes up an edit where it was interrupted, and lets go of it when it is undone', async () => {
    place.copy(built);
    const before = place.output();
    const prompt = place.column('note').prompt;
    place.column('note').prompt = 'Another note about the {{ product }}';
    mock.setFaults([{ kind: 'error', status: 401, cells: ['note/9'] }]);
    const stopped = await place.run();
    expect(stopped.code).toBe(1);
    expect(stopped.talk).toMatch(
      /stopped {3}\d+ of 12 rows are made anew, the old ones stay until all are · /,
    );
    expect(place.output()).toEqual(before);
    mock.setFaults([]);
    const resumed = await place.run();
    expect(resumed.code).toBe(0);
    expect((stopped.calls.note ?? 0) + (resumed.calls.note ?? 0)).toBe(ROWS + 1);
    place.column('note').prompt = prompt;
    expectEnd(await place.run(), { code: 0, calls: {} });
    expect(place.output()).toEqual(before);
  });
});

describe('seed data', () => {
  it('asks nothing again when rows are appended that nobody took yet', async () => {
    await build(['-n', '4']);
    place.writeSeeds([...SEEDS, 'mug', 'rope']);
    expectEnd(await place.run(['-n', '6']), { code: 0, calls: each(2) });
  });

  it('says how many rows are stale and why when rows are appended to a source that was cycled', async () => {
    place.copy(built);
    place.writeSeeds([...SEEDS, 'mug']);
    const { calls, talk } = await place.run();
    expect(calls).toEqual(each(8));
    expect(talk).toContain('plan      seeds: 5 rows instead of 4, cycled → 8 rows take other seed data\n');
    expect(talk).toContain('note: needs seed data → 8 again');
  });

  it('says the same of a source that was shuffled, and asks for the rows that took other seed rows', async () => {
    place.document.seed_config = { ...place.document.seed_config, sampling_strategy: 'shuffle' };
    await build(['-n', '4']);
    const before = await place.rows();
    place.writeSeeds([...SEEDS, 'mug']);
    const { calls, talk } = await place.run();
    const changed = (await place.rows()).filter(
      ({ product }, row) => product !== before[row]?.product,
    ).length;
    expect(changed).toBeGreaterThan(0);
    expect(calls).toEqual({ body: changed, summary: changed, note: changed });
    expect(talk).toContain(`seeds: 5 rows instead of 4, shuffled → ${changed} rows take other seed data\n`);
  });

  it('makes again what was made from the rows that were edited', async () => {
    place.copy(built);
    place.writeSeeds(['lamp', 'rucksack', 'kettle', 'tent']);
    const { calls, talk } = await place.run();
    expect(calls).toEqual(each(3));
    expect(talk).toContain('seeds: edited rows → 3 rows take other seed data');
  });

  it('writes new values that no prompt reads without a call', async () => {
    place.copy(built);
    place.writeSeeds(SEEDS, 'Hollin');
    expectEnd(await place.run(), { code: 0, calls: {} });
    expect((await place.rows())[0]).toMatchObject({ maker: 'Hollin' });
    expect(place.has('tickets', 'editions', '000001')).toBe(true);
  });
});

describe('keep', () => {
  it('keeps stale cells, uses the new prompt for new rows only, and does not ask again', async () => {
    place.copy(built);
    const before = await place.rows();
    place.column('body').prompt = 'Write an odd ticket about the {{ product }}';
    const kept = await place.run(['--keep']);
    expectEnd(kept, { code: 0, calls: {} });
    expect(kept.talk).toContain('12 of them made from other inputs, kept as they are');
    expect(await place.rows()).toEqual(before);
    expectEnd(await place.run(), { code: 0, calls: {} });
    const extended = await place.run(['-n', '14']);
    expect(extended.calls).toEqual(each(2));
    expect(mock.lastBody('body/13')).toMatchObject({
      messages: [{ content: expect.stringContaining('odd ticket') }],
    });
    expect((await place.rows()).slice(0, ROWS)).toEqual(before);
  });

  it('keeps the cells of one column and makes those of the others again', async () => {
    place.copy(built);
    place.column('body').prompt = 'Write an odd ticket about the {{ product }}';
    place.column('note').prompt = 'An odd note about the {{ product }}';
    expectEnd(await place.run(['--keep-column', 'body']), { code: 0, calls: { note: ROWS } });
    expectEnd(await place.run(), { code: 0, calls: {} });
  });

  it('ends when the document changes', async () => {
    place.copy(built);
    place.column('note').prompt = 'An odd note about the {{ product }}';
    await place.run(['--keep']);
    place.column('body').prompt = 'Write an odd ticket about the {{ product }}';
    expect((await place.run()).calls).toEqual(each(ROWS));
  });

  it('lets a redo make kept cells again', async () => {
    place.copy(built);
    place.column('note').prompt = 'An odd note about the {{ product }}';
    await place.run(['--keep']);
    expect((await place.run(['--redo', 'note', '--rows', '3,7-8'])).calls).toEqual({ note: 3 });
    expect((await place.run()).calls).toEqual({});
  });

  it('makes again what cannot be kept because its type has changed', async () => {
    place.copy(built);
    const note = place.column('note');
    note.column_type = 'llm-structured';
    note.output_format = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
    expectEnd(await place.run(['--keep']), { code: 0, calls: { note: ROWS } });
    expect(await place.rows()).toHaveLength(ROWS);
  });
});

describe('redo', () => {
  it('makes the named rows again, each time it is asked', async () => {
    place.copy(built);
    expect((await place.run(['--redo', 'note', '--rows', '3,7'])).calls).toEqual({ note: 2 });
    expect((await place.run()).calls).toEqual({});
    expect((await place.run(['--redo', 'note', '--rows', '3,7'])).calls).toEqual({ note: 2 });
    expect((await place.run(['--redo', 'note'])).calls).toEqual({ note: ROWS });
  });

  it('goes on with a redo that was interrupted instead of starting another', async () => {
    place.copy(built);
    mock.setFaults([{ kind: 'error', status: 401, cells: ['note/9'] }]);
    const stopped = await place.run(['--redo', 'note']);
    expect(stopped.code).toBe(1);
    mock.setFaults([]);
    const resumed = await place.run(['--redo', 'note']);
    expect(resumed.code).toBe(0);
    expect((stopped.calls.note ?? 0) + (resumed.calls.note ?? 0)).toBe(ROWS + 1);
  });

  it.each([
    [
      ['--redo', 'nope'],
      'Cannot redo column "nope": there is no such column (body, summary, note can be made again)',
    ],
    [
      ['--redo', 'tone'],
      'Cannot redo column "tone": its values follow from the dataset\'s seed. Set another `rowloom: seed`, or edit its params',
    ],
    [
      ['--redo', 'product'],
      'Cannot redo column "product": its values are those of the seed data. Edit that and run again',
    ],
    [
      ['--redo', 'label'],
      'Cannot redo column "label": it is computed from other columns. Edit its expr, or redo a column that it needs',
    ],
    [['--redo', 'note', '--rows', '12'], 'Cannot redo row 12: "tickets" has 12 rows, numbered from 0'],
    [
      ['--redo', 'note', '--rows', '0-9999999999'],
      'Cannot redo row 9999999999: "tickets" has 12 rows, numbered from 0',
    ],
    [['--rows', '3'], 'Cannot take --rows alone: name the column to make again with --redo, or use -n'],
    [['--keep-column', 'nope'], 'Cannot keep column "nope": the document has no such column'],
  ])('refuses %j', async (args, message) => {
    place.copy(built);
    const end = await place.run(args);
    expectEnd(end, { code: 2, calls: {} });
    expect(end.talk).toContain(message);
  });
});

describe('failed rows', () => {
  it('retries them at the next start, and nothing else', async () => {
    mock.setFaults([{ kind: 'empty', cells: ['body/7'] }]);
    const first = await place.run(['-n', '12', '--strict']);
    expect(first.code).toBe(1);
    expect(first.talk).toContain('done      11 rows · 1 dropped');
    const second = await place.run();
    expectEnd(second, { code: 0, calls: { body: 1 } });
    expect(second.talk).toContain('body: 1 failed before → tried again');
    mock.setFaults([]);
    const third = await place.run();
    expect(third.code).toBe(0);
    // Three tries of one cell, and once all others: `note` of its row may have been made before the row was dropped.
    expect(sumCalls(first.calls) + sumCalls(second.calls) + sumCalls(third.calls)).toBe(3 * ROWS + 2);
    expect(await place.rows()).toHaveLength(ROWS);
    expect(third.talk).not.toContain('old rows');
  });
});

describe('asking', () => {
  it('wants an answer above 100 existing cells, takes --yes or --keep for one, and holds to it', async () => {
    place.document.rowloom.row_group_size = 60;
    await build(['-n', '51']);
    for (const name of ['body', 'note']) place.column(name).prompt = 'Something else: {{ product }}';
    const refused = await place.run();
    expectEnd(refused, { code: 2, calls: {} });
    expect(refused.talk).toContain(
      'error     Cannot make up to 153 existing cells again without an answer: use --yes to regenerate them, --keep to keep them, or --dry-run to see them\n',
    );
    const dry = await place.run(['--dry-run']);
    expectEnd(dry, { code: 0, calls: {} });
    expect(dry.talk).toContain('body: prompt changed');
    expect(place.has('tickets', 'editions', '000002')).toBe(false);

    mock.setFaults([{ kind: 'error', status: 401, cells: ['note/30'] }]);
    const stopped = await place.run(['--yes']);
    expect(stopped.code).toBe(1);
    mock.setFaults([]);
    const resumed = await place.run();
    expect(resumed.code).toBe(0);
    expect(sumCalls(stopped.calls) + sumCalls(resumed.calls)).toBe(51 * 3 + 1);
  });

  it('asks about fewer when it is told to, and says the rule when it does not ask', async () => {
    place.copy(built);
    place.column('note').prompt = 'Something else: {{ product }}';
    const refused = await place.run(['--ask']);
    expectEnd(refused, { code: 2, calls: {} });
    expect(refused.talk).toContain(
      `Cannot make up to ${ROWS} existing cells again without an answer: use --yes to regenerate them, --keep to keep`,
    );
    expect(refused.talk).not.toContain('--ask');
    const both = await place.run(['--ask', '--yes']);
    expectEnd(both, { code: 2, calls: {} });
    expect(both.talk).toBe('error     Cannot take --ask and --yes: one asks, the other answers\n');
    const edited = await place.run();
    expectEnd(edited, { code: 0, calls: { note: ROWS } });
    expect(edited.talk).toContain(
      'made again without asking, as they are at most 100 cells (--ask asks first, --keep keeps the old ones)',
    );
    expect((await place.run(['--ask'])).code).toBe(0);
  });

  it('writes nothing for --dry-run of a dataset that is to be made', async () => {
    const end = await place.run(['--dry-run']);
    expectEnd(end, { code: 0, calls: {} });
    expect(end.talk).toContain('plan      10 rows × 3 model columns: 30 new calls\n');
    expect(place.has()).toBe(false);
  });

  it('stops before a dataset costs more than its cap and what was in flight, and goes on when that is raised', async () => {
    const setCap = (dollars: number) => {
      place.document.rowloom.max_cost_usd = dollars;
    };
    place.document.rowloom.prices = { mock: { input: 1_000, output: 1_000 } };
    const dollars = () => (mock.stats().promptTokens + mock.stats().completionTokens) / 1_000;
    setCap(0.2);
    const stopped = await place.run(['-n', '20']);
    expect(stopped.code).toBe(1);
    expect(stopped.talk).toMatch(
      /The dataset has cost \$0\.2\d, and max_cost_usd is 0\.2 · raise it, then the same/,
    );
    const perCall = dollars() / mock.stats().requests;
    expect(dollars()).toBeGreaterThanOrEqual(0.2);
    expect(dollars()).toBeLessThanOrEqual(0.2 + (PARALLEL + 1) * 2 * perCall);
    const refused = await place.run(['-n', '20']);
    expect({ code: refused.code, calls: refused.calls }).toEqual({ code: 2, calls: {} });
    setCap(100);
    await build(['-n', '20']);
    expect(mock.stats().requests).toBe(60);
    const [status] = (await place.command(['status', 'tickets', '--json'])).output;
    expect(JSON.parse(status!).costUsd).toBeCloseTo(dollars(), 9);
    expect(JSON.parse(status!).models).toMatchObject([{ model: 'mock/mock', calls: 60 }]);
  });

  it('is for programs, too: what would be done and what came of it are JSON on stdout', async () => {
    const dry = await place.run(['-n', '4', '--dry-run', '--json']);
    const nothing = { kept: 0, keptAsIs: 0, lost: 0, stale: 0, downstream: 0, retried: 0, costs: true };
    const columns = Object.fromEntries(
      Object.entries(each(4)).map(([name, missing]) => [name, { ...nothing, missing }]),
    );
    const found = { name: 'tickets', folder: '~/artifacts/tickets', rows: 4 };
    expect(dry.output.map((text) => JSON.parse(text))).toEqual([
      { ...found, isDone: false, replacesOutput: false, calls: 12, columns },
    ]);
    const made = await place.run(['-n', '4', '--json']);
    expect(made.output.map((text) => JSON.parse(text))).toEqual([
      {
        ...found,
        isComplete: true,
        reason: null,
        finishedRows: null,
        dropped: 0,
        calls: 12,
        promptTokens: mock.stats().promptTokens,
        completionTokens: mock.stats().completionTokens,
        ...{ cachedTokens: 0, reasoningTokens: 0, costUsd: 0 },
        sizeBytes: expect.any(Number),
        version: null,
        ms: expect.any(Number),
      },
    ]);
  });

  it('says and asks when kept cells came from another host', async () => {
    place.copy(built);
    const other = await startMockModelServer();
    try {
      place.document.rowloom.providers = [
        { name: 'mock', endpoint: other.endpoint, provider_type: 'openai' },
      ];
      expect((await place.run()).code).toBe(0);
      const refused = await place.run(['-n', '13']);
      expect(refused.code).toBe(2);
      expect(refused.talk).toMatch(/36 kept cells came from 127.0.0.1:\d+, asked now is 127.0.0.1:\d+/);
      expect(refused.talk).toMatch(/Cannot go on with cells that came from 127.0.0.1:\d+ without an answer/);
      expect((await place.run(['-n', '13', '--yes'])).code).toBe(0);
      expect(other.stats().requests).toBe(3);
      expect((await place.run(['-n', '14'])).code).toBe(0);
    } finally {
      await other.close();
    }
  });
});

describe('a build that is running', () => {
  it('is refused to another wish, and taken over with --replace: what it has made counts', async () => {
    // On a busy machine the two commands take seconds: the build has to run for longer.
    mock.setLatency({ latencyMs: 3_000, jitter: 1 });
    const replaced = place.run(['-n', String(ROWS)]);
    await until(() => mock.answered() > 0);
    place.column('note').prompt = 'Another note about the {{ product }}';
    const refused = await place.run();
    expect(refused.code).toBe(2);
    expect(refused.talk).toContain(
      'Cannot build "tickets": build 1 of it is running for another document, edit or number of rows',
    );
    const taken = await place.run(['--replace']);
    expect(taken.code, taken.talk).toBe(0);
    const { code, talk } = await replaced;
    expect(code).toBe(1);
    expect(talk).toContain('Cannot go on: another build of "tickets" took the place of build 1');
    expect(await place.rows()).toHaveLength(ROWS);
    const requests = Object.entries(mock.stats().cells).filter(([cell]) => !cell.startsWith('note/'));
    const sum = requests.reduce((total, [, cell]) => total + cell.requests, 0);
    // The calls in flight at the takeover are asked again.
    expect(sum).toBeLessThanOrEqual(2 * ROWS + PARALLEL);
  });

  it('makes no call while it is paused, and has as many at a time as another terminal says', async () => {
    mock.setLatency({ latencyMs: 300, jitter: 1 });
    const running = place.run(['-n', String(ROWS)]);
    await until(() => mock.answered() > 0);
    const steer = (...args: readonly string[]) => place.command([...args, '--address', server.address]);
    expect((await steer('pause', 'tickets')).talk).toContain('makes no new calls · go on: ');
    await until(() => mock.stats().inFlight === 0);
    // Workers hear of it within a second.
    await sleep(1_500);
    const { requests } = mock.stats();
    expect((await steer('set-limits', 'tickets', 'judge=2')).talk).toBe(
      'error     Cannot change the limit of the model "judge": the build uses "writer"\n',
    );
    expect((await steer('set-limits', 'tickets', 'writer=1')).code).toBe(0);
    await sleep(1_500);
    expect(mock.stats().requests).toBe(requests);
    mock.reset();
    expect((await steer('unpause', 'tickets')).code).toBe(0);
    const { code, talk } = await running;
    expect(code, talk).toBe(0);
    expect(mock.stats().requests).toBe(3 * ROWS - requests);
    expect(mock.stats().maxInFlight).toBe(1);
    expect((await steer('pause', 'tickets')).code).toBe(2);
  });

  it('ends with the reason when its workflow is terminated in Temporal, and goes on from there', async () => {
    mock.setLatency({ latencyMs: 300, jitter: 1 });
    const running = place.run(['-n', String(ROWS)]);
    await until(() => mock.answered() > 0);
    const connected = await connect({
      connectionOptions: { address: server.address },
      environment: {},
      namespace: 'default',
      isEmbedded: true,
    });
    try {
      const dataset = await place.dataset();
      const { workflowId } = await dataset.readEpoch(1);
      await connected.client.workflow.getHandle(workflowId).terminate();
    } finally {
      await connected.close();
    }
    const { code, talk } = await running;
    expect(code).toBe(1);
    expect(talk).toContain('error     Cannot go on: the workflow of the build was terminated in Temporal');
    expect(talk).not.toContain(' at ');
    expect((await place.run()).code).toBe(0);
    expect(await place.rows()).toHaveLength(ROWS);
  });
});

describe('names and places', () => {
  it('takes the next free name for --new, with or without a store', async () => {
    expectEnd(await place.run(['-n', '2', '--new']), { code: 0, calls: each(2) });
    expectEnd(await place.run(['-n', '2', '--new']), { code: 0, calls: each(2) });
    expect(await place.rows('tickets-2')).toHaveLength(2);
  });

  it('refuses another document under a name unless the name is typed', async () => {
    await build(['-n', '2']);
    place.document.columns = place.document.columns.filter(({ name }) => name !== 'note');
    place.write('other/tickets.yaml'.replace('other/', 'other-'));
    mkdirSync(join(place.directory, 'other'));
    renameSync(join(place.directory, 'other-tickets.yaml'), join(place.directory, 'other', 'tickets.yaml'));
    const refused = await place.command(['run', 'other/tickets.yaml']);
    expect(refused.code).toBe(2);
    expect(refused.talk).toContain(
      'Cannot build "tickets" from "other/tickets.yaml": the dataset was made from "~/tickets.yaml". Use --name tickets to mean it, or --new for another dataset',
    );
    expectEnd(await place.run(['--name', 'tickets'], 'other/tickets.yaml'), { code: 0, calls: {} });
  });

  it('builds from the folder what its remembered document says', async () => {
    await build(['-n', '2']);
    expectEnd(await place.run(['-n', '3'], 'artifacts/tickets'), { code: 0, calls: each(1) });
    const refused = await place.run([], 'artifacts');
    expect(refused.code).toBe(2);
    expect(refused.talk).toContain('Cannot build in "~/artifacts": it holds no dataset (no dataset.json)');
  });

  it('refuses another row_group_size', async () => {
    await build(['-n', '2']);
    place.document.rowloom.row_group_size = 7;
    const { code, talk } = await place.run();
    expect(code).toBe(2);
    expect(talk).toContain(
      'Cannot change row_group_size of "tickets" to 7: the dataset was made with 5. Use --new for another dataset',
    );
  });

  it('refuses a folder with something else in it, and a name that is none, before anything is made', async () => {
    mkdirSync(place.path('tickets'), { recursive: true });
    writeFileSync(place.path('tickets', 'thesis.txt'), 'mine');
    expectEnd(await place.run(), { code: 2, calls: {} });
    expectEnd(await place.run(['--name', 'a/b']), { code: 2, calls: {} });
    expect(place.has('store.json')).toBe(false);
  });

  it('goes on elsewhere with a copied folder and repeats no call', async () => {
    place.copy(built);
    const before = place.output();
    cpSync(place.path('tickets'), join(place.directory, 'elsewhere', 'copy'), { recursive: true });
    expectEnd(await place.run(['-n', '13'], 'elsewhere/copy'), { code: 0, calls: each(1) });
    expectEnd(await place.run(['-n', '13']), { code: 0, calls: each(1) });
    expect(place.output()).toMatchObject({ 'batch_00000.parquet': before['batch_00000.parquet'] });
  });
});

describe('simulated answers', () => {
  it('have a dataset of their own, which takes no real model by mistake', async () => {
    expectEnd(await place.run(['-n', '4', '--simulate']), { code: 0, calls: {} });
    expect(await place.rows('tickets-simulated')).toHaveLength(4);
    const mistaken = await place.run(['-n', '8'], 'artifacts/tickets-simulated');
    expectEnd(mistaken, { code: 2, calls: {} });
    expect(mistaken.talk).toContain(
      'Cannot ask real models for "tickets-simulated": its answers are simulated',
    );
    expectEnd(await place.run(['-n', '4']), { code: 0, calls: each(4) });
  });

  it('never count for a real provider, kept or not', async () => {
    const real = place.document.rowloom.providers;
    place.document.rowloom.providers = [{ name: 'mock', provider_type: 'simulated' }];
    expectEnd(await place.run(['-n', '4']), { code: 0, calls: {} });
    place.document.rowloom.providers = real;
    expect((await place.run(['--keep'])).calls).toEqual(each(4));
  });
});
