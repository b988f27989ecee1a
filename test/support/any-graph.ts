// Random graphs and row ranges for property tests.

import fc from 'fast-check';
import { ExecutionGraph } from '../../src/graph/execution-graph.ts';
import type { GraphColumn, RowRange } from '../../src/graph/types.ts';
import type { Strategy } from '../../src/plan.ts';

const LIMITERS = ['local/one', 'local/two'];

/** A graph of 1 to 7 columns, listed in any order; each needs columns drawn before it. */
export function anyGraph(options: { strategies?: readonly Strategy[] } = {}): fc.Arbitrary<ExecutionGraph> {
  const { strategies = ['root', 'inline', 'cell', 'cell', 'cell', 'column'] } = options;
  const draft = fc.record({
    strategy: fc.constantFrom(...strategies),
    needs: fc.array(fc.nat(6), { maxLength: 3 }),
    limiters: fc.subarray(LIMITERS, { maxLength: 2 }),
    isSpecial: fc.constantFrom(true, false, false),
    place: fc.nat(),
  });
  return fc.array(draft, { minLength: 1, maxLength: 7 }).map((drafts) => {
    const columns = drafts.map(({ strategy, needs, limiters, isSpecial }, index): GraphColumn => {
      const earlier = index === 0 ? [] : [...new Set(needs.map((need) => need % index))];
      return {
        name: `c${index}`,
        strategy,
        needs: strategy === 'root' ? [] : earlier.map((need) => `c${need}`),
        limiters: strategy === 'root' || strategy === 'inline' ? [] : limiters,
        ...(isSpecial && strategy === 'cell' && { gathers: true }),
        ...(isSpecial && strategy === 'column' && { inOrder: true }),
      };
    });
    const listed = columns
      .map((column, index) => ({ column, place: drafts[index]!.place }))
      .sort((one, other) => one.place - other.place);
    return ExecutionGraph.create(listed.map(({ column }) => column));
  });
}

/** Up to `maxRows` rows that start anywhere. */
export function anyRows(maxRows: number): fc.Arbitrary<RowRange> {
  return fc
    .record({ first: fc.nat(5_000), size: fc.integer({ min: 1, max: maxRows }) })
    .map(({ first, size }) => ({ first, last: first + size - 1 }));
}
