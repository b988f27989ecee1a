import type { Command } from 'commander';
import { plural } from '../../../plural.ts';
import type { PruneView } from '../../../store/prune.ts';
import { formatBytes, line } from '../../format.ts';
import { pruneDataset } from '../../prune-dataset.ts';
import { confirm } from '../ask.ts';
import type { CliContext } from '../context.ts';
import { parseCount } from '../parse.ts';
import { addPlaceOptions, datasetPlace, type PlaceFlags } from '../place-options.ts';

interface PruneFlags extends PlaceFlags {
  readonly keep: number;
  readonly yes: boolean;
}

export function definePrune(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--keep <number>', 'how many of the newest versions stay', parseCount, 1)
    .option('--yes', 'do not ask', false)
    .action((target: string, flags: PruneFlags) => pruneVersions(target, flags, context));
}

async function pruneVersions(target: string, flags: PruneFlags, context: CliContext): Promise<void> {
  const { say, setExitCode } = context;
  const end = await pruneDataset({
    ...datasetPlace(target, flags, context),
    keep: flags.keep,
    ask(view) {
      for (const text of describeView(view)) say(text);
      return flags.yes ? Promise.resolve(true) : confirm('Remove all that for good:', context);
    },
  });
  if (end.how === 'declined') {
    say(line('declined', 'nothing was changed'));
    setExitCode(1);
    return;
  }
  say(
    line(
      'pruned',
      end.how === 'nothing' ? 'there is nothing to free' : `${formatBytes(end.freedBytes)} freed`,
    ),
  );
}

function describeView({ versions, sizeBytes, cells, columns, seeds }: PruneView): string[] {
  const parts = [
    ...(versions.length === 0 ? [] : [`${plural(versions.length, 'version')} (${versions.join(', ')})`]),
    ...(seeds.length === 0 ? [] : ['seed rows that no version left has']),
  ];
  const size =
    parts.length === 0 ? [] : [line('removes', `${parts.join(' · ')} · ${formatBytes(sizeBytes)}`)];
  if (columns.length === 0) return size;
  const paid =
    cells === 0
      ? 'values of old inputs, which cost no call'
      : `${plural(cells, 'cell')} of old inputs · an undone edit would pay for them again`;
  return [...size, line('removes', paid)];
}
