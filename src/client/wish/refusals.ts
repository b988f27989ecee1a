// What a wish may not ask of a dataset that is there. Each throws `RefusedError`.

import { RefusedError } from '../../errors.ts';
import { capReached } from '../../models/prices.ts';
import type { Plan, Settings } from '../../plan.ts';
import type { DatasetRecord, EpochRecord } from '../../store/dataset-store.ts';
import { plural } from '../../text/plural.ts';
import type { Money } from './money.ts';
import { SIMULATED_SUFFIX } from './target.ts';

export function refuseFewerRows({ rows }: Settings, before: EpochRecord, name: string): void {
  if (rows >= before.rows) return;
  throw new RefusedError(
    `Cannot make "${name}" smaller: it was asked for ${plural(before.rows, 'row')}, now for ${rows}. Use -n ${before.rows}, or --new for another dataset`,
  );
}

export function refuseOtherGroupSize({ rowGroupSize }: Plan, before: DatasetRecord, name: string): void {
  if (rowGroupSize === before.rowGroupSize) return;
  throw new RefusedError(
    `Cannot change row_group_size of "${name}" to ${rowGroupSize}: the dataset was made with ${before.rowGroupSize}. Use --new for another dataset`,
  );
}

/** More calls would pass a cap that is reached, or one of which nobody knows how far it is. */
export function refuseSpent(settings: Settings, { spent }: Pick<Money, 'spent'>, name: string): void {
  const reached = capReached(settings.spentBefore ?? { dollars: 0, tokens: 0 }, settings);
  if (reached !== null) throw new RefusedError(`Cannot go on with "${name}": ${reached} · raise it`);
  const [model] = spent.unpriced;
  if (settings.maxCostUsd === undefined || model === undefined) return;
  throw new RefusedError(
    `Cannot keep "${name}" below max_cost_usd: it has had answers of ${model}, whose price is not known · give it one in rowloom.prices, by the name of the model`,
  );
}

/** A dataset of simulated answers that was made with `--simulate` must not start to cost money for want of a flag. */
export function refuseRealModels(of: { latest: Plan | null; plan: Plan; name: string }): void {
  if (!of.name.endsWith(SIMULATED_SUFFIX) || of.latest === null) return;
  const isSimulated = (plan: Plan) =>
    Object.values(plan.models).every(({ providerType }) => providerType === 'simulated');
  if (!isSimulated(of.latest) || isSimulated(of.plan)) return;
  throw new RefusedError(
    `Cannot ask real models for "${of.name}": its answers are simulated. Go on with --simulate, or use --name for another dataset`,
  );
}
