// Reads the constraints of a document and checks the names in them.

import type { z } from 'zod';
import type { Constraint, Facts } from '../columns/declaration.ts';
import { filledText, map, oneOf, plainValue, real } from '../columns/fields.ts';
import { declarationOf } from '../columns/kinds.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { readPart } from './explain.ts';
import type { Path } from './load.ts';
import { fieldsOf, readList, readWord } from './read-parts.ts';
import type { Report } from './report.ts';

const operator = () => oneOf(['lt', 'le', 'gt', 'ge']);

export const CONSTRAINTS = {
  scalar_inequality: map({
    target_column: filledText(),
    constraint_type: oneOf(['scalar_inequality']).default('scalar_inequality'),
    operator: operator(),
    rhs: real(),
  }),
  column_inequality: map({
    target_column: filledText(),
    constraint_type: oneOf(['column_inequality']).default('column_inequality'),
    operator: operator(),
    rhs: filledText(),
  }),
};
type ConstraintType = keyof typeof CONSTRAINTS;
const TYPES = Object.keys(CONSTRAINTS) as ConstraintType[];
export type ConstraintConfig = z.output<(typeof CONSTRAINTS)[ConstraintType]>;

/** A constraint as far as it could be read; null when something in it is wrong. */
export interface ReadConstraint {
  readonly path: Path;
  readonly config: ConstraintConfig | null;
}

export function readConstraints(report: Report): readonly ReadConstraint[] {
  return readList(report, ['constraints']).map((path) => {
    // Says what is wrong with one that is no map.
    const fields = fieldsOf(report.read(path)) ?? {};
    const type =
      plainValue(fields.constraint_type ?? null) === null
        ? typeOfRhs(plainValue(fields.rhs))
        : readWord(report, { path: [...path, 'constraint_type'], words: TYPES });
    const schema: z.ZodType<ConstraintConfig> | null = type === null ? null : CONSTRAINTS[type];
    return { path, config: schema === null ? null : readPart(report, { path, schema }) };
  });
}

/** A number, or a text that is one, is compared with; any other text names a column. */
function typeOfRhs(rhs: unknown): ConstraintType {
  const isName = typeof rhs === 'string' && (rhs.trim() === '' || !Number.isFinite(Number(rhs)));
  return isName ? 'column_inequality' : 'scalar_inequality';
}

/** By the column whose values have to hold them. */
export function constraintsByTarget(configs: readonly ConstraintConfig[]): Facts['constraints'] {
  const all = new Map<string, readonly Constraint[]>();
  for (const config of configs) {
    const { target_column: target } = config;
    all.set(target, [...(all.get(target) ?? []), constraintOf(config)]);
  }
  return all;
}

export function constraintOf({ operator: compare, rhs }: ConstraintConfig): Constraint {
  return { operator: compare, rhs: typeof rhs === 'number' ? rhs : { column: rhs } };
}

/** The columns that constraints compare a column's values with: they are made before it. */
export function comparedWith(constraints: Facts['constraints'], target: string): readonly string[] {
  const own = constraints.get(target) ?? [];
  return own.flatMap(({ rhs }) => (typeof rhs === 'number' || rhs.column === target ? [] : [rhs.column]));
}

interface NamedColumn {
  readonly name: string | null;
  /** Null for a word that is no kind. */
  readonly kind: string | null;
}

export interface ConstraintNames {
  readonly constraints: readonly ReadConstraint[];
  readonly columns: readonly NamedColumn[];
  /** All names that columns can be referred to by; null when they are not all known. */
  readonly known: readonly string[] | null;
}

/** Names of columns that are not there, or whose values cannot be constrained, are in the report. */
export function checkConstraintNames(report: Report, { constraints, columns, known }: ConstraintNames): void {
  const names = columns.flatMap((column) => (takesConstraints(column) ? (column.name ?? []) : []));
  for (const { path, config } of constraints) {
    if (config === null) continue;
    const { target_column: target, rhs } = config;
    const check = (field: string, name: string) => {
      const column = columns.find((other) => other.name === name);
      const isThere = column !== undefined || (known?.includes(name) ?? true);
      // What is wrong with a column whose kind is not known is said there.
      if (column !== undefined && (column.kind === null || takesConstraints(column))) return;
      const message = isThere
        ? `has to name a sampler column, and "${name}" is none`
        : `names no column: there is no "${name}"${suggestion(nearestName(name, names))}`;
      report.add({ path: [...path, field], message });
    };
    check('target_column', target);
    if (rhs === target) report.add({ path: [...path, 'rhs'], message: `compares "${target}" with itself` });
    else if (typeof rhs === 'string') check('rhs', rhs);
  }
}

function takesConstraints({ kind }: NamedColumn): boolean {
  return kind !== null && declarationOf(kind).takesConstraints === true;
}
