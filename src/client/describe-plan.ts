// The plan lines: how many calls a wish costs, and why those that are made again.

import { findOwn } from '../own-keys.ts';
import { isModelColumn } from '../plan.ts';
import { plural } from '../plural.ts';
import type { EpochRecord } from '../store/dataset-store.ts';
import { type ColumnCount, NO_COUNT, sumCounts } from './count-cells.ts';
import { formatCount, line } from './format.ts';
import { livenessOf } from './liveness.ts';
import { describeSeedChange, findChanges, findOutputChanges } from './plan-changes.ts';
import { ASK_ABOVE_CELLS, type Wish } from './wish.ts';

/** Lines are broken between parts, near this width. */
const WIDTH = 96;
/** Names in one list of columns. */
const MAX_NAMES = 5;

/** What a wish costs: first why cells are made again, then what is kept and what is new. */
export function describePlan(wish: Wish): string[] {
  const lines = wish.isDone
    ? ['all of it is there, nothing to do', ...crashesOf(wish)]
    : [...pack(reasonsOf(wish)), ...pack(costsOf(wish)), ...crashesOf(wish)];
  return lines.map((text, index) => line(index === 0 ? 'plan' : '', text));
}

function reasonsOf(wish: Wish): string[] {
  const { counts, plan, planBefore } = wish;
  const outputChanges = planBefore === null ? [] : findOutputChanges(planBefore, plan);
  const retried = Object.entries(counts.columns).flatMap(([name, count]) =>
    count.retried === 0 ? [] : [`${name}: ${formatCount(count.retried)} failed before → tried again`],
  );
  return [...describeSeeds(wish), ...describeReasons(wish), ...outputChanges, ...retried];
}

function costsOf(wish: Wish): string[] {
  const { counts, plan, replacesOutput } = wish;
  const { kept, keptAsIs, missing, again, retried, calls } = sumCounts(counts);
  if (kept + again + retried === 0 && wish.planBefore === null) {
    const models = plan.columns.filter(isModelColumn);
    const size =
      models.length === 0
        ? `${plural(wish.settings.rows, 'row')}, no model column`
        : `${plural(wish.settings.rows, 'row')} × ${plural(models.length, 'model column')}`;
    return [`${size}: ${calls === 0 ? 'no call to make' : plural(calls, 'new call')}`];
  }
  const parts: string[] = [];
  const isChanged = again > 0 || replacesOutput;
  if (kept > 0) parts.push(isChanged ? describeKept(wish) : describeFound({ kept, missing }));
  if (missing > 0) parts.push(`${formatCount(missing)} new${describeLost(wish)}`);
  if (calls === 0) parts.push('no call to make');
  if (again + retried > 0 && wish.question === null && again + retried <= ASK_ABOVE_CELLS) {
    parts.push(
      `made again without asking, as they are at most ${ASK_ABOVE_CELLS} cells (--ask asks first, --keep keeps the old ones)`,
    );
  }
  if (keptAsIs > 0) {
    parts.push(
      `${formatCount(keptAsIs)} of them made from other inputs, kept as they are (--redo COLUMN makes them again)`,
    );
  }
  for (const { host, now, cells } of wish.question?.foreign ?? []) {
    parts.push(`${plural(cells, 'kept cell')} came from ${host}, asked now is ${now}`);
  }
  if (replacesOutput) {
    parts.push(
      `today's ${plural(counts.rowsInOutput, 'row')} ${counts.rowsInOutput === 1 ? 'stays' : 'stay'} until the new ones are complete`,
    );
  }
  return parts;
}

/** What crashes of the worker mean for the cells that were in flight. */
function crashesOf({ counts: { suspects, crashed } }: Wish): string[] {
  const alone = `${plural(suspects, 'cell')} in flight at two crashes: made one at a time, with nothing else in flight`;
  const stay = `${plural(crashed, 'row')} dropped for a cell that crashed the worker: --redo COLUMN tries it again`;
  return [...(suspects === 0 ? [] : [alone]), ...(crashed === 0 ? [] : [stay])];
}

function describeFound({ kept, missing }: { kept: number; missing: number }): string {
  return missing === 0
    ? `all ${plural(kept, 'call')} found in the store`
    : `${formatCount(kept)} of ${plural(kept + missing, 'call')} found in the store`;
}

/** After a build that was killed: how many of its calls may be asked again. */
function describeLost(wish: Wish): string {
  const start = findDeadStart(wish);
  if (start === undefined) return '';
  const caps = Object.values(start.settings.models).map((model) => model.maxParallelRequests);
  const inFlight = caps.reduce((sum, cap) => sum + cap, 0);
  const upTo = Math.min(inFlight, sumCounts(wish.counts).missing);
  return ` (up to ${formatCount(upTo)} asked again: in flight at the kill)`;
}

/** The newest start, if it ended without notice. */
export function findDeadStart({ lastStart }: Wish): EpochRecord | undefined {
  if (lastStart === undefined || lastStart.endedAt !== null) return undefined;
  return livenessOf(lastStart) === false ? lastStart : undefined;
}

function describeKept({ counts }: Wish): string {
  const kept = Object.entries(counts.columns).filter(([, count]) => count.kept > 0);
  const sum = kept.reduce((total, [, count]) => total + count.kept, 0);
  const names =
    kept.length > MAX_NAMES ? plural(kept.length, 'column') : kept.map(([name]) => name).join(', ');
  return `${names}: ${formatCount(sum)} kept`;
}

function describeSeeds({ counts, planBefore, plan }: Wish): string[] {
  if (counts.changedSeedRows === 0 || planBefore === null) return [];
  const why = describeSeedChange(planBefore.seedSource, plan.seedSource);
  return [
    `seeds: ${why} → ${plural(counts.changedSeedRows, 'row')} ${counts.changedSeedRows === 1 ? 'takes' : 'take'} other seed data`,
  ];
}

function describeReasons(wish: Wish): string[] {
  const { counts, plan, planBefore, opened, config } = wish;
  const compared = planBefore ?? opened.latest;
  const changes = compared === null ? new Map() : findChanges(compared, plan);
  const columns = new Map(plan.columns.map((column) => [column.name, column]));
  const againIn = (name: string) => againOf(findOwn(counts.columns, name) ?? NO_COUNT);

  function changeText(name: string): string | null {
    const change = changes.get(name);
    if (change === undefined) return null;
    const position = config.positionOf(name, change.field ?? undefined);
    return position === null || change.field === null
      ? change.what
      : `${change.what} (line ${position.line})`;
  }

  /** What a column needs that is not what it was: cells that are made again, roots and expressions that changed. */
  function causesOf(name: string): readonly string[] {
    return (columns.get(name)?.needs ?? []).flatMap((need) => {
      if (againIn(need) > 0) return need;
      const column = columns.get(need);
      const change = changeText(need);
      if (column === undefined || isModelColumn(column)) return [];
      if (change === null) return causesOf(need);
      return column.kind === 'seed-dataset' ? 'seed data' : `${need}: ${change}`;
    });
  }

  return plan.columns.flatMap(({ name }) => {
    const { lost, stale, downstream } = findOwn(counts.columns, name) ?? NO_COUNT;
    const gone = lost === 0 ? [] : [`${name}: gone from the store → ${formatCount(lost)} again`];
    if (stale + downstream === 0) return gone;
    const causes = [...new Set(causesOf(name))];
    const needs = causes.length === 0 ? 'made from other inputs' : `needs ${causes.join(', ')}`;
    const why = changeText(name) ?? needs;
    const upTo = downstream > 0 ? 'up to ' : '';
    return [...gone, `${name}: ${why} → ${upTo}${formatCount(stale + downstream)} again`];
  });
}

function againOf({ lost, stale, downstream }: ColumnCount): number {
  return lost + stale + downstream;
}

function pack(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 3 <= WIDTH)
      lines[lines.length - 1] = `${last} · ${part}`;
    else lines.push(part);
  }
  return lines;
}
