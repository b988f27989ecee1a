// `run` and `start`: from what was typed to a build. The CLI is a thin face over these functions.

import { RefusedError } from '../../errors.ts';
import { type Spent, spentOf } from '../../models/prices.ts';
import type { Settings } from '../../plan.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import { removeLeftovers } from '../../store/flights.ts';
import { type Summary, summarize } from '../../store/look.ts';
import { listVersions } from '../../store/published.ts';
import { plural } from '../../text/plural.ts';
import { pricesOf } from '../wish/money.ts';
import type { StorePlace } from '../wish/store-folder.ts';
import { acceptWish, keepStale, openWish, type Question, type Wish, type WishOptions } from '../wish/wish.ts';
import type { CallbackFailure, RunEvents, StoppedCalls } from './build.ts';
import type { Connected } from './connection.ts';
import { serverFolder } from './server-folder.ts';
import type { StartedBuild } from './start-build.ts';

export type Answer = 'regenerate' | 'keep' | 'no';

export interface ServerOptions extends StorePlace {
  /** A Temporal server; the embedded one of this directory by default. */
  readonly address?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly onServer: (label: string) => void;
}

export interface DecideOptions extends WishOptions {
  readonly isDryRun: boolean;
  readonly isReplacing: boolean;
  /** Asked when the wish has a question and `keep` does not answer it. */
  readonly ask: (question: Question) => Promise<Answer>;
  readonly onWish: (wish: Wish) => void;
  /** After the answer that keeps stale cells, which makes it another plan. */
  readonly onKept: (wish: Wish) => void;
}

export interface RunOptions extends DecideOptions, ServerOptions {
  readonly stopSignal: AbortSignal;
  readonly events: RunEvents;
}

/** What came of a build, and of the wish that it was for. */
export interface EndedRun {
  readonly summary: Summary;
  /** What the dataset has cost in all. */
  readonly spent: Spent;
  readonly reason: string | null;
  readonly ms: number;
  readonly isComplete: boolean;
  /** The version that was replaced and is kept; null when none was. */
  readonly version: number | null;
  /** What became of the calls in flight when this process was told to stop; null when it was not. */
  readonly stopped: StoppedCalls | null;
  /** What `events.onRowGroup` threw. */
  readonly callbackFailures: readonly CallbackFailure[];
}

export type RunEnd =
  | { readonly how: 'dry-run'; readonly wish: Wish }
  | { readonly how: 'declined'; readonly wish: Wish }
  | { readonly how: 'detached'; readonly wish: Wish }
  | ({ readonly how: 'ended'; readonly wish: Wish } & Omit<EndedRun, 'ms'>);

type Decided =
  | Exclude<RunEnd, { how: 'ended' | 'detached' }>
  | { readonly how: 'accepted'; readonly wish: Wish };

/** Opens a wish, tells of it, and asks what has to be asked. Writes nothing. */
async function decideWish(options: DecideOptions): Promise<Decided> {
  const wish = await openWish(options);
  options.onWish(wish);
  if (options.isDryRun) return { how: 'dry-run', wish };
  if (wish.question === null || options.keep === true) return { how: 'accepted', wish };
  const answer = await options.ask(wish.question);
  if (answer === 'no') return { how: 'declined', wish };
  if (answer === 'regenerate' || wish.question.cells === 0) return { how: 'accepted', wish };
  const kept = await keepStale(wish);
  options.onKept(kept);
  return { how: 'accepted', wish: kept };
}

/** Connects to the server of a command for as long as `use` runs. */
export async function withServer<Result>(
  options: ServerOptions,
  use: (connected: Connected) => Promise<Result>,
): Promise<Result> {
  const { resolveServer } = await import('../../server/connect.ts');
  // An embedded server starts while Temporal's client and worker, half a second of work, are loaded.
  const [server, { connect }] = await Promise.all([
    resolveServer({
      ...(options.address === undefined ? {} : { address: options.address }),
      environment: options.environment,
      directory: serverFolder(options),
      say: options.say,
    }),
    import('./connection.ts'),
    import('./build.ts'),
  ]);
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
  return untilUpToDate(options, () => runOnce(options));
}

/** Decides anew as long as another build begins between what was decided and its start. */
async function untilUpToDate<End>(
  { say }: Pick<ServerOptions, 'say'>,
  decideAndStart: () => Promise<End | 'outdated'>,
): Promise<End> {
  for (;;) {
    const end = await decideAndStart();
    if (end !== 'outdated') return end;
    say('another build of this dataset has begun meanwhile: looking again');
  }
}

async function runOnce(options: RunOptions): Promise<RunEnd | 'outdated'> {
  const decided = await decideWish(options);
  if (decided.how !== 'accepted') return decided;
  const { wish } = decided;
  if (wish.isDone && wish.dataset !== null) {
    await removeLeftovers(wish.dataset);
    const summary = await summarize(wish.dataset);
    const nothing = { reason: null, version: null, stopped: null, callbackFailures: [] };
    const spent = await spentOn(wish.dataset, summary, wish.settings);
    return { how: 'ended', wish, isComplete: true, summary, spent, ...nothing };
  }
  return withServer<RunEnd | 'outdated'>(options, async (connected) => {
    if (options.stopSignal.aborted) return { how: 'declined', wish };
    const accepted = await acceptWish(wish);
    const { runBuild } = await import('./build.ts');
    const end = await runBuild({ ...options, wish: accepted, connected });
    if (end === 'outdated') return end;
    if (end.how === 'detached') return { how: 'detached', wish };
    const { dataset } = accepted;
    const { stopped, result, callbackFailures } = end;
    const { isComplete, reason } = result;
    const summary = await summarize(dataset);
    const before = wish.replacesOutput && isComplete ? (await listVersions(dataset)).at(-2) : undefined;
    const version = before ?? null;
    return {
      how: 'ended',
      wish,
      isComplete,
      reason,
      summary,
      spent: await spentOn(dataset, summary, wish.settings),
      version,
      stopped,
      callbackFailures,
    };
  });
}

async function spentOn(dataset: DatasetStore, { usage }: Summary, settings: Settings): Promise<Spent> {
  return spentOf(Object.values(usage), await pricesOf(dataset, usage, settings));
}

export type StartEnd =
  | Exclude<RunEnd, { how: 'ended' | 'detached' }>
  | { readonly how: 'done'; readonly wish: Wish }
  | ({ readonly how: 'started'; readonly wish: Wish } & StartedBuild);

/** Hands a build to the workers that poll the store's queue. Throws as `runDataset`. */
export async function startDataset(options: DecideOptions & ServerOptions): Promise<StartEnd> {
  return untilUpToDate(options, () => startOnce(options));
}

async function startOnce(options: DecideOptions & ServerOptions): Promise<StartEnd | 'outdated'> {
  const decided = await decideWish(options);
  if (decided.how !== 'accepted') return decided;
  const { wish } = decided;
  if (wish.isDone) return { how: 'done', wish };
  return withServer<StartEnd | 'outdated'>(options, async (connected) => {
    const { startBuild } = await import('./start-build.ts');
    const started = await startBuild({ ...options, wish: await acceptWish(wish), connected });
    return started === 'outdated' ? started : { how: 'started', wish, ...started };
  });
}

/** For those who cannot be asked: throws `RefusedError` naming the ways to answer. */
export function refuseToAsk({ cells, foreign }: Question): never {
  if (cells > 0) {
    throw new RefusedError(
      `Cannot make up to ${plural(cells, 'existing cell')} again without an answer: use --yes to regenerate them, --keep to keep them, or --dry-run to see them`,
    );
  }
  const hosts = foreign.map(({ host }) => host).join(', ');
  throw new RefusedError(
    `Cannot go on with cells that came from ${hosts} without an answer: use --yes or --keep to keep them, or --redo COLUMN to make them again`,
  );
}
