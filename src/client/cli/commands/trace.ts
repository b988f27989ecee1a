import type { Command } from 'commander';
import { formatCount, plural } from '../../../text/plural.ts';
import { readTrace } from '../../look/read-trace.ts';
import type { ColumnTrace, StartTrace, TraceStep, TraceTimes } from '../../look/trace-summary.ts';
import { formatDuration, formatTime, joinParts, line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';
import { addPlaceOptions, datasetPlace, type JsonFlags } from '../place-options.ts';

export function defineTrace(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--json', 'as one JSON object, times in milliseconds', false)
    .action((target: string, flags: JsonFlags) => trace(target, flags, context));
}

async function trace(target: string, flags: JsonFlags, context: CliContext): Promise<void> {
  const found = await readTrace(datasetPlace(target, flags, context));
  if (flags.json) {
    context.print(JSON.stringify(found));
    return;
  }
  for (const [index, start] of found.starts.entries()) {
    if (index > 0) context.print('');
    printStart(start, context);
  }
  if (found.starts.length === 0)
    context.say(line('trace', 'there is none: `run` and `start` write one with --trace'));
  else for (const text of WORDS) context.say(text);
}

const WORDS = [
  line('times', 'of all cells, added up: cells that wait side by side each count'),
  line('held', 'not handed out yet: its row group was not open, or other slices went first'),
  line('queued', 'handed out by Temporal, and no worker had begun'),
  line('waiting', 'for a permit: max_parallel_requests, or less where the endpoint takes less'),
  line('calling', 'from the permit until the answer was written; p50 and p95 of one call'),
  line('rest', 'reading rows, making prompts, pauses between tries'),
];

/** What helps where most of the time went there. */
const ADVICE: Readonly<Record<keyof TraceTimes, string>> = {
  queuedMs: 'waiting for a worker: more workers take more slices at once',
  waitingMs: 'waiting for permits: a larger max_parallel_requests helps where the endpoint takes it',
  callingMs: 'in the calls themselves',
  restMs: 'between calls: failed tries, or this machine, hold it up',
};

function printStart({ start, at, tookMs, columns, criticalPath }: StartTrace, context: CliContext): void {
  const calls = columns.flatMap(({ models }) => models).reduce((sum, model) => sum + model.calls, 0);
  const took = `${plural(calls, 'call')} in ${formatDuration(tookMs)}`;
  context.print(line('build', joinParts(`${start}, first task ${formatTime(at)}`, took)));
  context.print('');
  const header = ['column', 'asks', 'calls', 'queued', 'waiting', 'calling', 'rest', 'p50', 'p95'];
  const total = columns.reduce((sum, column) => sum + sumOf(column), 0);
  printTable(
    header,
    columns.flatMap((column) => rowsOf(column, total)),
    {
      ...context,
      right: header.slice(2),
    },
  );
  context.print('');
  const largest = columns.flatMap(bucketsOf).reduce((one, other) => (other.ms > one.ms ? other : one));
  context.print(`Most time was spent in column ${largest.column}, ${ADVICE[largest.kind]}.`);
  context.print('');
  context.print('What ended last, after what it waited for; times since the first task:');
  const path = ['handed out', 'done', 'column', 'rows', ...TIMES, 'last row'];
  printTable(path, criticalPath.map(stepRow), {
    ...context,
    right: path.filter((name) => name !== 'column'),
  });
}

const TIMES = ['held', 'queued', 'waiting', 'calling', 'rest'];

function bucketsOf(column: ColumnTrace) {
  const kinds = ['queuedMs', 'waitingMs', 'callingMs', 'restMs'] as const;
  return kinds.map((kind) => ({ column: column.column, kind, ms: column[kind] }));
}

function sumOf({ queuedMs, waitingMs, callingMs, restMs }: TraceTimes): number {
  return queuedMs + waitingMs + callingMs + restMs;
}

function rowsOf(column: ColumnTrace, total: number): string[][] {
  const share = (ms: number) => `${formatDuration(ms)} ${String(percent(ms, total)).padStart(3)}%`;
  const [first, ...others] = column.models;
  const own = [share(column.queuedMs), share(column.restMs)] as const;
  if (first === undefined) return [[column.column, '', '', own[0], '', '', own[1], '', '']];
  return [first, ...others].map((model, index) => [
    ...[index === 0 ? column.column : '', model.model, formatCount(model.calls)],
    ...[index === 0 ? own[0] : '', share(model.waitingMs), share(model.callingMs), index === 0 ? own[1] : ''],
    ...[formatDuration(model.p50Ms), formatDuration(model.p95Ms)],
  ]);
}

function percent(ms: number, total: number): number {
  return total === 0 ? 0 : Math.round((100 * ms) / total);
}

function stepRow(step: TraceStep): string[] {
  const { fromMs, untilMs, column, rows, lastRow, heldMs, queuedMs, waitingMs, callingMs, restMs } = step;
  const times = [heldMs, queuedMs, waitingMs, callingMs, restMs].map(formatDuration);
  const at = [fromMs, untilMs].map(formatDuration);
  return [...at, column, `${rows.first}-${rows.last}`, ...times, lastRow === null ? '' : String(lastRow)];
}
