// Digests of plans. Models read and answer in the order of properties and options, and a request's fields are sent in
// theirs: a digest of them as maps would not know it, so they stand in it as text.

import { digestOf } from '../digest.ts';
import type { Plan, PlanModel } from '../plan.ts';
import { formatJson } from '../values.ts';

/** Names all that a plan says. */
export function planDigest(plan: Plan): string {
  const models = Object.entries(plan.models).map(([alias, model]) => [alias, modelInOrder(model)]);
  return digestOf({ ...plan, models: Object.fromEntries(models) });
}

export function modelInOrder(model: PlanModel): object {
  return { ...model, extraBody: formatJson(model.extraBody) };
}
