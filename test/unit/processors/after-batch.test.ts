import { describe, expect, it } from 'vitest';
import { outputColumns, type SideEffect } from '../../../src/plan.ts';
import { processBatch } from '../../../src/processors/process-batch.ts';
import { planWith, samplerColumn } from '../../support/plans.ts';
import { afterBatch, processingOf } from '../../support/user-processors.ts';

const COLUMNS = [
  samplerColumn('word', 'category'),
  samplerColumn('size', 'uniform', { type: { kind: 'float' } }),
];
const VALUES = { word: ['tent', 'lamp'], size: [2, 0.5] } as const;
const INT: SideEffect = { name: 'length', type: { kind: 'int' } };

async function processed(code: string, { adds = [INT], schema = null as string | null } = {}) {
  const plan = planWith(COLUMNS, { processors: [afterBatch(`export default ${code}`, { adds, schema })] });
  const valuesOf = (column: string) => VALUES[column as 'word'];
  const batch = await processBatch({ completeRows: [7, 9], valuesOf }, processingOf(plan));
  return Promise.all(outputColumns(plan).map(({ name }) => batch.valuesOf(name)));
}

describe('a processor after the batch', () => {
  it('changes values and adds columns; what it leaves out stays, and an added one is null', async () => {
    const code = `(rows) => rows.map(({ word }, index) => index === 0 ? { word: word + '!', length: 5 } : {})`;
    expect(await processed(code)).toEqual([
      ['tent!', 'lamp'],
      [2, 0.5],
      [5n, null],
    ]);
  });

  it('gives floats back as they were, though they are whole', async () => {
    expect(await processed('(rows) => rows')).toEqual([VALUES.word, VALUES.size, [null, null]]);
  });

  it('types what it adds by its schema', async () => {
    const adds = [{ name: 'share', type: { kind: 'float' } }] as const;
    const made = await processed('(rows) => rows.map(() => ({ share: 1 }))', {
      adds: adds as never,
      schema: '{"type":"number"}',
    });
    expect(made[2]).toEqual([1, 1]);
  });

  it.each([
    ['throws', '() => { throw new Error("no") }', /rows 7-9: processor "tidy": The function threw Error: no/],
    ['returns another number of rows', '(rows) => rows.slice(1)', /has 1 rows for 2/],
    ['returns no list', '() => ({})', /is no list/],
    [
      'returns a row that is none',
      '() => [{}, 5]',
      /is a number, and has to be an object: values by column \(row 9\)/,
    ],
    [
      'adds a column that is not declared',
      '(rows) => rows.map(() => ({ lenght: 1 }))',
      /has "lenght", which .*did you mean "length"\? \(row 7\)/,
    ],
    [
      'makes what the column is not',
      '(rows) => rows.map(() => ({ length: "5" }))',
      /cannot be kept as "length": "5" is not a whole number \(row 7\)/,
    ],
  ])('stops the build where it %s', async (_, code, message) => {
    await expect(processed(code)).rejects.toThrow(message);
  });

  it('is not called where no row is complete', async () => {
    const plan = planWith(COLUMNS, { processors: [afterBatch('export default () => { throw 1 }')] });
    const none = await processBatch({ completeRows: [], valuesOf: () => [] }, processingOf(plan));
    expect(none.processed).toEqual([]);
  });
});
