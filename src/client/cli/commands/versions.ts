import type { Command } from 'commander';
import { formatCount } from '../../../text/plural.ts';
import { type DatasetVersion, readVersions } from '../../look/versions.ts';
import { formatBytes, formatTime, line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';
import { addPlaceOptions, commandAbout, datasetPlace, type JsonFlags } from '../place-options.ts';
import { clip } from '../text.ts';

const MAX_CHANGES_WIDTH = 200;

export function defineVersions(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--json', 'one JSON object a line', false)
    .action((target: string, flags: JsonFlags) => versions(target, flags, context));
}

async function versions(target: string, flags: JsonFlags, context: CliContext): Promise<void> {
  const { print, say } = context;
  const found = await readVersions(datasetPlace(target, flags, context));
  if (flags.json) {
    for (const version of found) print(JSON.stringify(version));
    return;
  }
  if (found.length === 0) {
    say(line('none', 'no row is finished yet'));
    return;
  }
  const finished = found.some(({ finishedRows }) => finishedRows !== null) ? ['after generation'] : [];
  const header = ['version', 'when', 'rows', ...finished, 'dropped', 'only here', 'what changed'];
  const right = ['version', 'rows', ...finished, 'dropped', 'only here'];
  const cells = found.map((version) => cellsOf(version, finished.length > 0));
  printTable(header, cells, { ...context, right });
  const [, older] = found;
  if (older === undefined) return;
  const show = `at an older one: ${commandAbout('show', [`${target}@${older.version}`], flags)}`;
  say(line('look', `${show} · free the disk of all of them: ${commandAbout('prune', [target], flags)}`));
}

function cellsOf(
  { version, isCurrent, at, rows, finishedRows, dropped, ownBytes, changes }: DatasetVersion,
  hasFinished: boolean,
): string[] {
  const finished = finishedRows === null ? '' : formatCount(finishedRows);
  return [
    `${isCurrent ? '* ' : ''}${version}`,
    formatTime(at),
    formatCount(rows),
    ...(hasFinished ? [finished] : []),
    formatCount(dropped),
    formatBytes(ownBytes),
    clip(changes.length === 0 ? 'the oldest there is' : changes.join(', '), MAX_CHANGES_WIDTH),
  ];
}
