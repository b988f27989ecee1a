// Functions that make a column of a row group at once, over the rows that have what they need: grown, killed, with rows
// that are dropped above, below and beside them. A mock counts the calls that they make.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ValueObject } from '../../src/values.ts';
import { eachInWorkplace, type TestPlace } from '../support/each-workplace.ts';
import { until } from '../support/until.ts';

const GROUP = 10;
const LIMIT_MS = 240_000;

let mock: TestPlace['mock'];
let workplace: TestPlace['workplace'];

eachInWorkplace({ latencyMs: 20 }, (place) => {
  ({ mock, workplace } = place);
});

interface DocumentOptions {
  /** Rows that each function of one row drops. */
  readonly drops?: {
    readonly above?: readonly number[];
    readonly beside?: readonly number[];
    readonly below?: readonly number[];
  };
}

/** `rank` asks a model about each row's note and about all of them, one call after the other. */
function write({ drops = {} }: DocumentOptions = {}): void {
  const dropping = (name: string, rows: readonly number[] = []) =>
    `export const ${name} = ({ number }) => { if (${JSON.stringify(rows)}.includes(number)) throw new Error('no ${name}'); return '${name} ' + number; };`;
  const code = `
    ${dropping('above', drops.above)}
    ${dropping('beside', drops.beside)}
    ${dropping('below', drops.below)}
    export async function rank(rows, { models: { writer } }) {
      const said = [];
      for (const { above } of rows) said.push(await writer.generate('About ' + above));
      said.push(await writer.generate('All of ' + rows.map(({ above }) => above).join(', ')));
      return rows.map(({ above }, index) => above + ' is ' + (index + 1) + ' of ' + rows.length);
    }`;
  writeFileSync(join(workplace.directory, 'gen.js'), code);
  const custom = (name: string, required_columns: readonly string[], more: object = {}) => ({
    ...{ name, column_type: 'custom', generator_function: `./gen.js#${name}`, required_columns },
    ...more,
  });
  const integer = { output_format: { type: 'integer' } };
  writeFileSync(
    join(workplace.directory, 'numbers.csv'),
    `number\n${Array.from({ length: 40 }, (_, row) => `${row}\n`).join('')}`,
  );
  workplace.write({
    seed_config: { source: { seed_type: 'local', path: 'numbers.csv' } },
    columns: [
      custom('above', ['number']),
      custom('beside', ['number']),
      custom('rank', ['above'], { generation_strategy: 'full_column', model_aliases: ['writer'] }),
      custom('below', ['number', 'rank']),
      custom('size', ['rank'], { generation_strategy: 'full_column', ...integer }),
    ],
    model_configs: [{ alias: 'writer', model: 'mock', provider: 'mock' }],
    rowloom: { row_group_size: GROUP, providers: [{ name: 'mock', endpoint: mock.endpoint }] },
  });
  writeFileSync(
    join(workplace.directory, 'gen.js'),
    `${code}\nexport const size = (rows) => rows.map(() => rows.length);`,
  );
}

async function build(rows: number, ...args: readonly string[]): Promise<string> {
  const { code, talk } = await workplace.run(['-n', String(rows), ...args]).ended;
  expect(code, talk).toBe(0);
  return talk;
}

/** What `rank` and `size` of rows are when the functions saw these rows. */
function ranksOf(seen: readonly number[]): ReadonlyMap<number, readonly [string, bigint]> {
  return new Map(
    seen.map((row, index) => [row, [`above ${row} is ${index + 1} of ${seen.length}`, BigInt(seen.length)]]),
  );
}

const range = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, index) => first + index);

const madeOf = (rows: readonly ValueObject[]) =>
  rows.map(({ number, rank, size }) => [Number(number), rank, size]);

it(
  'is made anew, for the new rows alone, when the last group grows',
  async () => {
    write();
    await build(14);
    const asked = (groups: readonly number[]) => groups.reduce((sum, rows) => sum + rows + 1, 0);
    expect(mock.stats().requests).toBe(asked([10, 4]));
    const talk = await build(27);
    // Group 1 has 6 rows more and another list of all; what was asked about its first 4 is known.
    expect(mock.stats().requests, talk).toBe(asked([10, 4]) + 6 + 1 + asked([7]));
    const groups = [ranksOf(range(0, 10)), ranksOf(range(10, 20)), ranksOf(range(20, 27))];
    const expected = groups.flatMap((group) => [...group].map(([row, made]) => [row, ...made]));
    expect(madeOf(await workplace.rows())).toEqual(expected);
    await build(27);
    expect(mock.stats().requests).toBe(asked([10, 4]) + 6 + 1 + asked([7]));
  },
  LIMIT_MS,
);

it(
  'asks no call again but the one in flight when it is killed, and sees all rows again',
  async () => {
    write();
    let lost = 0;
    for (const answers of [3, 14]) {
      const run = workplace.run(['-n', '20']);
      await until(() => mock.answered() >= answers || !run.isRunning, { limitMs: LIMIT_MS });
      await run.kill();
      await until(() => mock.stats().inFlight === 0);
      lost = mock.stats().requests - (await workplace.usage()).calls;
    }
    await build(20);
    // Two groups, each with one call in flight.
    expect(lost).toBeLessThanOrEqual(2 * 2);
    expect(mock.stats().requests).toBe(22 + lost);
    const expected = [ranksOf(range(0, 10)), ranksOf(range(10, 20))].flatMap((group) =>
      [...group].map(([row, made]) => [row, ...made]),
    );
    expect(madeOf(await workplace.rows())).toEqual(expected);
  },
  LIMIT_MS,
);

it(
  'sees rows that are dropped beside or below it, and none that are dropped above, at every start',
  async () => {
    write({ drops: { above: [1, 12], beside: [2, 3, 13], below: [4] } });
    await build(14);
    const seen = [range(0, 10).filter((row) => row !== 1), [10, 11, 13]] as const;
    expect(mock.stats().requests).toBe(10 + 4);
    const dropped = [2, 3, 4, 13];
    const expected = seen.flatMap((rows) =>
      [...ranksOf(rows)].filter(([row]) => !dropped.includes(row)).map(([row, made]) => [row, ...made]),
    );
    expect(madeOf(await workplace.rows())).toEqual(expected);
    // Another start tries the failed cells again, and finds the whole columns as they are.
    await build(14);
    expect(mock.stats().requests).toBe(10 + 4);
    expect(madeOf(await workplace.rows())).toEqual(expected);
    // A mended row above makes them anew: one row more to ask about, and all of them.
    write({ drops: { beside: [2, 3, 13], below: [4] } });
    await build(14, '--yes');
    expect(mock.stats().requests).toBe(10 + 4 + 2 + 2);
    const rows = madeOf(await workplace.rows());
    expect(rows.map(([row]) => row)).toEqual([0, 1, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(rows[1]).toEqual([1, 'above 1 is 2 of 10', 10n]);
  },
  LIMIT_MS,
);
