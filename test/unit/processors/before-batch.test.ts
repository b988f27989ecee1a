import { describe, expect, it } from 'vitest';
import { columnOrder } from '../../../src/config/graph-columns.ts';
import type { Plan } from '../../../src/plan.ts';
import { openRows } from '../../../src/rows/open-rows.ts';
import { FolderFiles } from '../../../src/store/files/folder.ts';
import { expressionColumn, planWith, samplerColumn } from '../../support/plans.ts';
import { beforeBatch, FUNCTIONS } from '../../support/user-processors.ts';

const COLUMNS = [
  samplerColumn('word', 'category', { params: { values: ['tent'] } }),
  samplerColumn('n', 'uniform', { type: { kind: 'int' }, params: { low: 1n, high: 1n }, convertTo: 'int' }),
  expressionColumn('label', '{{ word }}', { needs: ['word'] }),
];
const rows = { first: 0, last: 3 };

const planOf = (...codes: readonly string[]) =>
  planWith(COLUMNS, { beforeBatch: codes.map((code, index) => beforeBatch(code, { name: `p${index}` })) });

const open = (plan: Plan) =>
  openRows({ plan, order: columnOrder(plan), functions: FUNCTIONS, files: new FolderFiles('nowhere') });

async function rootsOf(...codes: readonly string[]) {
  const made = await (await open(planOf(...codes))).roots.make(rows);
  return [...made.values()].map(({ cells, failure }) =>
    failure === null ? { word: cells.word!.value, n: cells.n!.value } : failure.error.message,
  );
}

describe('a processor before the batch', () => {
  it('is given the roots of each row, and what it returns takes their place', async () => {
    const code =
      'export default ({ word, n, ...rest }) => ({ word: word.toUpperCase() + Object.keys(rest).length })';
    expect(await rootsOf(code)).toEqual(Array(4).fill({ word: 'TENT0', n: 1n }));
  });

  it('sees what those before it made, and drops a row with null', async () => {
    const codes = [
      'let at = 0; export default ({ n }, { random }) => ({ n: n + 41 })',
      'export default ({ n, word }) => (n === 42 && word === "tent" ? null : {})',
    ];
    expect(await rootsOf(...codes)).toEqual(Array(4).fill('Processor "p1" drops the row'));
  });

  it('has random numbers that are the same for the same row, and others for others', async () => {
    const code = 'export default (row, { random }) => ({ word: String(random()) })';
    const made = await rootsOf(code);
    expect(await rootsOf(code)).toEqual(made);
    expect(new Set(made.map((row) => (row as { word: string }).word)).size).toBe(4);
  });

  it.each([
    [
      'throws',
      '() => { throw new RangeError("too far") }',
      /row \d: processor "p0": The function threw RangeError: too far.*Mend it, then run the same command again: what was made is kept$/,
    ],
    ['returns nothing', '() => undefined', /returned is nothing, and has to be an object/],
    [
      'returns a column that is no root',
      '() => ({ label: "x", wrod: 1 })',
      /has "label", which is no column that it may make/,
    ],
    [
      'makes a value that the type of the column does not take',
      '() => ({ n: "many" })',
      /cannot be kept as "n": "many" is not a whole number/,
    ],
    [
      'gives others each time',
      'let at = 0; export default () => ({ word: String(Math.random()) })',
      /row 0: .*other values for the same row each time/,
    ],
  ])('stops the build where it %s', async (_, code, message) => {
    await expect(rootsOf(code.includes('export') ? code : `export default ${code}`)).rejects.toThrow(message);
  });

  it('is in the definitions of roots and of all below them, and costs nothing where there is none', async () => {
    const definitions = async (plan: Plan) => (await open(plan)).digests.definitions(rows);
    const [none, one, other] = [
      await definitions(planWith(COLUMNS)),
      await definitions(planOf('export default () => ({})')),
      await definitions(planOf('export default () => null')),
    ];
    for (const name of ['word', 'n', 'label'])
      expect(new Set([none[name], one[name], other[name]]).size, name).toBe(3);
  });
});
