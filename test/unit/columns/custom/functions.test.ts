import { describe, expect, it } from 'vitest';
import { FunctionThreads, type Session } from '../../../../src/modules/function-threads.ts';
import type { FunctionTask } from '../../../../src/modules/session-thread.ts';
import { hashOfCode } from '../../../../src/modules/stored-modules.ts';
import { DeadThreadError } from '../../../../src/threads.ts';
import { makeCustom } from '../../../support/custom-cells.ts';
import { customColumn } from '../../../support/plans.ts';

const TEXT = { kind: 'text' } as const;
const rows = (count: number) => Array.from({ length: count }, (_, row) => ({ n: BigInt(row) }));
const asking = customColumn('c', { reads: ['n'], aliases: ['writer'] });

describe('a function for each row', () => {
  it('is given the columns that it declares, params and random, and returns the value', async () => {
    const column = customColumn('c', { reads: ['n', 'big'], params: '{"by":2}' });
    const code = `export default (row, { params, random }) => ({
      keys: Object.keys(row), twice: row.n * params.by, big: row.big, random: [random(), random()] });`;
    const values = rows(2).map((row) => ({ ...row, big: 9007199254740993n, secret: 'x' }));
    const first = await makeCustom({ column, code, values });
    const again = await makeCustom({ column, code, values });
    expect(first.cells).toMatchObject([
      { c: { keys: ['n', 'big'], twice: 0n, big: 9007199254740993n } },
      { c: { twice: 2n } },
    ]);
    expect(again.cells).toEqual(first.cells);
    const random = first.cells.map((cell) => (cell as { c: { random: number[] } }).c.random);
    expect(new Set(random.flat()).size).toBe(4);
    expect(first.prompts).toEqual([]);
  });

  it('makes several columns in one cell, and fails where one is missing', async () => {
    const sideEffects = [{ name: 'tone', type: TEXT }];
    const column = customColumn('c', { reads: ['n'], sideEffects });
    const code = `export default ({ n }) => n === 0 ? { c: 'a', tone: 'b', more: 'c' } : { c: 'a' };`;
    const { cells, records } = await makeCustom({ column, code, values: rows(2) });
    expect(cells).toEqual([{ c: 'a', tone: 'b' }, 'What the function returned has no "tone"']);
    expect(records.map(({ status }) => status).sort()).toEqual(['failed', 'ok']);
  });

  it('fails its cell with what it throws, and with what is no value', async () => {
    const column = customColumn('c', { reads: ['n'] });
    const code = `export default async ({ n }) => {
      if (n === 0) return n.name.length;
      if (n === 1) return NaN;
      if (n === 2) return new Map();
      if (n === 3) return () => 1;
      throw 'plain';
    };`;
    const { cells } = await makeCustom({ column, code, values: rows(5) });
    expect(cells[0]).toMatch(/^The function threw TypeError: Cannot read .* \(line 2 of the bundle\)$/);
    expect(cells[1]).toBe('What the function returned holds NaN, which is no value');
    expect(cells[2]).toMatch(/^What the function returned holds a Map/);
    expect(cells[3]).toMatch(/^The function threw It returned what is no data/);
    expect(cells[4]).toBe('The function threw plain');
  });

  it('keeps what it asked for, and is not held by those that wait, with more cells than threads', async () => {
    const code = `export default async ({ n }, { models }) => {
      const [a, b] = await Promise.all([models.writer.generate('a' + n), models.writer.generate('b' + n, { system_prompt: 'short' })]);
      return await models.writer.generate(a + b);
    };`;
    let most = 0;
    let now = 0;
    const says = async (prompt: string) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return `<think>hm</think>${prompt}!`;
    };
    const { cells, prompts, records } = await makeCustom({
      ...{ column: asking, code, values: rows(20), says, threads: 1, modelCalls: 8 },
    });
    expect(cells[7]).toEqual({ c: 'a7!b7!!' });
    expect(prompts.length).toBe(60);
    expect(most).toBe(8);
    const ok = records.filter(({ status }) => status === 'ok');
    expect(ok.every(({ turns, calls }) => turns.length === 3 && calls.length === 0)).toBe(true);
    expect(records.filter(({ status }) => status === 'call').flatMap(({ calls }) => calls).length).toBe(60);
  });

  it('pays for changed requests only when it is changed, and for none after a crash or a typo', async () => {
    const code = (second: string) => `export default async ({ n }, { models: { writer } }) => {
      const first = await writer.generate('plot ' + n);
      return first + await writer.generate('${second} ' + n);
    };`;
    const says = (prompt: string) => `[${prompt}]`;
    const values = rows(3);
    const typo = await makeCustom({
      ...{ column: asking, values, says },
      code: code('end').replace('return first', 'return frist'),
    });
    expect(typo.cells[0]).toMatch(/frist is not defined/);
    expect(typo.prompts.length).toBe(3);
    const mended = await makeCustom({
      column: { ...asking, form: { ...asking.form, code: '1' } },
      ...{ code: code('end'), values, says, earlier: typo.records },
    });
    expect(mended.prompts.toSorted()).toEqual(['end 0', 'end 1', 'end 2']);
    const edited = await makeCustom({
      column: { ...asking, form: { ...asking.form, code: '2' } },
      ...{ code: code('close'), values, says, earlier: mended.records },
    });
    expect(edited.prompts.toSorted()).toEqual(['close 0', 'close 1', 'close 2']);
    expect(edited.cells[2]).toEqual({ c: '[plot 2][close 2]' });
    const redone = await makeCustom({
      column: asking,
      code: code('close'),
      values,
      says,
      earlier: edited.records,
      redo: 1,
    });
    expect(redone.prompts.length).toBe(6);
  });

  it('asks the same twice where it wants two answers', async () => {
    const code = `export default async (_, { models: { writer } }) =>
      [await writer.generate('x'), await writer.generate('x')];`;
    let count = 0;
    const options = { column: asking, code, values: rows(1), says: () => `${++count}` };
    const first = await makeCustom(options);
    expect(first.cells).toEqual([{ c: ['1', '2'] }]);
    // Killed before the value was kept.
    const earlier = first.records.filter(({ status }) => status === 'call');
    const second = await makeCustom({ ...options, earlier });
    expect(second.cells).toEqual(first.cells);
    expect(second.prompts).toEqual([]);
  });

  it('asks again for an answer that is empty, as often as conversations start again', async () => {
    const code = `export default ({ n }, { models }) => models.writer.generate('x' + n);`;
    const seen = new Set<string>();
    const says = (prompt: string) => {
      if (prompt === 'x1') return ' ';
      if (seen.has(prompt)) return 'now';
      seen.add(prompt);
      return '';
    };
    const { cells, prompts } = await makeCustom({ column: asking, code, values: rows(2), says });
    expect(cells).toEqual([{ c: 'now' }, 'The answer is empty']);
    expect(prompts.length).toBe(4);
  });

  it('that ends its thread costs its own cell alone', async () => {
    const column = customColumn('c', { reads: ['n'], aliases: ['writer'] });
    const code = `export default async ({ n }, { models }) => {
      const text = await models.writer.generate('x' + n);
      if (n === 2) process.exit(3);
      return text;
    };`;
    const { cells, prompts } = await makeCustom({ column, code, values: rows(6) });
    expect(cells.map((cell) => (typeof cell === 'string' ? cell : cell?.c))).toEqual([
      ...['said', 'said', 'The function cannot be run: it ended the process', 'said', 'said', 'said'],
    ]);
    expect(prompts.length).toBe(6);
  });
});

describe('a function for all rows', () => {
  const whole = customColumn('c', { reads: ['n'], aliases: ['writer'], calling: 'column' });
  const code = `export default async (rows, { models }) => {
    const word = await models.writer.generate('sum of ' + rows.length);
    return rows.map(({ n }) => word + n);
  };`;

  it('is called once, with one digest, and its calls stand at its first row', async () => {
    const { cells, records, digests, prompts } = await makeCustom({ column: whole, code, values: rows(3) });
    expect(cells).toEqual([{ c: 'said0' }, { c: 'said1' }, { c: 'said2' }]);
    expect(new Set(digests).size).toBe(1);
    expect(prompts).toEqual(['sum of 3']);
    expect(records.map(({ row, status, turns }) => [row, status, turns.length])).toEqual([
      ...[
        [0, 'call', 1],
        [0, 'ok', 1],
        [1, 'ok', 0],
        [2, 'ok', 0],
      ],
    ]);
    const again = await makeCustom({ column: whole, code, values: rows(3), earlier: records });
    expect(again.prompts).toEqual([]);
    const grown = await makeCustom({ column: whole, code, values: rows(4), earlier: records });
    expect(grown.prompts).toEqual(['sum of 4']);
    expect(grown.digests[0]).not.toBe(digests[0]);
  });

  it('fails all of them where it returns another number of values', async () => {
    const { cells } = await makeCustom({ column: whole, code: 'export default () => [1];', values: rows(2) });
    expect(cells[1]).toBe(
      'What the function returned has 1 values for 2 rows: it has to be one a row, in their order',
    );
    expect(cells[0]).toBe(cells[1]);
  });
});

describe('a function for rows in order', () => {
  const ordered = customColumn('c', { reads: ['n'], aliases: ['writer'], calling: 'in order' });
  const code = `export default async ({ n }, context) => {
    context.state = { sum: (context.state?.sum ?? 0) + n };
    if (n === 3) throw new Error('no');
    return (await context.models.writer.generate('story ' + context.state.sum)) + context.state.sum;
  };`;

  it('goes on with what the row before it left, and past one that failed', async () => {
    const { cells, records } = await makeCustom({ column: ordered, code, values: rows(5) });
    expect(cells).toEqual([
      ...[{ c: 'said0' }, { c: 'said1' }, { c: 'said3' }],
      expect.stringContaining('The function threw Error: no'),
      { c: 'said7' },
    ]);
    expect(records.filter(({ status }) => status === 'ok').map(({ state }) => state)).toEqual([
      ...[{ sum: 0n }, { sum: 1n }, { sum: 3n }, { sum: 7n }],
    ]);
  });

  it('goes on after the last row that a killed process made, and pays for nothing again', async () => {
    const first = await makeCustom({ column: ordered, code, values: rows(3) });
    // Killed with the answer for row 2 in the part, and not its value.
    const earlier = first.records.filter(({ row, status }) => row < 2 || status === 'call');
    const second = await makeCustom({ column: ordered, code, values: rows(3), earlier });
    expect(second.prompts).toEqual([]);
    expect(second.cells).toEqual(first.cells);
  });
});

it('a loop without an end costs its thread, and a function that shares it is run again', async () => {
  const threads = new FunctionThreads({ maxHeldMs: 1_500 });
  const module = {
    hash: hashOfCode('loop'),
    code: 'export const good = () => 1; export const bad = () => { for (;;); };',
  };
  const task = (name: string): FunctionTask => ({
    ...{ module, export: name, input: null, params: null, aliases: [], random: [] },
  });
  const step = (session: Session) => session.step([]);
  expect(await threads.run(task('good'), step)).toMatchObject({ value: 1 });
  await expect(threads.run(task('bad'), step)).rejects.toThrow(/^it held its thread for \d s$/);
  await expect(threads.runAlone(task('bad'), step)).rejects.toThrow(DeadThreadError);
  expect(await threads.runAlone(task('good'), step)).toMatchObject({ value: 1 });
});
