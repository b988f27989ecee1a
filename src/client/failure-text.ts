// Failures as lines for people.

import type { FailureGroup } from '../store/failures.ts';
import type { Drop } from '../store/groups.ts';
import { formatCount } from './format.ts';

/** `12 × column "rating": The answer is empty (row 3 is one)`. The message may be long and hold anything. */
export function describeFailureGroup({ column, count, example }: FailureGroup<Drop>): string {
  const which = count === 1 ? `row ${example.row}` : `row ${example.row} is one`;
  return `${formatCount(count)} × column "${column}": ${example.message} (${which})`;
}
