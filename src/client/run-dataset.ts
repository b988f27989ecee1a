// `run`: from what was typed to the dataset on disk. The CLI is a thin face over this function.

import { join } from 'node:path';
import { RefusedError } from '../errors.ts';
import { resolveServer } from '../server/connect.ts';
import type { DatasetStore, EpochRecord } from '../store/dataset-store.ts';
import { type Summary, summarize } from '../store/look.ts';
import { openStore } from '../store/store.ts';
import { type BuildEvents, connect, runBuild } from './build.ts';
import { sumCounts } from './count-cells.ts';
import { acceptWish, openWish, type Wish, type WishOptions } from './wish.ts';

/** Existing cells that are made again without asking. */
export const ASK_ABOVE_CELLS = 100;

export type Answer = 'regenerate' | 'keep' | 'no';

export interface RunOptions extends WishOptions {
  /** A Temporal server; the embedded one of this directory by default. */
  readonly address?: string;
  readonly isDryRun: boolean;
  readonly isReplacing: boolean;
  readonly stopSignal: AbortSignal;
  readonly say: (line: string) => void;
  /** Asked when more than `ASK_ABOVE_CELLS` existing cells would be made again. */
  readonly ask: (wish: Wish) => Promise<Answer>;
  readonly onWish: (wish: Wish, lastStart: EpochRecord | undefined) => void;
  readonly onServer: (label: string) => void;
  readonly events: BuildEvents;
}

export type RunEnd =
  | { readonly how: 'dry-run'; readonly wish: Wish }
  | { readonly how: 'declined'; readonly wish: Wish }
  | { readonly how: 'detached'; readonly wish: Wish }
  | {
      readonly how: 'ended';
      readonly wish: Wish;
      readonly isComplete: boolean;
      readonly reason: string | null;
      readonly summary: Summary;
      readonly usageBefore: Summary['usage'];
      /** Where the replaced output is kept; null when none was. */
      readonly version: number | null;
    };

/** Throws `ConfigError`, `RefusedError`, `StoreError`, `ServerError` before any call, `BuildError` after. */
export async function runDataset(options: RunOptions): Promise<RunEnd> {
  let wish = await openWish(options);
  const before = await lookAt(wish);
  options.onWish(wish, before.lastStart);
  if (options.isDryRun) return { how: 'dry-run', wish };
  if (sumCounts(wish.counts).again > ASK_ABOVE_CELLS && options.keep === false) {
    const answer = await options.ask(wish);
    if (answer === 'no') return { how: 'declined', wish };
    if (answer === 'keep') wish = await openWish({ ...options, keep: true });
  }
  const server = await resolveServer({
    ...(options.address === undefined ? {} : { address: options.address }),
    environment: options.environment,
    directory: join(options.cwd, '.rowloom'),
    say: options.say,
  });
  try {
    options.onServer(server.label);
    const accepted = await acceptWish(wish);
    const connected = await connect(server);
    try {
      const end = await runBuild({ ...options, wish: accepted, connected });
      if (end.how === 'detached') return { how: 'detached', wish };
      const summary = await summarize(accepted.dataset);
      const version =
        wish.base === 'next' && end.result.isComplete ? await newestVersion(accepted.dataset) : null;
      return {
        how: 'ended',
        wish,
        isComplete: end.result.isComplete,
        reason: end.result.reason,
        summary,
        usageBefore: before.usage,
        version,
      };
    } finally {
      await connected.close();
    }
  } finally {
    await server.release();
  }
}

async function lookAt(wish: Wish): Promise<{ lastStart: EpochRecord | undefined; usage: Summary['usage'] }> {
  if (wish.before === null) return { lastStart: undefined, usage: {} };
  const dataset = await (await openStore(wish.directory, { access: 'look' })).openDataset(wish.name);
  const { start, usage } = await summarize(dataset);
  return { lastStart: start, usage };
}

async function newestVersion(dataset: DatasetStore): Promise<number | null> {
  const numbers = (await dataset.files.list(dataset.path('versions'))).map(Number).filter(Number.isInteger);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

/** For those who cannot be asked: throws `RefusedError` naming the ways to answer. */
export function refuseToAsk(wish: Wish): never {
  const { again } = sumCounts(wish.counts);
  throw new RefusedError(
    `Cannot make up to ${again} existing cells again without an answer: use --yes to regenerate them, --keep to keep them, or --dry-run to see them`,
  );
}
