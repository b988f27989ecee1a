// What a plan says about one row group, as digests. A group whose record has the digest of today is as the plan wants it
// and need not be opened; a column whose definition is that of the record has the cells that it should have, unread.

import { declarationOf } from '../columns/kinds.ts';
import { digestOf } from '../digest.ts';
import type { RowRange } from '../graph/types.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { aliasesOf, openProducers, type Plan, type PlanColumn, type RowRanges } from '../plan.ts';
import { modelInOrder, planDigest } from './plan-digest.ts';

export interface GroupDigests {
  /** Covers the whole plan, the version of what reads answers, and seed rows, keep and redo rules cut to these rows. */
  groupDigest(rows: RowRange): string;
  /** Whether the plan keeps cells of these rows: what those are depends on what people see. */
  keeps(rows: RowRange): boolean;
  /** By column, inline ones too: covers its definition, all above it, and what of the rules is about it in these rows. */
  definitions(rows: RowRange): { readonly [column: string]: string };
}

export interface GroupDigestsOptions {
  readonly plan: Plan;
  /** Names in topological order. */
  readonly order: readonly string[];
  /** Digest of the seed rows that some rows take; null without seeds. */
  readonly seedKeyOf: (rows: RowRange) => string | null;
}

export function makeGroupDigests({ plan, order, seedKeyOf }: GroupDigestsOptions): GroupDigests {
  const { keep, redo, columns } = plan;
  const readers = plan.columns.map(({ kind }) => declarationOf(kind).readVersion);
  // What is made of all rows together changes no group, but that its rows stand in another folder then.
  const { afterGeneration, ...ofGroups } = { ...plan, keep: [], redo: [], seedSource: null };
  const isDerived = afterGeneration === undefined ? {} : { afterGeneration: [] };
  const whole = [readers, planDigest({ ...ofGroups, ...isDerived })];
  const byName = new Map(columns.map((column) => [column.name, column]));
  const ordered = order.map((name) => byName.get(name)!);
  const own = new Map(columns.map((column) => [column.name, digestOf(definitionOf(plan, column))]));
  const producerOf = openProducers(plan);
  const roots = columns.filter(({ strategy }) => strategy === 'root').map(({ name }) => own.get(name));
  const known = new Map<string, { readonly [column: string]: string }>();

  function rulesFor(rows: RowRange) {
    return {
      keep: keep.flatMap((rule) => cutRule(rule, rows)),
      redo: redo.flatMap((rule) => cutRule(rule, rows)),
      seeds: seedKeyOf(rows),
    };
  }

  return {
    groupDigest: (rows) => digestOf({ whole, rows, ...rulesFor(rows) }),
    keeps: (rows) => keep.some((rule) => cutRule(rule, rows).length > 0),
    definitions(rows) {
      const rules = rulesFor(rows);
      // Nearly all groups have the same rules.
      const key = JSON.stringify(rules);
      const found = known.get(key) ?? define(rules);
      known.set(key, found);
      return found;
    },
  };

  function define(rules: ReturnType<typeof rulesFor>): { readonly [column: string]: string } {
    const definitions: Record<string, string> = {};
    const allRoots = { processors: plan.beforeBatch, roots, seeds: rules.seeds };
    for (const column of ordered) {
      const { name, kind, needs } = column;
      const { follows } = declarationOf(kind);
      const definition = {
        own: own.get(name),
        keep: rules.keep.filter((rule) => rule.column === null || rule.column === name),
        redo: rules.redo.filter((rule) => rule.column === name),
        seeds: follows.seedSource === undefined ? null : rules.seeds,
        // A processor before the batch may change any root, by what any other one is.
        roots: column.strategy === 'root' && plan.beforeBatch !== undefined ? allRoots : undefined,
        above: needs.map((need) => findOwn(definitions, producerOf(need))),
      };
      setOwn(definitions, name, digestOf(definition));
    }
    return definitions;
  }
}

/** All that makes a column's cells beside the columns that it needs. */
function definitionOf(plan: Plan, column: PlanColumn): object {
  const { readVersion } = declarationOf(column.kind);
  const models = aliasesOf(column).map((alias) => modelInOrder(findOwn(plan.models, alias)!));
  // What is left out of the output is made as it was.
  const sideEffects = column.sideEffects.map(({ name, type }) => ({ name, type }));
  return { definition: { ...column, drop: false, sideEffects }, models, seed: plan.seed, read: readVersion };
}

/** A rule for some rows; none where it is about no row of them. `null` is all of them. */
function cutRule<Rule extends { readonly rows: RowRanges }>(rule: Rule, { first, last }: RowRange): Rule[] {
  if (rule.rows === null) return [rule];
  const rows = rule.rows
    .map((range) => ({ first: Math.max(range.first, first), last: Math.min(range.last, last) }))
    .filter((range) => range.first <= range.last);
  const isAll = rows.some((range) => range.first === first && range.last === last);
  return rows.length === 0 ? [] : [{ ...rule, rows: isAll ? null : rows }];
}
