// What is true of a process, whichever builds it serves.

import type { Client } from '@temporalio/client';
import type { BuildError } from '../errors.ts';
import { Limiters } from '../models/limiters.ts';
import type { ModelsOptions } from '../models/models.ts';
import { PartCache } from '../store/part-cache.ts';
import type { Store } from '../store/store.ts';
import { Company } from './company.ts';

/** Bytes of parts that a process keeps parsed: the open groups' cells several times over. */
const PART_CACHE_BYTES = 64 * 1024 * 1024;

export interface ProcessOptions {
  readonly store: Store;
  readonly client: Client;
  readonly environment: NodeJS.ProcessEnv;
  /** See `ModelsOptions`. */
  readonly connect?: ModelsOptions['connect'];
}

export interface ServingProcess extends ProcessOptions {
  readonly limiters: Limiters;
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
  return {
    ...options,
    limiters: new Limiters(),
    parts: new PartCache(PART_CACHE_BYTES),
    company: new Company(),
    unheard,
    onUnheard,
  };
}
