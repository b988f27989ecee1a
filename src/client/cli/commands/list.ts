import type { Command } from 'commander';
import { formatCount } from '../../../text/plural.ts';
import { type DatasetStatus, listDatasets } from '../../look/look.ts';
import { formatBytes, formatTime, line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';
import { type JsonFlags, outOption } from '../place-options.ts';

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
  if (rows.length > 0) printTable(header, rows, { ...context, right: ['rows', 'dropped', 'size'] });
  for (const dataset of datasets) if ('problem' in dataset) say(line('error', dataset.problem));
}

function lastTimeOf({ lastStart, createdAt }: DatasetStatus): number {
  return lastStart?.endedAt ?? lastStart?.at ?? createdAt;
}
