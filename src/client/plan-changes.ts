// Why cells are made again: what differs between the plan of the current output and the new one, column by column.

import { isModelColumn, type ModelColumn, type Plan, type PlanColumn } from '../plan.ts';
import { formatJson, type Value } from '../values.ts';

export interface ColumnChange {
  /** `prompt changed`, `redo`, `seed data changed`. */
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

/** Fields of the plan, and what the document calls them. */
const FIELDS: readonly { readonly key: string; readonly field: string; readonly word: string }[] = [
  { key: 'prompt', field: 'prompt', word: 'prompt' },
  { key: 'systemPrompt', field: 'system_prompt', word: 'system prompt' },
  { key: 'alias', field: 'model_alias', word: 'model' },
  { key: 'schema', field: 'output_format', word: 'output format' },
  { key: 'scores', field: 'scores', word: 'scores' },
  { key: 'expr', field: 'expr', word: 'expression' },
  { key: 'dtype', field: 'dtype', word: 'dtype' },
  { key: 'sampler', field: 'sampler_type', word: 'sampler' },
  { key: 'params', field: 'params', word: 'params' },
  { key: 'conditions', field: 'conditional_params', word: 'conditions' },
  { key: 'convertTo', field: 'convert_to', word: 'conversion' },
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
    if (!isSame(modelOf(before, was), modelOf(after, column)))
      return { what: 'model parameters changed', field: 'model_alias' };
    if (!isSame(redoOf(before, column.name), redoOf(after, column.name)))
      return { what: 'redo', field: null };
    return undefined;
  }
  if (column.kind === 'seed-dataset' && !isSame(before.seedSource, after.seedSource)) {
    return { what: 'seed data changed', field: null };
  }
  if (column.kind === 'sampler' && before.seed !== after.seed) return { what: 'seed changed', field: null };
  return undefined;
}

function fieldOf(column: PlanColumn, key: string): unknown {
  return (column as unknown as Record<string, unknown>)[key] ?? null;
}

function modelOf(plan: Plan, { alias }: ModelColumn): unknown {
  return plan.models[alias] ?? null;
}

function redoOf(plan: Plan, column: string): unknown {
  return plan.redo.filter((rule) => rule.column === column);
}

function isSame(left: unknown, right: unknown): boolean {
  return formatJson(left as Value) === formatJson(right as Value);
}
