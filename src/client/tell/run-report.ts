// What `run` says before and after a build, line by line.

import { join } from 'node:path';
import type { PreparedConfig } from '../../config/prepare.ts';
import { type AskedCalls, findOpenFileLimit, planCallRoom } from '../../open-files.ts';
import { findOwn } from '../../own-keys.ts';
import { allProcessors, modelKeyOf, shownColumns } from '../../plan.ts';
import { SAME_COMMAND } from '../../protocol.ts';
import { whereIs } from '../../server/processes.ts';
import { costOf } from '../../store/call-usage.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import { editionFolder } from '../../store/names.ts';
import { asTyped, ownCommand } from '../../text/own-command.ts';
import { formatCount, plural } from '../../text/plural.ts';
import { shorten } from '../../text/shorten.ts';
import { isWebAddress } from '../../text/web-address.ts';
import type { EndedRun } from '../build/run-dataset.ts';
import { sumCounts } from '../wish/count-cells.ts';
import { pathAsTyped, targetAsTyped } from '../wish/find-dataset.ts';
import type { Wish } from '../wish/wish.ts';
import { findDeadStart } from './describe-plan.ts';
import {
  describeFailureGroup,
  describeSpent,
  describeTokens,
  formatBytes,
  formatColumns,
  formatDuration,
  joinParts,
  line,
  lines,
} from './format.ts';

/** The lines before the plan: dataset, config, models. */
export function describeWish(wish: Wish, now: number): string[] {
  const { name, before, directory } = wish;
  const folder = `${name} (${before === null ? 'new' : 'continued'}) → ${join(directory, name)}`;
  const more = before === null ? describeSeed(wish) : describeStart(wish, now);
  return [
    line('dataset', joinParts(folder, more)),
    line('config', describeDocument(wish.config, { ...wish, cwd: wish.options.cwd })),
    ...describeModels(wish.config),
  ];
}

function describeSeed({ config, plan }: Wish): string {
  return `random seed ${plan.seed}${config.config.rowloom.seed === null ? ', made from the name' : ''}`;
}

function describeStart(wish: Wish, now: number): string {
  const start = findDeadStart(wish);
  if (start === undefined) return '';
  const { newestAt } = wish.counts;
  // The time of its newest cell: when the process itself died is not known.
  const ago = newestAt === null || newestAt < start.at ? '' : ` ${formatDuration(now - newestAt)} ago`;
  return `the last run was killed or crashed${ago}: what it made is kept`;
}

/** The document in a line: where it is, what it makes and from what. */
export function describeDocument(
  { plan, settings, seeds, document: shown }: PreparedConfig,
  { document, scriptArgs, cwd }: Pick<Wish, 'document' | 'scriptArgs'> & { readonly cwd: string },
): string {
  const cycles = seeds === null ? 1 : settings.rows / seeds.rows;
  const passes = cycles > 1 ? `, ${Number.isInteger(cycles) ? cycles : cycles.toFixed(1)} times over` : '';
  const read = seeds !== null && `seed data ${seeds.name}: ${plural(seeds.rows, 'row')}${passes}`;
  const names = allProcessors(plan).map(({ name }) => name);
  const processors =
    names.length > 0 && `${names.length === 1 ? 'processor' : 'processors'} ${names.join(', ')}`;
  const columns = formatColumns(shownColumns(plan));
  const path = isWebAddress(document) ? shown : pathAsTyped(document, cwd);
  const typed = scriptArgs.length === 0 ? path : `${path} -- ${scriptArgs.map(asTyped).join(' ')}`;
  return joinParts(typed, columns, read, processors);
}

/** Whom its aliases ask. */
export function describeModels({ settings, plan }: PreparedConfig): string[] {
  const texts = settings.providers.map((provider) => {
    const aliases = Object.keys(plan.models).filter(
      (alias) => findOwn(settings.models, alias)?.provider === provider.name,
    );
    const where =
      provider.endpoint === null
        ? 'simulated (offline, free, answers are made up)'
        : `${provider.name} (${new URL(provider.endpoint).host})`;
    return `${aliases.join(', ')} → ${where}`;
  });
  return lines('models', texts);
}

/** Where this process, which makes the calls, has no room for all that the document allows at a time. */
export function describeRoom({ settings, plan }: Wish): string[] {
  const files = findOpenFileLimit();
  const asked = new Map<string, AskedCalls>();
  for (const [alias, { provider: name, maxParallelRequests }] of Object.entries(settings.models)) {
    const key = modelKeyOf(alias, { plan, settings });
    const provider = settings.providers.find((each) => each.name === name);
    const cap = Math.min(maxParallelRequests, asked.get(key)?.cap ?? maxParallelRequests);
    asked.set(key, { key, endpoint: provider?.endpoint === null ? null : name, cap });
  }
  const callsWith = (limit: number) =>
    [...planCallRoom([...asked.values()], limit).caps.values()].reduce((sum, cap) => sum + cap, 0);
  const [fit, all] = [callsWith(files), callsWith(Number.POSITIVE_INFINITY)];
  if (fit === all) return [];
  const text = `${formatCount(fit)} calls at a time instead of ${formatCount(all)}: this process may have ${formatCount(files)} files open (ulimit -n raises that)`;
  return [line('', text)];
}

/** What a wish would cost, for programs. */
export function planJson({ name, directory, settings, isDone, replacesOutput, counts }: Wish) {
  return {
    name,
    folder: join(directory, name),
    rows: settings.rows,
    isDone,
    replacesOutput,
    calls: sumCounts(counts).calls,
    columns: counts.columns,
  };
}

/** What came of a wish, for programs. */
export function endJson(
  { name, directory }: Wish,
  { summary, spent, isComplete, reason, version, ms }: EndedRun,
) {
  const { rowCount: rows, finishedRows, dropped, sizeBytes } = summary;
  const { failedCalls: _, ...usage } = costOf(...Object.values(summary.usage));
  const folder = join(directory, name);
  const { dollars: costUsd } = spent;
  return {
    ...{ name, folder, isComplete, reason, rows, finishedRows, dropped },
    ...{ ...usage, costUsd, sizeBytes, version, ms },
  };
}

/** The lines after a build. */
export function describeEnd(wish: Wish, end: EndedRun): string[] {
  const drops = describeDrops(wish, end);
  if (!end.isComplete) return [...describeStop(wish, end), ...drops];
  return [line('done', describeDone(wish, end)), ...drops, line('look', describeLook(wish))];
}

/** Causes told at the end of a build; `rowloom failures` has all. */
const MAX_CAUSES = 3;
const MAX_CAUSE_LENGTH = 300;

function describeDrops(wish: Wish, end: EndedRun): string[] {
  const { causes } = end.summary;
  if (causes.length === 0) return [];
  const told = causes
    .slice(0, MAX_CAUSES)
    .map((cause) => shorten(describeFailureGroup(cause), MAX_CAUSE_LENGTH));
  const more = causes.length - told.length;
  const others = more === 0 ? '' : `${plural(more, 'more cause')} · `;
  const next = hasFailed(wish, end) ? ` · correct that, ${SAME_COMMAND}` : '';
  return lines('dropped', [...told, `${others}each row: ${ownCommand('failures', targetOf(wish))}${next}`]);
}

/** No row is left. */
function hasFailed({ settings }: Wish, { summary, isComplete }: EndedRun): boolean {
  return !isComplete && summary.rowCount === 0 && summary.dropped === settings.rows;
}

/** What names its dataset to other commands. */
export function targetOf({ name, directory, options }: Wish): string {
  return targetAsTyped(join(directory, name), options.cwd);
}

function describeLook(wish: Wish): string {
  const folder = pathAsTyped(join(wish.directory, wish.name), wish.options.cwd);
  return `${ownCommand('report', targetOf(wish))} · ${ownCommand('show', targetOf(wish))} · pd.read_parquet("${folder}/parquet-files")`;
}

function describeStop(wish: Wish, end: EndedRun): string[] {
  const { settings } = wish;
  const { summary, stopped, reason } = end;
  const { rowsToCome } = summary;
  const { calls, failedCalls } = costOf(...Object.values(summary.usage));
  const asked = plural(settings.rows, 'row');
  const rows =
    rowsToCome === null || summary.rowCount === 0
      ? `${formatCount(summary.rowCount)} of ${asked} are in parquet-files/`
      : `${formatCount(rowsToCome)} of ${asked} are made anew, the old ones stay until all are`;
  const goOn = reason?.endsWith(SAME_COMMAND) === true ? '' : ' · go on: same command';
  const lost = stopped === null ? '' : `, ${formatCount(stopped.lost)} lost`;
  const isFailed = hasFailed(wish, end);
  const kept = `${plural(calls - failedCalls, 'call')} kept${lost}${goOn}`;
  return [
    line(isFailed ? 'failed' : 'stopped', joinParts(rows, kept, describeSpent(end.spent))),
    ...(reason === null || stopped !== null || isFailed ? [] : [line('', reason)]),
  ];
}

function describeDone(wish: Wish, { summary, spent, ms, version }: EndedRun): string {
  const { before, name, directory, settings } = wish;
  const { kept, again, retried } = sumCounts(wish.counts);
  const all = costOf(...Object.values(summary.usage));
  const made = all.calls - costOf(...Object.values(wish.money.usage)).calls;
  const { finishedRows } = summary;
  const finished = finishedRows !== null && `${formatCount(finishedRows)} after generation`;
  const rows = joinParts(plural(summary.rowCount, 'row'), finished);
  const dropped = `${formatCount(summary.dropped)} dropped`;
  const anyDropped = summary.dropped > 0 && dropped;
  const size = `${formatBytes(summary.sizeBytes)} on disk`;
  const time = formatDuration(ms);
  if (wish.isDone) return joinParts(rows, dropped, 'nothing to do', size);
  if (version !== null) {
    const old = pathAsTyped(join(directory, name, editionFolder(version)), wish.options.cwd);
    const calls = `${plural(made, 'call')} made, ${formatCount(kept)} kept`;
    return joinParts(rows, anyDropped, calls, time, `old rows: ${old}`);
  }
  if (before?.state === 'complete' && before.rows < settings.rows && again + retried === 0) {
    const unchanged = `the first ${formatCount(before.rows)} are unchanged`;
    return joinParts(rows, anyDropped, plural(made, 'new call'), time, unchanged);
  }
  if (all.calls === 0) return joinParts(rows, dropped, time, size);
  const isFirst = made === all.calls;
  const newCalls = !isFirst && (made === 0 ? 'no new call' : plural(made, 'new call'));
  const allCalls = `${plural(all.calls, 'call')}${isFirst ? '' : ' in all'}`;
  return joinParts(rows, dropped, newCalls, allCalls, describeTokens(all), describeSpent(spent), time, size);
}

/** Where a live build runs that a command attaches to. */
export function describeAttached(start: EpochRecord): string {
  const where =
    start.kind === 'start'
      ? 'a worker'
      : `process ${start.pid}${whereIs(start) === 'here' ? '' : ` on ${start.host}`}`;
  return line('watching', `${where} is making this already · Ctrl-C here lets it go on`);
}
