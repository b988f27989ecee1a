// What differs between two plans: why cells are made again, and what becomes of the output. Pure.

import { findOwn } from '../../own-keys.ts';
import {
  isModelColumn,
  type ModelColumn,
  type Plan,
  type PlanColumn,
  type PlanModel,
  type PlanSeedSource,
} from '../../plan.ts';
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
  const old = new Map(before.columns.map((column) => [column.name, column]));
  const left = new Set(after.columns.map(({ name }) => name));
  const changes: string[] = [];
  for (const { name, drop } of after.columns) {
    const was = old.get(name);
    if (was === undefined) changes.push(`${name}: new column`);
    else if (was.drop !== drop) changes.push(`${name}: ${drop ? 'dropped from' : 'back in'} the output`);
  }
  for (const { name } of before.columns) if (!left.has(name)) changes.push(`${name}: no longer there`);
  return changes;
}

/** Why rows take other seed rows: `45 rows instead of 40, cycled`. */
export function describeSeedChange(before: PlanSeedSource | null, after: PlanSeedSource | null): string {
  if (before === null || after === null) return 'seed data is new';
  const [was, is] = [before.selection.count, after.selection.count];
  if (before.sampling !== after.sampling) return `sampling is ${after.sampling} now`;
  if (was === is) return before.sourceRows === after.sourceRows ? 'edited rows' : 'other rows selected';
  return `${plural(is, 'row')} instead of ${formatCount(was)}, ${after.sampling === 'shuffle' ? 'shuffled' : 'cycled'}`;
}

/** Fields of the plan, and what the document calls them. */
const FIELDS: readonly { readonly key: string; readonly field: string; readonly word: string }[] = [
  { key: 'prompt', field: 'prompt', word: 'prompt' },
  { key: 'systemPrompt', field: 'system_prompt', word: 'system prompt' },
  { key: 'schema', field: 'output_format', word: 'output format' },
  { key: 'scores', field: 'scores', word: 'scores' },
  { key: 'expr', field: 'expr', word: 'expression' },
  { key: 'dtype', field: 'dtype', word: 'dtype' },
  { key: 'sampler', field: 'sampler_type', word: 'sampler' },
  { key: 'params', field: 'params', word: 'params' },
  { key: 'conditions', field: 'conditional_params', word: 'conditions' },
  { key: 'convertTo', field: 'convert_to', word: 'conversion' },
];

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
  for (const { key, field, word } of FIELDS) {
    if (!isSame(fieldOf(was, key), fieldOf(column, key))) return { what: `${word} changed`, field };
  }
  if (isModelColumn(column) && isModelColumn(was)) {
    const [old, now] = [findOwn(before.models, was.alias), findOwn(after.models, column.alias)];
    for (const { key, word } of MODEL_FIELDS) {
      if (isSame(old?.[key], now?.[key])) continue;
      return { what: `${word} of ${column.alias} changed`, field: 'model_alias' };
    }
    if (!isSame(redoOf(before, column), redoOf(after, column))) return { what: 'redo', field: null };
    return undefined;
  }
  if (column.kind === 'seed-dataset' && !isSame(before.seedSource, after.seedSource)) {
    return { what: 'seed data changed', field: null };
  }
  if (column.kind === 'sampler' && before.seed !== after.seed) return { what: 'seed changed', field: null };
  return undefined;
}

function fieldOf(column: PlanColumn, key: string): unknown {
  return findOwn(column as unknown as Record<string, unknown>, key) ?? null;
}

function redoOf(plan: Plan, { name }: ModelColumn): unknown {
  return plan.redo.filter(({ column }) => column === name);
}

function isSame(left: unknown, right: unknown): boolean {
  return formatJson((left ?? null) as Value) === formatJson((right ?? null) as Value);
}
