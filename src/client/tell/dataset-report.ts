// `report`: a dataset as one HTML file, from the store alone.

import { columnOrder } from '../../config/graph-columns.ts';
import { type Prices, spentOf } from '../../models/prices.ts';
import { findOwn, setOwn } from '../../own-keys.ts';
import { openProducers, type Plan } from '../../plan.ts';
import type { CallTimes } from '../../report/cell-tokens.ts';
import type { GraphNode } from '../../report/charts.ts';
import { type Fact, type ReportCost, reportPage } from '../../report/page.ts';
import type { Profile } from '../../report/profile.ts';
import { addUsage, type CallUsage, costOf } from '../../store/call-usage.ts';
import { type DatasetStore, stateOf } from '../../store/dataset-store.ts';
import { groupFailures } from '../../store/failures.ts';
import { type Drop, readGroups } from '../../store/groups.ts';
import type { VersionPlace } from '../../store/look.ts';
import { readVersion } from '../../store/versions.ts';
import { formatDollars } from '../../text/dollars.ts';
import { formatCount } from '../../text/plural.ts';
import { profileDataset } from '../look/profile-dataset.ts';
import { readFirstRows } from '../look/row-view.ts';
import { type DatasetPlace, findDatasetVersion } from '../wish/find-dataset.ts';
import { pricesOf } from '../wish/money.ts';
import {
  describeFailureGroup,
  describeSpent,
  formatBytes,
  formatDuration,
  formatTime,
  formatTokens,
  joinParts,
} from './format.ts';
import { reportRow } from './report-row.ts';

/** Rows that are shown whole. */
const ROWS = 20;

/** The report of what people see of a dataset, or of a version that is named, as HTML. Throws `StoreError`. */
export async function reportDataset(place: DatasetPlace): Promise<string> {
  const { dataset, version } = await findDatasetVersion(place);
  const { profile, plan, times } = await profileDataset(place, 'report on');
  const content = await readContent(dataset, version.epoch);
  const prices = await pricesOf(dataset, content.usage, (await dataset.findLatestStart())?.settings);
  return reportPage({
    title: titleOf(place, dataset.name),
    facts: [...(await factsOf(dataset, version, { ...content, prices })), ...finishedFact(plan, profile)],
    causes: (await groupFailures(content.drops)).map(describeFailureGroup),
    columns: profile.column_statistics,
    costs: costsOf(plan, content, { times, prices }),
    graph: graphOf(plan),
    rows: (await readFirstRows(place, ROWS)).map((view) => reportRow(view)),
    hasOtherRows: plan.afterGeneration !== undefined,
  });
}

/** `trips`, or `trips@6` of a version that was named. */
export function titleOf({ target }: DatasetPlace, name: string): string {
  return `${name}${/@\d+$/.exec(target)?.[0] ?? ''}`;
}

interface Content {
  readonly rows: number;
  readonly drops: readonly Drop[];
  readonly groups: number;
  /** What had been paid when its groups were made, by column. */
  readonly usage: { readonly [column: string]: CallUsage };
}

async function readContent(dataset: DatasetStore, epoch: number | undefined): Promise<Content> {
  let [rows, groups] = [0, 0];
  const drops: Drop[] = [];
  const usage: Record<string, CallUsage> = {};
  for await (const group of readGroups(dataset, epoch)) {
    rows += group.rowCount;
    groups += 1;
    for (const drop of group.drops) drops.push(drop);
    for (const [column, cost] of Object.entries(group.usage))
      setOwn(usage, column, addUsage([findOwn(usage, column) ?? {}, cost]));
  }
  return { rows, drops, groups, usage };
}

async function factsOf(
  dataset: DatasetStore,
  { epoch, rows: asked }: VersionPlace,
  { rows, drops, groups, usage, prices }: Content & { readonly prices: Prices },
): Promise<Fact[]> {
  const start = epoch === undefined ? undefined : await dataset.findEpoch(epoch);
  const { rowGroupSize } = await dataset.read();
  const state = await stateOfVersion(dataset, epoch);
  const sum = costOf(...Object.values(usage));
  const spent = spentOf(Object.values(usage), prices);
  const failed = sum.failedCalls > 0 && `${formatCount(sum.failedCalls)} failed`;
  const tookMs = start === undefined || start.endedAt === null ? null : start.endedAt - start.at;
  const sizeBytes = [...(await readVersion(dataset, epoch)).files.values()].reduce(
    (all, size) => all + size,
    0,
  );
  return [
    { label: 'rows', text: `${formatCount(rows)} of ${formatCount(asked)}` },
    { label: 'dropped', text: formatCount(drops.length) },
    { label: 'state', text: state },
    {
      label: 'row groups',
      text: `${formatCount(groups)} of ${formatCount(Math.ceil(asked / rowGroupSize))}`,
    },
    { label: 'calls', text: joinParts(formatCount(sum.calls), failed) },
    { label: 'tokens in', text: formatTokens(sum.promptTokens) },
    { label: 'tokens out', text: formatTokens(sum.completionTokens) },
    ...(spent.dollars > 0 ? [{ label: 'cost', text: describeSpent(spent) }] : []),
    { label: 'on disk', text: formatBytes(sizeBytes) },
    ...(start === undefined ? [] : [{ label: 'last start', text: formatTime(start.at) }]),
    ...(tookMs === null ? [] : [{ label: 'it took', text: formatDuration(tookMs) }]),
  ];
}

function finishedFact({ afterGeneration }: Plan, { num_records }: Profile): Fact[] {
  return afterGeneration === undefined ? [] : [{ label: 'after generation', text: formatCount(num_records) }];
}

async function stateOfVersion(dataset: DatasetStore, epoch: number | undefined): Promise<string> {
  const end = epoch === undefined ? undefined : await dataset.findEnd(epoch);
  // Only the newest start can be at work.
  return end === undefined && epoch !== (await dataset.newestEpoch()) ? 'incomplete' : stateOf(end);
}

/** A line for each column that made calls, in the order of the plan, and one for all together. */
function costsOf(
  plan: Plan,
  { usage }: Content,
  { times, prices }: { readonly times: ReadonlyMap<string, CallTimes>; readonly prices: Prices },
): ReportCost[] {
  const names = plan.columns.map(({ name }) => name).filter((name) => Object.hasOwn(usage, name));
  const gone = Object.keys(usage).filter((name) => !names.includes(name));
  const lineOf = (column: string, paid: readonly CallUsage[], time: CallTimes | undefined): ReportCost => {
    const cost = costOf(...paid);
    const { dollars } = spentOf(paid, prices);
    return {
      column,
      calls: formatCount(cost.calls),
      failed: formatCount(cost.failedCalls),
      tokensIn: formatTokens(cost.promptTokens),
      tokensOut: formatTokens(cost.completionTokens),
      cost: dollars === 0 ? '' : formatDollars(dollars),
      time: time === undefined ? '' : formatDuration(time.sum),
      median:
        time === undefined || Number.isNaN(time.median) ? '' : `${formatCount(Math.round(time.median))} ms`,
    };
  };
  const lines = [...names, ...gone].map((name) => lineOf(name, [findOwn(usage, name)!], times.get(name)));
  const sum = [...times.values()].reduce((all, time) => all + time.sum, 0);
  return lines.length === 0
    ? []
    : [...lines, lineOf('all', Object.values(usage), { sum, median: Number.NaN })];
}

/** The columns of the plan, each after those that it needs; what it reads out of another one's cells leads to that one. */
function graphOf(plan: Plan): GraphNode[] {
  const producerOf = openProducers(plan);
  return columnOrder(plan).flatMap((name) =>
    plan.columns
      .filter((column) => column.name === name)
      .map(({ kind, needs }) => ({ name, kind, needs: [...new Set(needs.map(producerOf))] })),
  );
}
