// `--redo`: cells that are made again though nothing they are made from has changed. Pure.

import { declarationOf } from '../../columns/kinds.ts';
import { RefusedError } from '../../errors.ts';
import {
  isMade,
  type KeepRule,
  openProducers,
  type Plan,
  type PlanColumn,
  type RedoRule,
  type RowRanges,
} from '../../plan.ts';
import { plural } from '../../text/plural.ts';

export interface RedoWish {
  readonly column: string;
  readonly rows: RowRanges;
}

/** What is asked of a side effect is asked of the cells that it is read out of. */
export function ofProducers(
  { keep, redo }: { readonly keep: boolean | readonly string[]; readonly redo: readonly RedoWish[] },
  plan: Plan,
): { readonly keep: boolean | readonly string[]; readonly redo: readonly RedoWish[] } {
  const producerOf = openProducers(plan);
  return {
    keep: typeof keep === 'boolean' ? keep : keep.map(producerOf),
    redo: redo.map(({ column, rows }) => ({ column: producerOf(column), rows })),
  };
}

/** Throws `RefusedError` for a redo of what is no cell of the dataset. */
export function checkRedos(
  redos: readonly RedoWish[],
  of: { readonly plan: Plan; readonly before: { readonly rows: number } | undefined; readonly name: string },
): void {
  for (const { column, rows } of redos) {
    const found = of.plan.columns.find(({ name }) => name === column);
    if (found === undefined || !isMade(found)) {
      throw new RefusedError(`Cannot redo column "${column}": ${whyNoRedo(found, of.plan)}`);
    }
    if (of.before === undefined) {
      throw new RefusedError(`Cannot redo column "${column}": "${of.name}" has not been made yet`);
    }
    const last = rows?.at(-1)?.last ?? 0;
    if (last >= of.before.rows) {
      throw new RefusedError(
        `Cannot redo row ${last}: "${of.name}" has ${plural(of.before.rows, 'row')}, numbered from 0`,
      );
    }
  }
}

/** What to do instead for a column whose cells are not made again on their own. */
function whyNoRedo(column: PlanColumn | undefined, { columns }: Plan): string {
  if (column !== undefined) return declarationOf(column.kind).whyNoRedo ?? 'its cells are not kept';
  const made = columns.filter(isMade).map(({ name }) => name);
  return `there is no such column (${made.join(', ') || 'none'} can be made again)`;
}

function isSameRows(left: RowRanges, right: RowRanges): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/**
 * The rules with a higher counter for what was asked, but for a redo of the same cells that people do not see yet: it is
 * finished when its output is published, not when its cells are there.
 */
export function raiseRedos(
  redo: readonly RedoRule[],
  { asked, published }: { readonly asked: readonly RedoWish[]; readonly published: readonly RedoRule[] },
): readonly RedoRule[] {
  let rules = redo;
  for (const { column, rows } of asked) {
    const isSame = (rule: RedoRule) => rule.column === column && isSameRows(rule.rows, rows);
    const last = rules.find(isSame);
    const isSeen = ({ counter }: RedoRule) =>
      published.some((rule) => isSame(rule) && rule.counter >= counter);
    if (last !== undefined && !isSeen(last)) continue;
    const counters = rules.filter((rule) => rule.column === column).map(({ counter }) => counter);
    const isReplaced = (rule: RedoRule) => isSame(rule) || (rule.column === column && rows === null);
    const counter = Math.max(0, ...counters) + 1;
    rules = [...rules.filter((rule) => !isReplaced(rule)), { column, rows, counter }];
  }
  return rules;
}

/** The keep rules without the cells that are to be made again. */
export function withoutRedone(plan: Plan, redos: readonly RedoWish[]): readonly KeepRule[] {
  const stored = plan.columns.filter(({ strategy }) => strategy !== 'inline').map(({ name }) => name);
  return redos.reduce<readonly KeepRule[]>(
    (rules, redo) => rules.flatMap((rule) => withoutCells(rule, redo, stored)),
    plan.keep,
  );
}

function withoutCells(rule: KeepRule, redo: RedoWish, stored: readonly string[]): readonly KeepRule[] {
  if (rule.column !== null && rule.column !== redo.column) return [rule];
  const others = rule.column === null ? stored.filter((column) => column !== redo.column) : [];
  const rows = withoutRows(rule.rows, redo.rows);
  return [
    ...others.map((column) => ({ column, rows: rule.rows })),
    ...(rows.length === 0 ? [] : [{ column: redo.column, rows }]),
  ];
}

const ALL_ROWS = [{ first: 0, last: Number.MAX_SAFE_INTEGER }];

function withoutRows(from: RowRanges, taken: RowRanges): NonNullable<RowRanges> {
  if (taken === null) return [];
  return taken.reduce<NonNullable<RowRanges>>(
    (ranges, { first, last }) =>
      ranges.flatMap((range) => {
        const before = { first: range.first, last: Math.min(range.last, first - 1) };
        const after = { first: Math.max(range.first, last + 1), last: range.last };
        return [before, after].filter((left) => left.first <= left.last);
      }),
    from ?? ALL_ROWS,
  );
}
