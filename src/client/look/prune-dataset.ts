// `prune`: frees disk, after asking. No server is needed.

import { RefusedError } from '../../errors.ts';
import { ownIdentity, ownPlace } from '../../server/processes.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import { livenessOf } from '../../store/liveness.ts';
import { findPrunable, isPruned, type PruneView, prune } from '../../store/prune.ts';
import { openStore, splitDatasetPath } from '../../store/store.ts';
import { ownCommand } from '../../text/own-command.ts';
import { type DatasetPlace, findDataset, targetAsTyped } from '../wish/find-dataset.ts';

export interface PruneOptions extends DatasetPlace {
  /** How many of the newest versions stay, at least 1. */
  readonly keep: number;
  /** Told what would go; nothing goes without a yes. */
  readonly ask: (view: PruneView) => Promise<boolean>;
}

export type PruneEnd =
  | { readonly how: 'nothing' }
  | { readonly how: 'declined' }
  | { readonly how: 'pruned'; readonly freedBytes: number };

/** Throws `StoreError`, and `RefusedError` while a build is at work and where the newest one is not complete. */
export async function pruneDataset({ keep, ask, ...place }: PruneOptions): Promise<PruneEnd> {
  if (!Number.isInteger(keep) || keep < 1) throw new RangeError(`Cannot keep ${keep} versions`);
  const found = await findDataset(place);
  await refuseLive(found, place);
  const view = await findPrunable(found, { keep });
  if (isPruned(view)) return { how: 'nothing' };
  if (!(await ask(view))) return { how: 'declined' };
  const { directory, name } = splitDatasetPath(found.directory);
  const dataset = await (await openStore(directory, { access: 'build' })).openDataset(name);
  const { pid, start: processStart } = ownIdentity();
  return { how: 'pruned', freedBytes: await prune(dataset, view, { ...ownPlace(), pid, processStart }) };
}

/** A build of which only its server knows whether it runs does no harm: of a complete dataset it writes nothing more. */
async function refuseLive(dataset: DatasetStore, { cwd }: DatasetPlace): Promise<void> {
  const start = await dataset.findNewestStart();
  if (start === undefined || livenessOf(start) !== true) return;
  throw new RefusedError(
    `Cannot prune "${dataset.name}": process ${start.pid} is at work on it. Wait for it, or stop it with \`${ownCommand('stop', targetAsTyped(dataset.directory, cwd))}\``,
  );
}
