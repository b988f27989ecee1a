// Values over several lines, as Python's pprint prints them.

import type { Budget } from '../limits.ts';
import { Dict, entriesOf, isList, isMapping, opened, type Runtime, Tuple } from '../runtime.ts';
import { order } from './comparison.ts';
import { lengthOf, reprOf } from './python-text.ts';

const WIDTH = 80;

/** What `{{ value | pprint }}` prints: what is longer than a line has its items one below the other, dicts in the order of their keys. */
export function prettyOf(value: Runtime, budget: Budget): string {
  const text = pretty(opened(value), { indent: 0, after: 0 }, budget);
  budget.allocate(text.length);
  return text;
}

interface Place {
  readonly indent: number;
  /** Characters that follow on the last line. */
  readonly after: number;
}

function pretty(given: Runtime, { indent, after }: Place, budget: Budget): string {
  const value = sorted(given, budget);
  const line = reprOf(value, budget);
  budget.allocate(line.length + indent);
  if (lengthOf(line) <= WIDTH - indent - after) return line;
  const between = `,\n${' '.repeat(indent + 1)}`;
  if (isMapping(value)) {
    const entries = entriesOf(value, budget);
    const parts = entries.map(([key, item], index) => {
      const name = `${reprOf(key, budget)}: `;
      const isLast = index === entries.length - 1;
      return (
        name + pretty(item, { indent: indent + 1 + lengthOf(name), after: isLast ? after + 1 : 1 }, budget)
      );
    });
    return `{${parts.join(between)}}`;
  }
  const isTuple = value instanceof Tuple && value.printed === null;
  const items = isTuple ? value.items : isList(value) ? value : null;
  if (items === null) return line;
  const end = isTuple ? (items.length === 1 ? ',)' : ')') : ']';
  const parts = items.map((item, index) =>
    pretty(item, { indent: indent + 1, after: index === items.length - 1 ? after + end.length : 1 }, budget),
  );
  return `${isTuple ? '(' : '['}${parts.join(between)}${end}`;
}

/** Dicts of a value in the order of their keys. */
function sorted(value: Runtime, budget: Budget): Runtime {
  if (isList(value)) return value.map((item) => sorted(item, budget));
  if (!isMapping(value)) return value;
  const entries = entriesOf(value, budget)
    .map(([key, item]) => [key, sorted(item, budget)] as const)
    .sort(([left], [right]) => order(left, right, budget));
  return new Dict(entries, budget);
}
