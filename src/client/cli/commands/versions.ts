import type { Command } from 'commander';
import { formatBytes, formatCount, formatTime, line } from '../../format.ts';
import { ownCommand } from '../../own-command.ts';
import { type DatasetVersion, readVersions } from '../../versions.ts';
import type { CliContext } from '../context.ts';
import { paintFor } from '../paint.ts';
import { addPlaceOptions, datasetPlace, type JsonFlags } from '../place-options.ts';
import { clip, formatTable } from '../text.ts';

const MAX_CHANGES_WIDTH = 200;

export function defineVersions(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--json', 'one JSON object a line', false)
    .action((target: string, flags: JsonFlags) => versions(target, flags, context));
}

async function versions(target: string, flags: JsonFlags, context: CliContext): Promise<void> {
  const { print, say, screen } = context;
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
  const [head = '', ...body] = formatTable(header, found.map(cellsOf), [
    'version',
    'rows',
    'dropped',
    'only here',
  ]);
  print(paintFor(screen).strong(head));
  for (const text of body) print(text);
  const older = found[1];
  if (older !== undefined) {
    say(
      line(
        'look',
        `at an older one: ${ownCommand()} show ${target}@${older.version} · free the disk of all of them: ${ownCommand()} prune ${target}`,
      ),
    );
  }
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
