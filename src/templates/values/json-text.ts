// Values as the filter `tojson` writes them: as Python's json does, with keys in order, and safe inside HTML.

import type { Budget } from '../limits.ts';
import { container, entriesOf, isList, isMapping, misfit, type Runtime, Tuple, written } from '../runtime.ts';
import { reprOf, textOf } from './python-text.ts';

/** JSON text of a value, on one line or indented. Text of a cell that is a list or dict is written as that. */
export function jsonOf(value: Runtime, indent: number | null, budget: Budget): string {
  budget.allocate(indent ?? 0);
  const text = write(
    container(value),
    indent === null ? null : { unit: ' '.repeat(indent), now: '\n' },
    budget,
  );
  budget.allocate(text.length);
  return text;
}

/** `now` is the line break at the level of a value. */
type Layout = { readonly unit: string; readonly now: string } | null;

function write(given: Runtime, layout: Layout, budget: Budget): string {
  const value = written(given);
  const inside = layout === null ? null : { ...layout, now: layout.now + layout.unit };
  const joined = (open: string, parts: readonly string[], close: string): string => {
    if (parts.length === 0 || layout === null) return open + parts.join(', ') + close;
    budget.allocate(inside!.now.length * (parts.length + 1));
    return open + inside!.now + parts.join(`,${inside!.now}`) + layout.now + close;
  };
  budget.spend(1);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(budget.read(value));
  if (typeof value === 'bigint' || typeof value === 'number')
    return reprOf(value, budget).replace('nan', 'NaN').replace('inf', 'Infinity');
  const items = isList(value) ? value : value instanceof Tuple && value.printed === null ? value.items : null;
  if (items !== null)
    return joined(
      '[',
      items.map((item) => write(item, inside, budget)),
      ']',
    );
  if (isMapping(value)) {
    const entries = entriesOf(value, budget)
      .map(
        ([key, item]) =>
          [typeof key === 'boolean' || key === null ? String(key) : textOf(key, budget), item] as const,
      )
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return joined(
      '{',
      entries.map(([key, item]) => `${quoted(key)}: ${write(item, inside, budget)}`),
      '}',
    );
  }
  throw misfit(value, (kind) => `Cannot use the filter "tojson" on ${kind}: add "|list"`);
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&'\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
