// `report`: a dataset as one HTML file, from the store alone.

import { columnOrder } from '../../config/graph-columns.ts';
import { sumCosts } from '../../graph/totals.ts';
import { findOwn } from '../../own-keys.ts';
import { openProducers, type Plan } from '../../plan.ts';
import type { GraphNode } from '../../report/charts.ts';
import { type Fact, reportPage } from '../../report/page.ts';
import { type Summary, summarize } from '../../store/look.ts';
import { formatCount } from '../../text/plural.ts';
import { profileDataset } from '../look/profile-dataset.ts';
import { readFirstRows } from '../look/row-view.ts';
import { type DatasetPlace, findDataset } from '../wish/find-dataset.ts';
import {
  describeFailureGroup,
  describeTokens,
  formatBytes,
  formatDuration,
  formatTime,
  formatTokens,
  joinParts,
} from './format.ts';
import { reportRow } from './report-row.ts';

/** Rows that are shown whole. */
const ROWS = 20;

/** The report of what people see of a dataset, as HTML. Throws `StoreError`. */
export async function reportDataset(place: DatasetPlace): Promise<string> {
  const summary = await summarize(await findDataset(place));
  const { dataset, profile, plan } = await profileDataset(place);
  return reportPage({
    title: dataset,
    facts: factsOf(summary),
    causes: summary.causes.map(describeFailureGroup),
    columns: profile.column_statistics.map((column) => ({
      profile: column,
      cost: costOf(summary, column.column_name),
    })),
    graph: graphOf(plan),
    rows: (await readFirstRows(place, ROWS)).map((view) => reportRow(view)),
  });
}

function factsOf(summary: Summary): Fact[] {
  const { asked, rowCount, dropped, groups, usage, sizeBytes, state } = summary;
  const sum = sumCosts(usage);
  const failed = sum.failedCalls > 0 && `${formatCount(sum.failedCalls)} failed`;
  const tookMs = asked === undefined || asked.endedAt === null ? null : asked.endedAt - asked.at;
  return [
    { label: 'rows', text: `${formatCount(rowCount)} of ${formatCount(asked?.rows ?? 0)}` },
    { label: 'dropped', text: formatCount(dropped) },
    { label: 'state', text: state },
    { label: 'row groups', text: `${formatCount(groups.complete)} of ${formatCount(groups.asked)}` },
    { label: 'calls', text: joinParts(formatCount(sum.calls), failed) },
    { label: 'tokens in', text: formatTokens(sum.promptTokens) },
    { label: 'tokens out', text: formatTokens(sum.completionTokens) },
    { label: 'on disk', text: formatBytes(sizeBytes) },
    ...(asked === undefined ? [] : [{ label: 'last start', text: formatTime(asked.at) }]),
    ...(tookMs === null ? [] : [{ label: 'it took', text: formatDuration(tookMs) }]),
  ];
}

function costOf({ usage }: Summary, column: string): string | null {
  const own = findOwn(usage, column);
  if (own === undefined || own.calls === 0) return null;
  return `${formatCount(own.calls)} calls, ${describeTokens(own)}`;
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
