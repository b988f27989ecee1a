// Digests of plans. Models read and answer in the order of properties and options, and a request's fields are sent in
// theirs: a digest of them as maps would not know it, so they stand in it as text.

import { digestOf } from '../digest.ts';
import type { Plan, PlanColumn, PlanModel } from '../plan.ts';
import { formatJson } from '../values.ts';

/** Names all that a plan says. */
export function planDigest(plan: Plan): string {
  const models = Object.entries(plan.models).map(([alias, model]) => [alias, modelInOrder(model)]);
  return digestOf({ ...plan, columns: plan.columns.map(columnInOrder), models: Object.fromEntries(models) });
}

export function modelInOrder(model: PlanModel): object {
  return { ...model, extraBody: formatJson(model.extraBody) };
}

export function columnInOrder(column: PlanColumn): object {
  if (column.kind === 'llm-structured') return { ...column, schema: formatJson(column.schema) };
  return column.kind === 'llm-judge' ? { ...column, scores: formatJson(column.scores) } : column;
}
