// Whether a column's values can hold its constraints: what is compared has to be of one kind, and a trial has to find values.

import { findOwn } from '../../own-keys.ts';
import { plural } from '../../text/plural.ts';
import type { Value } from '../../values.ts';
import { type ColumnChecks, type ConstraintCheck, NO_FACTS } from '../declaration.ts';
import { describeConstraint } from './constraints.ts';
import { formOfSampler, type SamplerColumn, typeOfSampler } from './form.ts';
import { openSamplers } from './open-samplers.ts';
import { type SamplerConfig, samplerOf } from './samplers.ts';

export function checkConstraints(config: SamplerConfig, checks: ColumnChecks): void {
  const { constraints } = checks;
  if (constraints.length === 0) return;
  const problems = constraints.map(({ constraint: { rhs }, add }) => {
    const problem = comparisonProblem(config, { rhs, checks });
    if (problem !== null) add(problem.message, problem.field);
    return problem;
  });
  const isItself = constraints.some(
    ({ constraint: { rhs } }) => typeof rhs === 'object' && rhs.column === config.name,
  );
  if (!isItself && problems.every((problem) => problem === null)) tryThem(config, checks);
}

type Kind = 'numbers' | 'dates' | 'text';

/** What is compared of a column; null where nothing is. */
function kindOf(config: SamplerConfig): Kind | null {
  const { draws } = samplerOf(config.sampler_type);
  if (draws === 'text' || draws === 'object') return null;
  if (draws === 'date') return 'dates';
  return typeOfSampler(config, NO_FACTS).kind === 'text' ? 'text' : 'numbers';
}

interface Comparison {
  readonly rhs: ConstraintCheck['constraint']['rhs'];
  readonly checks: ColumnChecks;
}

function comparisonProblem(
  config: SamplerConfig,
  { rhs, checks }: Comparison,
): { readonly field: 'target_column' | 'rhs'; readonly message: string } | null {
  const kind = kindOf(config);
  const none = (name: string, type: string) => `"${name}" is a ${type}, whose values cannot be compared`;
  if (kind === null) return { field: 'target_column', message: none(config.name, config.sampler_type) };
  if (typeof rhs === 'number') {
    const message = `is a number, and "${config.name}" holds ${kind}`;
    return kind === 'numbers' ? null : { field: 'rhs', message };
  }
  const other = findSampler(checks, rhs.column);
  // What is wrong with a column that is none, or that cannot be read, is said elsewhere.
  if (other === null) return null;
  const otherKind = kindOf(other);
  if (otherKind === null) return { field: 'rhs', message: none(other.name, other.sampler_type) };
  const message = `"${rhs.column}" holds ${otherKind}, and "${config.name}" holds ${kind}`;
  return kind === otherKind ? null : { field: 'rhs', message };
}

function findSampler({ columns }: Pick<ColumnChecks, 'columns'>, name: string): SamplerConfig | null {
  const config = columns.find((column) => column.name === name)?.config ?? null;
  return config?.column_type === 'sampler' ? (config as SamplerConfig) : null;
}

const TRIAL_ROWS = 16;
/** Of a row; a build goes on to ten thousand. */
const TRIAL_DRAWS = 3_000;

/** Draws some rows with one constraint after the other, until there is one that most rows cannot hold. */
function tryThem(config: SamplerConfig, checks: ColumnChecks): void {
  const { constraints } = checks;
  for (const [index, { constraint, add }] of constraints.entries()) {
    const held = constraints.slice(0, index + 1).map((check) => check.constraint);
    const failed = failedRows(config, { checks, held });
    if (failed === null) return;
    if (failed === 0) continue;
    const drawn = plural(TRIAL_DRAWS, 'value');
    const what = `${describeConstraint(constraint)}${index === 0 ? '' : ' and held what stands before'}`;
    if (failed === TRIAL_ROWS) {
      const range = rangeOf(config, checks);
      add(`cannot be held: none of ${drawn} drawn for each of ${TRIAL_ROWS} rows was ${what}${range}`, null);
    } else {
      const message = `is hard to hold: for ${failed} of ${TRIAL_ROWS} rows tried none of ${drawn} drawn was ${what}. Such rows are dropped`;
      add(message, null, 'warning');
    }
    return;
  }
}

interface Trial {
  readonly checks: ColumnChecks;
  readonly held: readonly ConstraintCheck['constraint'][];
}

/** How many rows of a trial found no value; null where no trial can be made. */
function failedRows(config: SamplerConfig, { checks, held }: Trial): number | null {
  const makeRow = openTrial(config, { checks, held });
  if (makeRow === null) return null;
  const failures = Array.from({ length: TRIAL_ROWS }, (_, row) => makeRow(row).failure);
  return failures.filter((failure) => failure?.column === config.name).length;
}

/** `: they lie between 0 and 99.5` */
function rangeOf(config: SamplerConfig, checks: ColumnChecks): string {
  const makeRow = openTrial(config, { checks, held: [] });
  const rows = Array.from(
    { length: 200 },
    (_, row) => findOwn(makeRow?.(row).values ?? {}, config.name) ?? null,
  );
  const values = rows.filter((value): value is NonNullable<Value> => value !== null);
  if (values.length === 0) return '';
  values.sort((left, right) => (left < right ? -1 : 1));
  return `: they lie between ${values[0]} and ${values.at(-1)}`;
}

/** Makes rows of a column and of all samplers that it needs, dates as they are compared. */
function openTrial(config: SamplerConfig, { checks, held }: Trial) {
  const names = checks.upstreamOf(config.name);
  const configs = names.map((name) => findSampler(checks, name));
  // Columns that cannot be read, and those that need each other, are in the report already.
  const isCircle = names.some((name) => checks.upstreamOf(name).includes(config.name));
  if (isCircle || configs.includes(null)) return null;
  const facts = { ...NO_FACTS, constraints: checks.constraintsOf };
  const columns = [...configs.filter((other) => other !== null), config].map((other): SamplerColumn => {
    const isTarget = other === config;
    const own = isTarget ? { ...facts, constraints: new Map([[config.name, held]]) } : facts;
    const form = formOfSampler(other, own);
    const isDate = samplerOf(form.sampler).draws === 'date';
    return {
      ...{ kind: 'sampler', name: other.name, strategy: 'root', drop: false, needs: [], skip: null },
      ...{ propagateSkip: true, onError: 'drop', sideEffects: [], limiters: [], inOrder: false },
      type: typeOfSampler(other, NO_FACTS),
      form: isDate ? { ...form, convertTo: null } : form,
    };
  });
  return openSamplers(columns, { seed: 'trial', personaFolder: null, maxDraws: TRIAL_DRAWS }).makeRow;
}
