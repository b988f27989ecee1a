// The filters that templates may use: those of Data Designer's secure engine, and `tojson`.

import { meantBy } from '../../text/nearest-name.ts';
import type { Runtime } from '../runtime.ts';
import type { Arguments } from '../syntax/syntax.ts';
import { applyOperation, bindingProblem, type Call, type Operation } from './argument-binding.ts';
import { ITEM_FILTERS } from './item-filters.ts';
import { NUMBER_FILTERS } from './number-filters.ts';
import { TEXT_FILTERS } from './text-filters.ts';

const FILTERS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...ITEM_FILTERS, ...NUMBER_FILTERS, ...TEXT_FILTERS }).sort(([left], [right]) =>
    left < right ? -1 : 1,
  ),
);

const FILTER_NAMES: readonly string[] = [...FILTERS.keys()];

/** What to write in place of filters that Jinja has and templates have not. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['attr', 'write value.name'],
  ['count', 'use "length"'],
  ['d', 'write {{ value if value else "…" }}'],
  ['default', 'write {{ value if value else "…" }}'],
  ['e', 'use "escape"'],
  ['format', 'write "%.2f" % value'],
  ['join', 'write ", ".join(values)'],
  ['jsonpath', 'read fields by name, as in {{ value.field[0].name }}'],
  ['map', 'use a "for" loop'],
  ['reject', 'use {% for item in values if … %}'],
  ['rejectattr', 'use {% for item in values if … %}'],
  ['safe', 'nothing is escaped unless asked'],
  ['select', 'use {% for item in values if … %}'],
  ['selectattr', 'use {% for item in values if … %}'],
  ['wordcount', 'write {{ value.split() | length }}'],
]);

/** What is wrong with the use of a filter, or `null`. Without `given` only the name is looked at. */
export function filterProblem(name: string, given?: Arguments): string | null {
  const filter = FILTERS.get(name);
  if (filter === undefined) {
    const hint = INSTEAD.get(name) ?? meantBy(name, FILTER_NAMES);
    return `Cannot use the filter "${name}": templates do not have it, ${hint}`;
  }
  return given === undefined ? null : bindingProblem(filter, { kind: 'filter', name }, given);
}

/** Applies a filter. The call has no {@link filterProblem}. */
export function applyFilter(name: string, value: Runtime, call: Call): Runtime {
  return applyOperation(FILTERS.get(name)!, value, call);
}
