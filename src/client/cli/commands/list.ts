import type { Command } from 'commander';
import { formatBytes, formatCount, formatTime, line } from '../../format.ts';
import { type DatasetStatus, listDatasets, type UnreadableDataset } from '../../look.ts';
import type { CliContext } from '../context.ts';
import { paintFor } from '../paint.ts';
import type { JsonFlags } from '../place-options.ts';
import { formatTable } from '../text.ts';
import { outOption } from '../wish-options.ts';

export function defineList(command: Command, context: CliContext): void {
  command
    .addOption(outOption())
    .option('--json', 'one JSON object a line', false)
    .action((flags: JsonFlags) => list(flags, context));
}

async function list({ out, json }: JsonFlags, context: CliContext): Promise<void> {
  const { cwd, print, say } = context;
  const datasets = await listDatasets({ cwd, ...(out === undefined ? {} : { out }) });
  if (json) {
    for (const dataset of datasets) print(JSON.stringify(dataset));
    return;
  }
  if (datasets.length === 0) say(line('none', 'there is no dataset yet'));
  else printTable(datasets, context);
}

function printTable(
  datasets: readonly (DatasetStatus | UnreadableDataset)[],
  { print, say, screen }: CliContext,
): void {
  const readable = datasets.filter((dataset): dataset is DatasetStatus => 'state' in dataset);
  const header = ['name', 'state', 'rows', 'dropped', 'size', 'when'];
  const rows = readable.map((dataset) => [
    dataset.name,
    dataset.state,
    dataset.rows + dataset.dropped === dataset.rowsAsked
      ? formatCount(dataset.rows)
      : `${formatCount(dataset.rows)}/${formatCount(dataset.rowsAsked)}`,
    formatCount(dataset.dropped),
    formatBytes(dataset.sizeBytes),
    formatTime(lastTimeOf(dataset)),
  ]);
  const [head = '', ...body] = formatTable(header, rows, ['rows', 'dropped', 'size']);
  if (readable.length > 0) {
    print(paintFor(screen).strong(head));
    for (const text of body) print(text);
  }
  for (const dataset of datasets) if ('problem' in dataset) say(line('error', dataset.problem));
}

function lastTimeOf({ lastStart, createdAt }: DatasetStatus): number {
  return lastStart?.endedAt ?? lastStart?.at ?? createdAt;
}
