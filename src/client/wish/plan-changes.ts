// What differs between two plans: why cells are made again, and what becomes of the output. Pure.

import type { FieldWord } from '../../columns/declaration.ts';
import { declarationOf } from '../../columns/kinds.ts';
import { findOwn } from '../../own-keys.ts';
import {
  aliasesOf,
  allProcessors,
  isMade,
  outputColumns,
  type Plan,
  type PlanColumn,
  type PlanModel,
  type PlanSeedSource,
} from '../../plan.ts';
import { processorOf } from '../../processors/kinds.ts';
import { formatCount, plural } from '../../text/plural.ts';
import { formatJson, type Value } from '../../values.ts';

export interface ColumnChange {
  /** `prompt changed`, `temperature of writer changed`, `redo`, `seed data changed`. */
  readonly what: string;
  /** The document's field that changed; null when it is not in the column. */
  readonly field: string | null;
}

/** By column of the new plan. A column without an entry has not changed itself; what it needs may have. */
export function findChanges(before: Plan, after: Plan): ReadonlyMap<string, ColumnChange> {
  const old = new Map(before.columns.map((column) => [column.name, column]));
  const changes = new Map<string, ColumnChange>();
  for (const column of after.columns) {
    const change = changeOf({ before, after, column, was: old.get(column.name) });
    if (change !== undefined) changes.set(column.name, change);
  }
  return changes;
}

/** Columns that the output gains, loses, or keeps apart, each as `note: no longer there`. */
export function findOutputChanges(before: Plan, after: Plan): readonly string[] {
  const [columnsBefore, columns] = [outputColumns(before), outputColumns(after)];
  const old = new Map(columnsBefore.map((column) => [column.name, column]));
  const left = new Set(columns.map(({ name }) => name));
  const changes: string[] = [];
  for (const { name, drop } of columns) {
    const was = old.get(name);
    if (was === undefined) changes.push(`${name}: new column`);
    else if (was.drop !== drop) changes.push(`${name}: ${drop ? 'dropped from' : 'back in'} the output`);
  }
  if (before.preservesDropped !== after.preservesDropped && columns.some(({ drop }) => drop))
    changes.push(`dropped columns: ${after.preservesDropped === false ? 'no longer kept' : 'kept'} in files`);
  for (const { name } of columnsBefore) if (!left.has(name)) changes.push(`${name}: no longer there`);
  return [...changes, ...findProcessorChanges(before, after)];
}

/** Processors whose files, or what they do with rows, change: `processor chat: template changed`. */
function findProcessorChanges(before: Plan, after: Plan): readonly string[] {
  const [were, are] = [allProcessors(before), allProcessors(after)];
  const old = new Map(were.map((processor) => [processor.name, processor]));
  const left = new Set(are.map(({ name }) => name));
  const changes = are.flatMap(({ name, kind, form }) => {
    const was = old.get(name);
    if (was === undefined) return `processor ${name}: new`;
    if (was.kind !== kind) return `processor ${name}: processor type changed`;
    const words = Object.entries(processorOf(kind).words);
    return words
      .filter(([key]) => !isSame(fieldOf(was.form, key), fieldOf(form, key)))
      .map(([, word]) => `processor ${name}: ${word} changed`);
  });
  const gone = were.filter(({ name }) => !left.has(name));
  return [...changes, ...gone.map(({ name }) => `processor ${name}: no longer there`)];
}

/** Whether roots may be others because of what processors make of them. */
export function changesBeforeBatch(before: Plan, after: Plan): boolean {
  return !isSame(before.beforeBatch, after.beforeBatch);
}

/** Why rows take other seed rows: `45 rows instead of 40, cycled`. */
export function describeSeedChange(before: PlanSeedSource | null, after: PlanSeedSource | null): string {
  if (before === null || after === null) return 'seed data is new';
  const [was, is] = [before.selection.count, after.selection.count];
  if (before.sampling !== after.sampling) return `sampling is ${after.sampling} now`;
  if (was === is) return before.sourceRows === after.sourceRows ? 'edited rows' : 'other rows selected';
  return `${plural(is, 'row')} instead of ${formatCount(was)}, ${after.sampling === 'shuffle' ? 'shuffled' : 'cycled'}`;
}

const MODEL_FIELDS: readonly { readonly key: keyof PlanModel; readonly word: string }[] = [
  { key: 'model', word: 'model' },
  { key: 'providerType', word: 'provider type' },
  { key: 'temperature', word: 'temperature' },
  { key: 'topP', word: 'top_p' },
  { key: 'maxTokens', word: 'max_tokens' },
  { key: 'extraBody', word: 'extra_body' },
];

function changeOf(of: {
  before: Plan;
  after: Plan;
  column: PlanColumn;
  was: PlanColumn | undefined;
}): ColumnChange | undefined {
  const { before, after, column, was } = of;
  if (was === undefined) return { what: 'new column', field: null };
  if (was.kind !== column.kind) return { what: 'column type changed', field: 'column_type' };
  const { words, follows } = declarationOf(column.kind);
  for (const [key, given] of Object.entries<FieldWord | null>(words)) {
    if (given === null) continue;
    const { word, field } = typeof given === 'string' ? { word: given, field: key } : given;
    if (!isSame(fieldOf(was.form, key), fieldOf(column.form, key))) return { what: `${word} changed`, field };
  }
  if (!isSame(was.skip, column.skip)) return { what: 'skip changed', field: 'skip' };
  if (was.propagateSkip !== column.propagateSkip)
    return { what: 'propagate_skip changed', field: 'propagate_skip' };
  for (const [index, alias] of aliasesOf(column).entries()) {
    const [old, now] = [findOwn(before.models, aliasesOf(was)[index] ?? ''), findOwn(after.models, alias)];
    for (const { key, word } of MODEL_FIELDS) {
      if (isSame(old?.[key], now?.[key])) continue;
      return { what: `${word} of ${alias} changed`, field: 'model_alias' };
    }
  }
  if (isMade(column) && !isSame(redoOf(before, column), redoOf(after, column)))
    return { what: 'redo', field: null };
  for (const [key, what] of Object.entries(follows)) {
    if (!isSame(fieldOf(before, key), fieldOf(after, key))) return { what, field: null };
  }
  return undefined;
}

function fieldOf(owner: unknown, key: string): unknown {
  return findOwn(owner as Record<string, unknown>, key) ?? null;
}

function redoOf(plan: Plan, { name }: PlanColumn): unknown {
  return plan.redo.filter(({ column }) => column === name);
}

function isSame(left: unknown, right: unknown): boolean {
  return formatJson((left ?? null) as Value) === formatJson((right ?? null) as Value);
}
