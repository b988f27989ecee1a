// `run`, `start` and `preview` for programs: what is left out is as on a command line where nobody can be asked, in the folder and
// the environment of this process.

import { homeFolder } from '../server/home.ts';
import type { RunEvents } from './build/build.ts';
import {
  type OpenPreview,
  openPreview,
  type PreviewDatasetOptions as PreviewOptions,
} from './build/preview-dataset.ts';
import {
  type DecideOptions,
  type RunEnd,
  type RunOptions,
  refuseToAsk,
  runDataset as runWith,
  type ServerOptions,
  type StartEnd,
  startDataset as startWith,
} from './build/run-dataset.ts';

type WithDefaults<Options extends { readonly target: string }> = Pick<Options, 'target'> &
  Partial<Omit<Options, 'target'>>;

export type StartDatasetOptions = WithDefaults<DecideOptions & ServerOptions>;

export interface RunDatasetOptions extends WithDefaults<Omit<RunOptions, 'events'>> {
  readonly events?: Partial<RunEvents>;
}

/**
 * Makes what a document says, with a worker in this process: continues, extends or makes again. Throws `ConfigError`,
 * `RefusedError`, `StoreError`, `ServerError` before any call, `BuildError` after.
 *
 * It handles no signals. Abort `stopSignal` at SIGINT, SIGTERM and SIGHUP: a process that dies of one counts as crashed, and
 * the cells in flight at two crashes are made one at a time.
 */
export function runDataset(options: RunDatasetOptions): Promise<RunEnd> {
  return runWith({
    ...defaults(),
    stopSignal: new AbortController().signal,
    ...options,
    events: { onSnapshot: nothing, onAttached: nothing, onStopping: nothing, ...options.events },
  });
}

/** Hands what a document says to the workers that poll the store's queue. Throws as `runDataset`. */
export function startDataset(options: StartDatasetOptions): Promise<StartEnd> {
  return startWith({ ...defaults(), ...options });
}

export type PreviewDatasetOptions = WithDefaults<PreviewOptions>;

/**
 * Prepares a document to make some of its rows in this process, with no server, and keeps nothing of them. Makes no call
 * before `rows` is asked for. Throws `ConfigError`, `RefusedError`, `StoreError`.
 */
export function previewDataset(options: PreviewDatasetOptions): Promise<OpenPreview> {
  const { cwd, home, environment, isSimulated, isNew } = defaults();
  return openPreview({ cwd, home, environment, isSimulated, isNew, ...options });
}

function defaults(): Omit<DecideOptions & ServerOptions, 'target'> {
  return {
    ...{ cwd: process.cwd(), home: homeFolder(), environment: process.env },
    ...{ isSimulated: false, isNew: false, isDryRun: false, isReplacing: false, keep: false, redo: [] },
    ask: async (question) => refuseToAsk(question),
    ...{ say: nothing, onServer: nothing, onWish: nothing, onKept: nothing },
  };
}

function nothing(): void {}
