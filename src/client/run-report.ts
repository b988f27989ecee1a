// What `run` says before, during and after a build, line by line.

import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { isModelColumn } from '../plan.ts';
import type { EpochRecord } from '../store/dataset-store.ts';
import type { Summary } from '../store/look.ts';
import type { BuildSnapshot } from './build-snapshot.ts';
import { sumCounts } from './count-cells.ts';
import { formatBytes, formatCount, formatDuration, formatTokens, plural } from './format.ts';
import { type ColumnChange, findChanges } from './plan-changes.ts';
import type { Wish } from './wish.ts';

export function line(label: string, text: string): string {
  return `${label.padEnd(9)} ${text}`;
}

/** The lines before the first call: dataset, config, models. */
export function describeWish(
  wish: Wish,
  { lastStart, cwd }: { lastStart: EpochRecord | undefined; cwd: string },
): string[] {
  return [
    line(
      'dataset',
      [
        `${wish.name} (${wish.before === null ? 'new' : 'continued'}) → ${join(wish.directory, wish.name)}`,
        describeSeed(wish),
        describeStart(lastStart),
      ]
        .filter((item) => item !== '')
        .join(' · '),
    ),
    line('config', describeDocument(wish, cwd)),
    ...describeModels(wish),
  ];
}

function describeSeed({ config, plan, before }: Wish): string {
  const origin = config.config.rowloom.seed === null ? (before === null ? ' from the name' : '') : '';
  return `seed ${plan.seed}${origin}`;
}

function describeStart(start: EpochRecord | undefined): string {
  if (start === undefined || start.endedAt !== null) return '';
  return `build ${start.epoch} ended without notice, nothing to repair`;
}

function describeDocument({ config, document, settings, plan }: Wish, cwd: string): string {
  const path = relative(cwd, document);
  const parts = [path.startsWith('..') ? document : path, plural(plan.columns.length, 'column')];
  if (config.seeds !== null) {
    const cycles = settings.rows / config.seeds.rows;
    const passes = cycles > 1 ? `, ${Number.isInteger(cycles) ? cycles : cycles.toFixed(1)} cycles` : '';
    parts.push(`seeds ${config.seeds.path}: ${plural(config.seeds.rows, 'row')}${passes}`);
  }
  return parts.join(' · ');
}

function describeModels({ settings, plan }: Wish): string[] {
  const lines = settings.providers.map((provider) => {
    const aliases = Object.keys(plan.models).filter(
      (alias) => settings.models[alias]?.provider === provider.name,
    );
    const where =
      provider.type === 'simulated'
        ? 'simulated (offline, free, answers are made up)'
        : `${provider.name} (${new URL(provider.endpoint ?? '').host})`;
    return `${aliases.join(', ')} → ${where}`;
  });
  return lines.map((text, index) => line(index === 0 ? 'models' : '', text));
}

/** How many calls, and why those that are made again. */
export function describePlan(wish: Wish): string[] {
  const { counts, plan, settings, planBefore } = wish;
  const { kept, missing, again, calls } = sumCounts(counts);
  const models = plan.columns.filter(isModelColumn);
  const size = `${plural(settings.rows, 'row')} × ${plural(models.length, 'model column')}`;
  const parts = [
    kept > 0 ? `${formatCount(kept)} cells found` : '',
    missing > 0 ? `${plural(missing, 'new call')}` : '',
    again > 0 ? `up to ${formatCount(again)} again` : '',
    calls === 0 ? 'no call to make' : '',
  ].filter((part) => part !== '');
  const lines = [`${size}: ${parts.join(' · ')}`];
  if (again > 0) lines.push(...describeReasons(wish));
  if (wish.base === 'next' && planBefore !== null) {
    lines.push(`today's ${plural(wish.before?.rows ?? 0, 'row')} stay until the new ones are complete`);
  }
  return lines.map((text, index) => line(index === 0 ? 'plan' : '', text));
}

function describeReasons({ counts, plan, planBefore, config }: Wish): string[] {
  const changes = planBefore === null ? new Map<string, ColumnChange>() : findChanges(planBefore, plan);
  const lines: string[] = [];
  for (const column of plan.columns) {
    const count = counts.columns[column.name];
    if (count === undefined) continue;
    const again = count.stale + count.downstream;
    if (again > 0) {
      const change = changes.get(column.name);
      const position =
        change === undefined ? null : config.positionOf(column.name, change.field ?? undefined);
      const why =
        change === undefined
          ? `needs ${column.needs.join(', ')}`
          : `${change.what}${position === null ? '' : ` (line ${position.line})`}`;
      lines.push(
        `${column.name}: ${why} → ${count.downstream > 0 ? 'up to ' : ''}${formatCount(again)} again`,
      );
    }
    if (count.retried > 0)
      lines.push(`${column.name}: ${formatCount(count.retried)} failed before → tried again`);
  }
  return lines;
}

export interface ProgressPlace {
  readonly wish: Wish;
  readonly startedAt: number;
  readonly now: number;
}

/** One line of a build whose plan is not known here. */
export function describeSnapshot(snapshot: BuildSnapshot): string {
  const totals = sumTotals(snapshot.columns);
  return [
    `rows ${formatCount(snapshot.rows)}`,
    plural(totals.calls, 'call'),
    `${formatCount(snapshot.cellsInFlight)} in flight`,
    `${formatTokens(totals.promptTokens)} tokens in, ${formatTokens(totals.completionTokens)} out`,
    `${formatCount(totals.failed)} failed`,
    ...(snapshot.phase === 'running' ? [] : [snapshot.phase]),
  ].join(' · ');
}

/** One line while a build runs. */
export function describeProgress(snapshot: BuildSnapshot, { wish, startedAt, now }: ProgressPlace): string {
  const totals = sumTotals(snapshot.columns);
  const planned = sumCounts(wish.counts).calls;
  const perSecond = (totals.calls * 1_000) / Math.max(1, now - startedAt);
  const left = perSecond > 0 && totals.cells < planned ? ((planned - totals.cells) / perSecond) * 1_000 : 0;
  return [
    `rows ${formatCount(snapshot.rows)}/${formatCount(wish.settings.rows)}`,
    `calls ${formatCount(totals.calls)}/${formatCount(planned)}`,
    `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`,
    `${formatCount(snapshot.cellsInFlight)} in flight`,
    `${formatTokens(totals.promptTokens)} tokens in, ${formatTokens(totals.completionTokens)} out`,
    `${formatCount(totals.failed)} failed`,
    ...(left > 0 ? [`${formatDuration(left)} left`] : []),
  ].join(' · ');
}

export function sumTotals(columns: BuildSnapshot['columns']) {
  const sum = { cells: 0, calls: 0, failed: 0, promptTokens: 0, completionTokens: 0 };
  for (const column of Object.values(columns)) {
    sum.cells += column.made + column.failed;
    sum.calls += column.calls;
    sum.failed += column.failed;
    sum.promptTokens += column.promptTokens;
    sum.completionTokens += column.completionTokens;
  }
  return sum;
}

/** The lines after a build. */
export function describeEnd(
  wish: Wish,
  of: {
    readonly summary: Summary;
    readonly usageBefore: Summary['usage'];
    readonly reason: string | null;
    readonly ms: number;
    readonly isComplete: boolean;
    readonly version: number | null;
  },
): string[] {
  const { summary, usageBefore, ms, isComplete, reason, version } = of;
  const all = sumUsage(summary.usage);
  const before = sumUsage(usageBefore);
  const made = all.calls - before.calls;
  if (!isComplete) {
    return [
      line(
        'stopped',
        `${formatCount(summary.rowCount)} of ${plural(wish.settings.rows, 'row')} are in parquet-files/ · ${formatCount(all.calls)} calls kept, 0 lost · go on: same command`,
      ),
      ...(reason === null ? [] : [line('', reason)]),
    ];
  }
  const parts = [
    plural(summary.rowCount, 'row'),
    `${formatCount(summary.dropped)} dropped`,
    made === all.calls
      ? plural(made, 'call')
      : `${plural(made, 'new call')}, ${formatCount(all.calls)} in all`,
    `${formatTokens(all.promptTokens)} tokens in, ${formatTokens(all.completionTokens)} out`,
    formatDuration(ms),
    formatBytes(summary.sizeBytes),
    ...(version === null ? [] : [`before: ${join(wish.directory, wish.name, 'versions', String(version))}`]),
  ];
  return [line('done', parts.join(' · '))];
}

function sumUsage(usage: Summary['usage']) {
  const sum = { calls: 0, promptTokens: 0, completionTokens: 0 };
  for (const column of Object.values(usage)) {
    sum.calls += column.calls;
    sum.promptTokens += column.promptTokens;
    sum.completionTokens += column.completionTokens;
  }
  return sum;
}

/** Where a live build runs that a command attaches to. */
export function describeAttached(start: EpochRecord): string {
  const where =
    start.kind === 'run'
      ? `process ${start.pid}${start.host === hostname() ? '' : ` on ${start.host}`}`
      : `workflow ${start.workflowId}`;
  return line(
    'attached',
    `build ${start.epoch} is at work on the same wish (${where}); Ctrl-C here leaves it alone`,
  );
}
