// Checks columns by what only their kinds know.

import { type ColumnChecks, type ColumnConfig, NO_FACTS } from '../columns/declaration.ts';
import { declarationOf } from '../columns/kinds.ts';
import { misfitOfSkip } from '../columns/skip-type.ts';
import { constraintOf, type ReadConstraint } from './constraints.ts';
import type { Path } from './load.ts';
import type { Report } from './report.ts';
import type { ReadColumn } from './validate.ts';

export interface KindChecks extends Pick<ColumnChecks, 'constraintsOf'> {
  readonly columns: readonly ReadColumn[];
  readonly constraints: readonly ReadConstraint[];
  /** The columns that each of `columns` needs. */
  readonly needs: readonly (readonly string[])[];
}

/** What only the kinds of columns know to be wrong is in the report. */
export function checkKinds(report: Report, { columns, constraints, constraintsOf, needs }: KindChecks): void {
  const upstreamOf = openUpstream(columns, needs);
  const siblings = columns.map(({ name, columnType, config }) => ({ name, kind: columnType, config }));
  for (const { path: place, config } of columns) {
    if (config === null) continue;
    const { check } = declarationOf(config.column_type);
    check?.(config, {
      columns: siblings,
      constraintsOf,
      upstreamOf,
      constraints: constraints.flatMap((constraint) => {
        if (constraint.config?.target_column !== config.name) return [];
        const add: ColumnChecks['constraints'][number]['add'] = (message, field, level) => {
          const path = field === null ? constraint.path : [...constraint.path, field];
          report.add({ path, message, ...(level === undefined ? {} : { level }) });
        };
        return [{ constraint: constraintOf(constraint.config), add }];
      }),
      add: (path, message, options) => report.add({ path: [...place, ...path], message, ...options }),
    });
    checkSkip(report, { path: place, config });
  }
}

function checkSkip(
  report: Report,
  { path, config }: { readonly path: Path; readonly config: ColumnConfig },
): void {
  const { strategy, form, type } = declarationOf(config.column_type);
  if (config.skip === null) return;
  if (strategy(form(config, NO_FACTS)) === 'root') {
    const message = `is not for ${config.column_type} columns: they start the rows`;
    report.add({ path: [...path, 'skip'], message });
    return;
  }
  const misfit = misfitOfSkip(config.skip, type(config, NO_FACTS));
  const message = `${misfit}: with it, all cells of the column are written as JSON text`;
  if (misfit !== undefined) report.add({ path: [...path, 'skip', 'value'], message, level: 'warning' });
}

/** Finds what a column needs, each after those that it needs itself; in a circle each once. */
function openUpstream(
  columns: readonly ReadColumn[],
  needs: readonly (readonly string[])[],
): (column: string) => readonly string[] {
  const byName = new Map(columns.map(({ name }, index) => [name, needs[index]!]));
  return (column) => {
    const found = new Set<string>([column]);
    const visit = (name: string): readonly string[] =>
      (byName.get(name) ?? []).flatMap((need) => {
        if (found.has(need)) return [];
        found.add(need);
        return [...visit(need), need];
      });
    return visit(column);
  };
}
