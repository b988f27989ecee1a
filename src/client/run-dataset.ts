// `run` and `start`: from what was typed to a build. The CLI is a thin face over these functions.

import { join } from 'node:path';
import { RefusedError } from '../errors.ts';
import { resolveServer } from '../server/connect.ts';
import type { DatasetStore, EpochRecord } from '../store/dataset-store.ts';
import { type Summary, summarize } from '../store/look.ts';
import { openStore } from '../store/store.ts';
import { type BuildEvents, type Connected, connect, runBuild } from './build.ts';
import { sumCounts } from './count-cells.ts';
import { type StartedBuild, startBuild } from './start-build.ts';
import { acceptWish, openWish, type Wish, type WishOptions } from './wish.ts';

/** Existing cells that are made again without asking. */
export const ASK_ABOVE_CELLS = 100;

export type Answer = 'regenerate' | 'keep' | 'no';

export interface ServerOptions {
  /** A Temporal server; the embedded one of this directory by default. */
  readonly address?: string;
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly onServer: (label: string) => void;
}

export interface DecideOptions extends WishOptions {
  readonly isDryRun: boolean;
  readonly isReplacing: boolean;
  /** Asked when more than `ASK_ABOVE_CELLS` existing cells would be made again. */
  readonly ask: (wish: Wish) => Promise<Answer>;
  readonly onWish: (wish: Wish, lastStart: EpochRecord | undefined) => void;
}

export interface RunOptions extends DecideOptions, ServerOptions {
  readonly stopSignal: AbortSignal;
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

type Decided =
  | Exclude<RunEnd, { how: 'ended' | 'detached' }>
  | { readonly how: 'accepted'; readonly wish: Wish; readonly usageBefore: Summary['usage'] };

/** Opens a wish, tells of it, and asks what has to be asked. Writes nothing. */
async function decideWish(options: DecideOptions): Promise<Decided> {
  const wish = await openWish(options);
  const { lastStart, usage } = await lookAt(wish);
  options.onWish(wish, lastStart);
  if (options.isDryRun) return { how: 'dry-run', wish };
  if (sumCounts(wish.counts).again <= ASK_ABOVE_CELLS || options.keep !== false) {
    return { how: 'accepted', wish, usageBefore: usage };
  }
  const answer = await options.ask(wish);
  if (answer === 'no') return { how: 'declined', wish };
  const kept = answer === 'keep' ? await openWish({ ...options, keep: true }) : wish;
  return { how: 'accepted', wish: kept, usageBefore: usage };
}

/** Connects to the server of a command for as long as `use` runs. */
export async function withServer<Result>(
  options: ServerOptions,
  use: (connected: Connected) => Promise<Result>,
): Promise<Result> {
  const server = await resolveServer({
    ...(options.address === undefined ? {} : { address: options.address }),
    environment: options.environment,
    directory: join(options.cwd, '.rowloom'),
    say: options.say,
  });
  try {
    options.onServer(server.label);
    const connected = await connect(server);
    try {
      return await use(connected);
    } finally {
      await connected.close();
    }
  } finally {
    await server.release();
  }
}

/** Throws `ConfigError`, `RefusedError`, `StoreError`, `ServerError` before any call, `BuildError` after. */
export async function runDataset(options: RunOptions): Promise<RunEnd> {
  const decided = await decideWish(options);
  if (decided.how !== 'accepted') return decided;
  const { wish, usageBefore } = decided;
  return withServer(options, async (connected) => {
    const accepted = await acceptWish(wish);
    const end = await runBuild({ ...options, wish: accepted, connected });
    if (end.how === 'detached') return { how: 'detached', wish };
    const { isComplete, reason } = end.result;
    const summary = await summarize(accepted.dataset);
    const version = wish.base === 'next' && isComplete ? await newestVersion(accepted.dataset) : null;
    return { how: 'ended', wish, isComplete, reason, summary, usageBefore, version };
  });
}

export type StartEnd =
  | Exclude<RunEnd, { how: 'ended' | 'detached' }>
  | ({ readonly how: 'started'; readonly wish: Wish } & StartedBuild);

/** Hands a build to the workers that poll the store's queue. Throws as `runDataset`. */
export async function startDataset(options: DecideOptions & ServerOptions): Promise<StartEnd> {
  const decided = await decideWish(options);
  if (decided.how !== 'accepted') return decided;
  const { wish } = decided;
  return withServer(options, async (connected) => {
    const started = await startBuild({ ...options, wish: await acceptWish(wish), connected });
    return { how: 'started', wish, ...started };
  });
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
