import { describe, expect, it } from 'vitest';
import type { PlanProcessor, SideEffect } from '../../../src/plan.ts';
import { processFinishedRows } from '../../../src/processors/after-generation/make.ts';
import type { ValueObject } from '../../../src/values.ts';
import { planWith, samplerColumn } from '../../support/plans.ts';
import { afterGeneration, processingOf } from '../../support/user-processors.ts';

const COLUMNS = [
  samplerColumn('word', 'category'),
  samplerColumn('size', 'uniform', { type: { kind: 'float' } }),
  samplerColumn('hidden', 'category', { drop: true }),
];
const INT: SideEffect = { name: 'length', type: { kind: 'int' } };

/** Two rows in a piece; `asked` counts the pieces that were taken. */
function rowsOf(count: number) {
  const asked = { pieces: 0 };
  async function* pieces(): AsyncGenerator<readonly ValueObject[]> {
    for (let row = 0; row < count; row += 2) {
      asked.pieces += 1;
      yield [row, row + 1].map((number) => ({ word: `w${number % 3}`, size: number / 2 }));
    }
  }
  return { asked, pieces: pieces() };
}

async function processed(processors: readonly PlanProcessor[], { pieces } = rowsOf(4)) {
  const plan = planWith(COLUMNS, { afterGeneration: processors });
  const made: ValueObject[] = [];
  for await (const piece of processFinishedRows(pieces, processingOf(plan))) made.push(...piece);
  return made;
}

const code = (body: string) => `export default async function* (rows, { params, random }) { ${body} }`;

describe('a processor after generation', () => {
  it('drops, changes and adds rows and columns; what it leaves out of a row is null', async () => {
    const body =
      "for await (const row of rows) if (row.word !== 'w1') yield { ...row, length: row.word.length }; yield { word: 'end' };";
    expect(await processed([afterGeneration(code(body), { adds: [INT] })])).toEqual([
      { word: 'w0', size: 0n, length: 2n },
      { word: 'w2', size: 1n, length: 2n },
      { word: 'w0', size: 1.5, length: 2n },
      { word: 'end', size: null, length: null },
    ]);
  });

  it('sees what those before it made', async () => {
    const first = afterGeneration(
      code("for await (const { word } of rows) yield { word: word + '!', length: 1 };"),
      {
        name: 'first',
        adds: [INT],
      },
    );
    const second = afterGeneration(
      code('let sum = 0; for await (const { length } of rows) sum += length; yield { length: sum };'),
      { name: 'second' },
    );
    expect(await processed([first, second])).toEqual([{ word: null, size: null, length: 4n }]);
  });

  it('may be no generator: a list of rows, as large as it likes', async () => {
    const list =
      "export default async (rows) => { for await (const row of rows); return Array.from({ length: 1_000 }, () => ({ word: 'x' })); }";
    expect(await processed([afterGeneration(list)])).toHaveLength(1_000);
  });

  it('is given rows as it asks for them, and no more than that', async () => {
    const rows = rowsOf(10_000);
    const body = 'for await (const row of rows) { yield row; if (row.size >= 3) return; }';
    expect(await processed([afterGeneration(code(body))], rows)).toHaveLength(7);
    expect(rows.asked.pieces).toBe(4);
  });

  it('hands out rows before it has read all', async () => {
    const rows = rowsOf(10_000);
    const body = 'for await (const row of rows) yield row;';
    const plan = planWith(COLUMNS, { afterGeneration: [afterGeneration(code(body))] });
    const made = processFinishedRows(rows.pieces, processingOf(plan))[Symbol.asyncIterator]();
    await made.next();
    expect(rows.asked.pieces).toBeLessThan(200);
    await made.return?.();
  });

  it('has params, and random numbers that are the same each time', async () => {
    const body = 'for await (const row of rows) yield { word: params.mark + random() };';
    const make = () => processed([afterGeneration(code(body), { params: '{"mark": "m"}' })]);
    const first = await make();
    expect(first).toEqual(await make());
    expect(new Set(first.map(({ word }) => word)).size).toBe(4);
  });

  it.each([
    [
      'throws',
      code("for await (const row of rows) throw new RangeError('no');"),
      /Cannot go on with the finished rows: processor "tidy": The function threw RangeError: no/,
    ],
    ['returns no rows', 'export default () => 5', /it returned no rows: make it a generator/],
    [
      'makes a column that is not declared',
      code('yield {}; yield { wrod: 1 };'),
      /has "wrod", which .*did you mean "word"\? \(row 1 of what it makes\)/,
    ],
    ['ends its thread', code('process.exit(1);'), /The function cannot be run: it ended the process/],
  ])('stops the build where it %s', async (_, text, message) => {
    await expect(processed([afterGeneration(text)])).rejects.toThrow(message);
  });
});
