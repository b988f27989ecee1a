// What somebody who looks for lost money and false rows would try, each on the real engine.

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedServer, ensureServer } from '../../src/server/embedded-server.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { WishPlace } from '../support/wish-place.ts';

let serverFolder: string;
let server: EmbeddedServer;
let mock: MockModelServer;
let place: WishPlace;

beforeAll(async () => {
  serverFolder = mkdtempSync(join(tmpdir(), 'rowloom-suspicions-server-'));
  server = await ensureServer({
    directory: serverFolder,
    environment: process.env,
    say: () => undefined,
    lingerMs: 300,
  });
  mock = await startMockModelServer();
});

afterAll(async () => {
  await mock.close();
  await server.release();
  rmSync(serverFolder, { recursive: true, force: true });
});

beforeEach(() => {
  mock.reset();
  place = new WishPlace({ mock, address: server.address });
});

afterEach(() => place.dispose());

describe('a row that an expression drops', () => {
  it('before any call costs nothing, and the others are committed', async () => {
    place.writeSeeds(['12', 'lamp', '13']);
    place.document.columns.push(numberOf('product'));
    const { code, calls, talk } = await place.run(['-n', '6']);
    expect({ code, calls }, talk).toEqual({ code: 0, calls: { body: 4, summary: 4, note: 4 } });
    expect((await place.rows()).map(({ number }) => number)).toEqual([12n, 13n, 12n, 13n]);
  });

  it('over cells that were made before drops it without a call, and a build that has none left replaces nothing', async () => {
    await place.run(['-n', '3']);
    place.document.columns.push(numberOf('body'));
    const { code, calls, talk } = await place.run();
    expect({ code, calls }, talk).toEqual({ code: 1, calls: {} });
    expect(talk).toMatch(/stopped {3}0 of 3 rows are made anew, the old ones stay until all are/);
    expect(talk).toMatch(/No row is left: all were dropped for column "number": Cannot cast /);
    // Nothing is put in the place of what is there.
    expect(await place.rows()).toHaveLength(3);
  });

  function numberOf(column: string) {
    return { name: 'number', column_type: 'expression', expr: `{{ ${column} }}`, dtype: 'int' };
  }
});

describe('kept cells', () => {
  it('stay those of the output when the build that keeps them is stopped', async () => {
    await place.run(['-n', '3']);
    const bodies = async () => (await place.rows()).slice(0, 3).map(({ body }) => body);
    const before = await bodies();
    // Newer cells that never became the output.
    place.column('body').prompt = 'A second ticket about the {{ product }}';
    mock.setFaults([{ kind: 'error', status: 401, cells: ['summary/2'] }]);
    expect(await place.run()).toMatchObject({ code: 1, calls: { body: 3 } });

    place.column('body').prompt = 'A third ticket about the {{ product }}';
    mock.setFaults([{ kind: 'error', status: 401, cells: ['note/4'] }]);
    expect(await place.run(['-n', '5', '--keep'])).toMatchObject({ code: 1 });
    expect(await bodies()).toEqual(before);

    mock.setFaults([]);
    expect(await place.run()).toMatchObject({ code: 0 });
    expect(await bodies()).toEqual(before);
  });
});

describe('a command that waits for an answer', () => {
  const QUICK = { row_group_size: 50 };

  it('decides anew, and asks anew, when another one has begun a build meanwhile', async () => {
    Object.assign(place.document.rowloom, QUICK);
    await place.run(['-n', '60']);
    place.column('body').prompt = 'A second ticket about the {{ product }}';
    place.column('note').prompt = 'A second note about the {{ product }}';
    place.write('mine.yaml');
    const asked: number[] = [];
    const end = await place.answer('mine.yaml', async ({ cells }) => {
      asked.push(cells);
      if (asked.length > 1) return 'no';
      place.column('body').prompt = 'A third ticket about the {{ product }}';
      expect(await place.run(['-n', '61', '--yes'])).toMatchObject({ code: 0 });
      return 'regenerate';
    });
    expect(end.how).toBe('declined');
    // All three columns of 60 rows; then, with notes that are there now, two columns of 61.
    expect(asked).toEqual([180, 122]);
    expect(await place.rows()).toHaveLength(61);
  });

  it('goes on where the other one asked for the same', async () => {
    Object.assign(place.document.rowloom, QUICK);
    await place.run(['-n', '60']);
    place.column('body').prompt = 'A second ticket about the {{ product }}';
    place.column('note').prompt = 'A second note about the {{ product }}';
    place.write('mine.yaml');
    let questions = 0;
    const end = await place.answer('mine.yaml', async () => {
      questions += 1;
      expect(await place.run(['--yes'])).toMatchObject({
        code: 0,
        calls: { body: 60, summary: 60, note: 60 },
      });
      return 'regenerate';
    });
    expect([end.how, questions]).toEqual(['ended', 1]);
    expect(mock.stats().requests).toBe(2 * 180);
  });
});

it('keeps the output that another seed changes in expressions alone', async () => {
  place.column('label').expr = "{{ ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] | random }}";
  place.document.columns = place.document.columns.filter(({ name }) => name === 'label' || name === 'note');
  await place.run(['-n', '6']);
  const before = place.output();
  place.document.rowloom.seed = 'another';
  expect(await place.run()).toMatchObject({ code: 0, calls: {} });
  expect(place.output()).not.toEqual(before);
  expect(place.has('tickets', 'editions', '000001')).toBe(true);
});

it('keeps the output of a build that was killed when it had been published, though the next one undoes its edit', async () => {
  await place.run(['-n', '3']);
  const body = place.column('body');
  const before = body.prompt;
  body.prompt = 'Another ticket about the {{ product }}';
  await place.run();
  const bodies = async () => (await place.rows()).map((row) => row.body);
  const second = await bodies();
  const output = place.output();

  // As it was when the edition was published and nothing else had been done.
  rmSync(place.path('tickets', 'current'));
  symlinkSync('editions/000001', place.path('tickets', 'current'));
  rmSync(place.path('tickets', 'epochs', '000002.end.json'));

  body.prompt = before;
  expect(await place.run()).toMatchObject({ code: 0, calls: {} });
  expect(await bodies()).not.toEqual(second);
  expect(place.output('tickets/editions/000002')).toEqual(output);
});
