// The plan lines: how many calls a wish costs, and why those that are made again.

import { declarationOf } from '../../columns/kinds.ts';
import { findOwn } from '../../own-keys.ts';
import { isMade, openProducers, type Plan, type PlanColumn } from '../../plan.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import { livenessOf } from '../../store/liveness.ts';
import { formatDollars } from '../../text/dollars.ts';
import { formatCount, plural } from '../../text/plural.ts';
import { type ColumnCount, NO_COUNT, sumCounts } from '../wish/count-cells.ts';
import { expectedDollars } from '../wish/money.ts';
import {
  changesBeforeBatch,
  describeSeedChange,
  findChanges,
  findOutputChanges,
} from '../wish/plan-changes.ts';
import { ASK_ABOVE_CELLS, type Wish } from '../wish/wish.ts';
import { lines, partsOf } from './format.ts';

/** Lines are broken between parts, near this width. */
const WIDTH = 96;
/** Names in one list of columns. */
const MAX_NAMES = 5;

/** What a wish costs: first why cells are made again, then what is kept and what is new. */
export function describePlan(wish: Wish): string[] {
  const texts = wish.isDone
    ? ['all of it is there, nothing to do', ...crashesOf(wish)]
    : [...pack(reasonsOf(wish)), ...pack(costsOf(wish)), ...crashesOf(wish)];
  return lines('plan', texts);
}

function reasonsOf(wish: Wish): string[] {
  const { counts, plan, planBefore } = wish;
  const outputChanges = planBefore === null ? [] : findOutputChanges(planBefore, plan);
  const retried = Object.entries(counts.columns).flatMap(([name, count]) =>
    count.retried === 0 ? [] : [`${name}: ${formatCount(count.retried)} failed before → tried again`],
  );
  return [...describeSeeds(wish), ...describeReasons(wish), ...outputChanges, ...retried];
}

/** The columns whose cells may cost something. */
export function paidColumns({ columns }: Plan): readonly PlanColumn[] {
  return columns.filter(({ kind, form }) => declarationOf(kind).costs(form));
}

function costsOf(wish: Wish): string[] {
  const { counts, plan, replacesOutput } = wish;
  const { kept, keptAsIs, missing, again, retried, calls, computed } = sumCounts(counts);
  if (kept + again + retried === 0 && wish.planBefore === null) {
    const paid = paidColumns(plan);
    const askModels = paid.every(({ limiters }) => limiters.some((limiter) => 'model' in limiter));
    const noun = askModels ? 'model column' : 'model or function column';
    const each = paid.length === 0 ? ', no model column' : ` × ${plural(paid.length, noun)}`;
    const upTo = plan.columns.some(({ skip }) => skip !== null) ? 'up to ' : '';
    const made = calls === 0 ? 'no call to make' : `${upTo}${plural(calls, 'new call')}`;
    return partsOf(`${plural(wish.settings.rows, 'row')}${each}: ${made}`, describeComputed(computed));
  }
  const isUnasked = again + retried > 0 && wish.question === null && again + retried <= ASK_ABOVE_CELLS;
  const { rowsInOutput } = counts;
  return partsOf(
    kept > 0 && (again > 0 || replacesOutput ? describeKept(wish) : describeFound({ kept, missing })),
    missing > 0 && `${formatCount(missing)} new${describeLost(wish)}`,
    describeComputed(computed),
    calls === 0 && 'no call to make',
    describeExpected(wish),
    isUnasked &&
      `made again without asking, as they are at most ${ASK_ABOVE_CELLS} cells (--ask asks first, --keep keeps the old ones)`,
    keptAsIs > 0 &&
      `${formatCount(keptAsIs)} of them made from other inputs, kept as they are (--redo COLUMN makes them again)`,
    ...(wish.question?.foreign ?? []).map(
      ({ host, now, cells }) => `${plural(cells, 'kept cell')} came from ${host}, asked now is ${now}`,
    ),
    replacesOutput &&
      `today's ${plural(rowsInOutput, 'row')} ${rowsInOutput === 1 ? 'stays' : 'stay'} until the new ones are complete`,
  );
}

/** What crashes of the worker mean for the cells that were in flight. */
function crashesOf({ counts: { suspects, crashed } }: Wish): string[] {
  return partsOf(
    suspects > 0 &&
      `${plural(suspects, 'cell')} in flight at two crashes: made one at a time, with nothing else in flight`,
    crashed > 0 &&
      `${plural(crashed, 'row')} dropped for a cell that crashed the worker: --redo COLUMN tries it again`,
  );
}

/** What the calls come to if each costs what those of its column have cost so far. */
function describeExpected({ counts, money }: Wish): string | false {
  const madeOf = ({ missing, lost, stale, downstream, retried }: ColumnCount) =>
    missing + lost + stale + downstream + retried;
  const dollars = expectedDollars(counts, money, madeOf);
  return (
    dollars !== null &&
    `about ${formatDollars(dollars)} more, ${formatDollars(money.spent.dollars)} paid so far`
  );
}

/** Cells that are made here, by functions and validators. */
function describeComputed(computed: number): string | false {
  return computed > 0 && `${plural(computed, 'cell')} computed`;
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
  const { counts, plan, planBefore, latest, config } = wish;
  const compared = planBefore ?? latest;
  const changes = compared === null ? new Map() : findChanges(compared, plan);
  const columns = new Map(plan.columns.map((column) => [column.name, column]));
  const producerOf = openProducers(plan);
  const countOf = (name: string) => findOwn(counts.columns, name) ?? NO_COUNT;

  function changeText(name: string): string | null {
    const change = changes.get(name);
    if (change === undefined) return null;
    const position = config.positionOf(name, change.field ?? undefined);
    return position === null || change.field === null
      ? change.what
      : `${change.what} (line ${position.line})`;
  }

  /** They may change any root. */
  const processorsChanged =
    compared === null || !changesBeforeBatch(compared, plan)
      ? []
      : ['what processors before the batch changed'];

  /** What a column needs that is not what it was: cells that are made again, roots and expressions that changed. */
  function causesOf(name: string): readonly string[] {
    return (columns.get(name)?.needs ?? []).map(producerOf).flatMap((need) => {
      const { lost, stale, downstream } = countOf(need);
      if (lost + stale + downstream > 0) return need;
      const column = columns.get(need);
      const change = changeText(need);
      if (column === undefined || isMade(column)) return [];
      if (change === null) return column.strategy === 'root' ? processorsChanged : causesOf(need);
      return declarationOf(column.kind).causeWord ?? `${need}: ${change}`;
    });
  }

  return plan.columns.flatMap(({ name }) => {
    const { lost, stale, downstream } = countOf(name);
    const gone = lost > 0 && `${name}: gone from the store → ${formatCount(lost)} again`;
    if (stale + downstream === 0) return partsOf(gone);
    const causes = [...new Set(causesOf(name))];
    const needs = causes.length === 0 ? 'made from other inputs' : `needs ${causes.join(', ')}`;
    const upTo = downstream > 0 ? 'up to ' : '';
    const why = changeText(name) ?? needs;
    return partsOf(gone, `${name}: ${why} → ${upTo}${formatCount(stale + downstream)} again`);
  });
}

function pack(parts: readonly string[]): string[] {
  const packed: string[] = [];
  for (const part of parts) {
    const last = packed.at(-1);
    if (last !== undefined && last.length + part.length + 3 <= WIDTH)
      packed.push(`${packed.pop()} · ${part}`);
    else packed.push(part);
  }
  return packed;
}
