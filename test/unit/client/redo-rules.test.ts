import { describe, expect, it } from 'vitest';
import { raiseRedos, withoutRedone } from '../../../src/client/wish/redo-rules.ts';
import type { KeepRule, Plan, RedoRule, RowRanges } from '../../../src/plan.ts';

const all = (column: string, counter: number): RedoRule => ({ column, rows: null, counter });
const some = (column: string, rows: RowRanges, counter: number): RedoRule => ({ column, rows, counter });
const ROW_3 = [{ first: 3, last: 3 }];

describe('redo rules', () => {
  const raise = (redo: readonly RedoRule[], rows: RowRanges, published: readonly RedoRule[]) =>
    raiseRedos(redo, { asked: [{ column: 'body', rows }], published });

  it('rise above all counters of their column, so that no earlier cell is right', () => {
    const redo = [all('body', 2), all('note', 7)];
    expect(raise(redo, ROW_3, redo)).toEqual([all('body', 2), all('note', 7), some('body', ROW_3, 3)]);
  });

  it('do not rise before people see the last redo of those cells, though all its cells are there', () => {
    const redo = [all('body', 2)];
    expect(raise(redo, null, [])).toEqual(redo);
    expect(raise(redo, null, [all('body', 1), all('note', 2)])).toEqual(redo);
    expect(raise(redo, null, redo)).toEqual([all('body', 3)]);
  });

  it('of a whole column take the place of those of its rows', () => {
    const redo = [some('body', ROW_3, 1), some('note', ROW_3, 1)];
    expect(raise(redo, null, redo)).toEqual([some('note', ROW_3, 1), all('body', 2)]);
  });
});

describe('a redo', () => {
  const plan = (...keep: readonly KeepRule[]): Plan => {
    const columns = [
      { kind: 'sampler', name: 'tone', strategy: 'root' },
      { kind: 'llm-text', name: 'body', strategy: 'cell' },
      { kind: 'expression', name: 'label', strategy: 'inline' },
    ];
    return { keep, columns } as unknown as Plan;
  };

  it('takes its column out of what is kept', () => {
    expect(withoutRedone(plan({ column: null, rows: null }), [{ column: 'body', rows: null }])).toEqual([
      { column: 'tone', rows: null },
    ]);
  });

  it('takes its rows out of the middle of what is kept', () => {
    const kept = { column: 'body', rows: [{ first: 0, last: 9 }] };
    const rows = [
      { first: 0, last: 1 },
      { first: 4, last: 5 },
    ];
    expect(withoutRedone(plan(kept), [{ column: 'body', rows }])).toEqual([
      {
        column: 'body',
        rows: [
          { first: 2, last: 3 },
          { first: 6, last: 9 },
        ],
      },
    ]);
  });

  it('leaves what is kept of other columns alone', () => {
    const kept = { column: 'tone', rows: null };
    expect(withoutRedone(plan(kept), [{ column: 'body', rows: null }])).toEqual([kept]);
  });
});
