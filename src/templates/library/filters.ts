// The filters that templates may use.

import { meantBy } from '../../text/nearest-name.ts';
import type { Runtime } from '../runtime.ts';
import type { Arguments, Expression } from '../syntax/syntax.ts';
import { applyOperation, bindingProblem, type Call, type Operation } from './argument-binding.ts';
import { choiceProblem, collectionFilters } from './collection-filters.ts';
import { FILTER_NAMES, INSTEAD } from './filter-names.ts';
import { ITEM_FILTERS } from './item-filters.ts';
import { LAYOUT_FILTERS } from './layout-filters.ts';
import { NUMBER_FILTERS } from './number-filters.ts';
import { TEXT_FILTERS } from './text-filters.ts';

const FILTERS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    ...ITEM_FILTERS,
    ...NUMBER_FILTERS,
    ...TEXT_FILTERS,
    ...LAYOUT_FILTERS,
    ...collectionFilters((name) => FILTERS.get(name)),
  }),
);

/** What is wrong with the use of a filter, or `null`. Without `given` only the name is looked at. */
export function filterProblem(name: string, given?: Arguments): string | null {
  const filter = FILTERS.get(name);
  if (filter === undefined) {
    const hint = INSTEAD.get(name) ?? meantBy(name, FILTER_NAMES);
    return `Cannot use the filter "${name}": templates do not have it, ${hint}`;
  }
  if (given === undefined) return null;
  const positional = given.positional.map(constantOf);
  const inner = name === 'map' ? positional[0] : undefined;
  return (
    bindingProblem(filter, { kind: 'filter', name }, given) ??
    choiceProblem(name, positional) ??
    (typeof inner === 'string'
      ? filterProblem(inner, { positional: given.positional.slice(1), named: given.named })
      : null)
  );
}

/** What an argument is where it is written out. */
function constantOf(expression: Expression): unknown {
  return expression.kind === 'constant' ? expression.value : undefined;
}

/** Applies a filter. The call has no {@link filterProblem}. */
export function applyFilter(name: string, value: Runtime, call: Call): Runtime {
  return applyOperation(FILTERS.get(name)!, value, call);
}
