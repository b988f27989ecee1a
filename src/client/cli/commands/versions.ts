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
  const header = ['version', 'when', 'rows', 'dropped', 'only here', 'what changed'];
  const right = ['version', 'rows', 'dropped', 'only here'];
  printTable(header, found.map(cellsOf), { ...context, right });
  const [, older] = found;
  if (older === undefined) return;
  const show = `at an older one: ${commandAbout('show', [`${target}@${older.version}`], flags)}`;
  say(line('look', `${show} · free the disk of all of them: ${commandAbout('prune', [target], flags)}`));
}

function cellsOf({ version, isCurrent, at, rows, dropped, ownBytes, changes }: DatasetVersion): string[] {
  return [
    `${isCurrent ? '* ' : ''}${version}`,
    formatTime(at),
    formatCount(rows),
    formatCount(dropped),
    formatBytes(ownBytes),
    clip(changes.length === 0 ? 'the oldest there is' : changes.join(', '), MAX_CHANGES_WIDTH),
  ];
}
