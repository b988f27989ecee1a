import type { Command } from 'commander';
import type { PruneView } from '../../../store/prune.ts';
import { plural } from '../../../text/plural.ts';
import { pruneDataset } from '../../look/prune-dataset.ts';
import { formatBytes, joinParts, line } from '../../tell/format.ts';
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
  const freed = end.how === 'nothing' ? 'there is nothing to free' : `${formatBytes(end.freedBytes)} freed`;
  say(line('pruned', freed));
}

function describeView({ versions, sizeBytes, cells, columns, seeds }: PruneView): string[] {
  const old = versions.length > 0 && `${plural(versions.length, 'version')} (${versions.join(', ')})`;
  const seedRows = seeds.length > 0 && 'seed rows that no version left has';
  const paid = `${plural(cells, 'cell')} of old inputs · an undone edit would pay for them again`;
  return [
    ...(old || seedRows ? [joinParts(old, seedRows, formatBytes(sizeBytes))] : []),
    ...(columns.length === 0 ? [] : [cells > 0 ? paid : 'values of old inputs, which cost no call']),
  ].map((text) => line('removes', text));
}
