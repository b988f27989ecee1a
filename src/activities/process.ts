// What is true of a process, whichever builds it serves.

import { availableParallelism } from 'node:os';
import type { BuildError } from '../errors.ts';
import { Limiters } from '../models/limiters.ts';
import type { ModelsOptions } from '../models/models.ts';
import type { PlainLimiter } from '../models/plain-limiter.ts';
import { plainKeyOf } from '../plan.ts';
import type { BuildRef, Control } from '../protocol.ts';
import { PartCache } from '../store/part-cache.ts';
import type { Store } from '../store/store.ts';
import { Company } from './company.ts';

/** A row group whose rows are written, with the record that proves it. */
export interface CommittedRowGroup {
  readonly dataset: string;
  readonly rowGroup: number;
  /** In its file. */
  readonly rows: number;
  readonly dropped: number;
  /** False where the build was stopped before all its rows were made: it is told of again once they are. */
  readonly isComplete: boolean;
  /** Absolute path of its Parquet file, in the edition that the build makes; null where it has no row. */
  readonly path: string | null;
}

/** Bytes of parts that a process keeps parsed: the open groups' cells several times over. */
const PART_CACHE_BYTES = 64 * 1024 * 1024;

/** The workflow of a build, as the process that makes its calls talks to it. */
export interface BuildWorkflow {
  /** How the build is steered; null for a workflow that has ended. Rejects where it cannot be asked. */
  askControl(): Promise<Control | null>;
  /** Has it stop, with a reason for people. Rejects where it did not hear. */
  stop(reason: string): Promise<void>;
}

export interface ProcessOptions {
  readonly store: Store;
  readonly workflowOf: (ref: BuildRef) => BuildWorkflow;
  readonly environment: NodeJS.ProcessEnv;
  /** See `ModelsOptions`. */
  readonly connect?: ModelsOptions['connect'];
  /** Awaited after each commit. Never rejects. */
  readonly onRowGroup?: (group: CommittedRowGroup) => Promise<void>;
}

export interface ServingProcess extends ProcessOptions {
  readonly limiters: Limiters;
  /** Leave to burn CPU in a thread, whether builds may make calls or not: what is written at a stop needs it too. */
  readonly threads: PlainLimiter;
  readonly parts: PartCache;
  readonly company: Company;
  /** Rejects when a build is to stop and its workflow cannot be told: it will not end by itself. */
  readonly unheard: Promise<never>;
  readonly onUnheard: (error: BuildError) => void;
}

export function openProcess(options: ProcessOptions): ServingProcess {
  let onUnheard: (error: BuildError) => void = () => undefined;
  const unheard = new Promise<never>((_, reject) => {
    onUnheard = reject;
  });
  // Nobody has to listen.
  unheard.catch(() => undefined);
  const limiters = new Limiters();
  return {
    ...options,
    limiters,
    threads: limiters.plain(plainKeyOf({ threads: 'cpu' }), availableParallelism()),
    parts: new PartCache(PART_CACHE_BYTES),
    company: new Company(),
    unheard,
    onUnheard,
  };
}
