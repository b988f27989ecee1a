import type { Command } from 'commander';
import { sumCosts } from '../../../graph/totals.ts';
import { formatDollars } from '../../../text/dollars.ts';
import { formatCount, plural } from '../../../text/plural.ts';
import { type DatasetStatus, type ModelStatus, readStatus, type StartStatus } from '../../look/look.ts';
import {
  describeSpent,
  describeTokens,
  formatBytes,
  formatDuration,
  formatTime,
  formatTokens,
  joinParts,
  line,
  lines,
} from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';
import { addPlaceOptions, commandAbout, datasetPlace, type JsonFlags } from '../place-options.ts';
import { fold } from '../text.ts';

export function defineStatus(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--json', 'as one JSON object', false)
    .action((target: string, flags: JsonFlags) => status(target, flags, context));
}

async function status(target: string, flags: JsonFlags, context: CliContext): Promise<void> {
  const found = await readStatus(datasetPlace(target, flags, context));
  if (flags.json) {
    context.print(JSON.stringify(found));
    return;
  }
  const width = context.screen?.width ?? Number.POSITIVE_INFINITY;
  const watch = commandAbout('watch', [target], flags);
  for (const text of describeStatus(found, watch)) for (const part of fold(text, width)) context.print(part);
  if (found.columns.length === 0) return;
  context.print('');
  printColumns(found, context);
}

/** `watch` is the command that asks the server of a build. */
function describeStatus(status: DatasetStatus, watch: string): string[] {
  const { name, folder, seed, document, state, reason, rowsAsked, dropped, rowGroups, lastStart } = status;
  const sum = sumCosts(status.columns);
  const { models, costUsd: dollars, unpriced } = status;
  const spent = { dollars, unpriced };
  const failed = sum.failedCalls === 0 ? '' : `, ${formatCount(sum.failedCalls)} of them failed`;
  const isOld = lastStart?.replacesOutput === true && state !== 'complete';
  const inPart = rowGroups.partial === 0 ? '' : `, ${formatCount(rowGroups.partial)} in part`;
  const groups = `${formatCount(rowGroups.complete)} of ${plural(rowGroups.asked, 'row group')} complete${inPart}`;
  const rows = `${isOld ? 'of the old output: ' : ''}${formatCount(status.rows)} of ${formatCount(rowsAsked)}`;
  return [
    line('dataset', `${name} → ${folder} · random seed ${seed}`),
    ...(document === null ? [] : [line('config', document)]),
    line('state', joinParts(state, reason)),
    ...(lastStart === null ? [] : [line('build', describeStart(lastStart, { ...status, watch }))]),
    line('rows', joinParts(rows, `${formatCount(dropped)} dropped`, groups, formatBytes(status.sizeBytes))),
    line('calls', joinParts(`${formatCount(sum.calls)}${failed}`, describeTokens(sum), describeSpent(spent))),
    ...(models.length < 2 ? [] : lines('models', models.map(describeModel))),
  ];
}

function describeModel({ model, calls, costUsd, ...tokens }: ModelStatus): string {
  const cost = costUsd > 0 && formatDollars(costUsd);
  return joinParts(decodeURIComponent(model), plural(calls, 'call'), describeTokens(tokens), cost);
}

function describeStart(
  start: StartStatus,
  { state, watch }: DatasetStatus & { readonly watch: string },
): string {
  const { epoch, kind, host, pid, at, endedAt, isLive } = start;
  const started = `${kind === 'prune' ? 'prune' : 'build'} ${epoch}, started ${formatTime(at)}`;
  if (endedAt !== null) return joinParts(started, `took ${formatDuration(endedAt - at)}`);
  if (isLive === true) return joinParts(started, `at work in process ${pid}`);
  if (isLive === null && state === 'building') {
    const where = kind === 'start' ? 'rowloom worker' : `process ${pid} on ${host}`;
    return joinParts(started, `made by ${where}, see whether it is at work: ${watch}`);
  }
  return joinParts(started, state === 'interrupted' && 'was killed or crashed · go on: same command');
}

function printColumns({ columns }: DatasetStatus, context: CliContext): void {
  const hasCosts = columns.some(({ costUsd }) => costUsd > 0);
  const header = [
    'column',
    'cells',
    'calls',
    'failed',
    'tokens in',
    'tokens out',
    ...(hasCosts ? ['cost'] : []),
  ];
  const rows = columns.map((column) => {
    const cells = column.cells === null ? 'not in the plan' : formatCount(column.cells);
    if (column.calls === 0) return [column.name, cells, ...header.slice(2).map(() => '')];
    const { calls, failedCalls, promptTokens, completionTokens } = column;
    const counts = [calls, failedCalls].map(formatCount);
    const tokens = [promptTokens, completionTokens].map(formatTokens);
    return [column.name, cells, ...counts, ...tokens, ...(hasCosts ? [formatDollars(column.costUsd)] : [])];
  });
  printTable(header, rows, { ...context, right: header.slice(1) });
}
