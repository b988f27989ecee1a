// What the activities of one process share: an open build for each (dataset, epoch). A build is closed once its workflow
// has ended or a newer build has the dataset, and none of its activities is at work here; one that comes later opens it
// again.

import type { Client } from '@temporalio/client';
import type { BuildError } from '../errors.ts';
import type { ModelsOptions, WaitedFor } from '../models/models.ts';
import type { BuildRef } from '../protocol.ts';
import { PartCache } from '../store/parts.ts';
import type { Store } from '../store/store.ts';
import { type Build, openBuild } from './build.ts';
import { Company } from './company.ts';

/** Bytes of parts that a process keeps parsed: the open groups' cells several times over. */
const PART_CACHE_BYTES = 64 * 1024 * 1024;

/** Model calls of a process. */
export interface Calls {
  readonly inFlight: number;
  readonly answered: number;
  /** The models that do not answer now. */
  readonly waitedFor: readonly WaitedFor[];
}

export interface Builds {
  /** Runs an activity of a build. */
  serve<Result>(ref: BuildRef, run: (build: Build) => Promise<Result>): Promise<Result>;
  /** Those of all builds, over the life of the process. */
  calls(): Calls;
  /** Ends a build with a reason for people, whether its workflow has started yet or not. */
  stop(ref: BuildRef, reason: string): Promise<void>;
  /** Rejects with `BuildError` when a build is to stop and its workflow cannot be told: it will not end by itself. */
  readonly unheard: Promise<never>;
  dispose(): void;
}

export interface BuildsOptions {
  readonly store: Store;
  readonly client: Client;
  readonly environment: NodeJS.ProcessEnv;
  /** See `ModelsOptions`. */
  readonly connect?: ModelsOptions['connect'];
}

interface Entry {
  readonly build: Promise<Build>;
  /** Activities at work. */
  serving: number;
  /** There has been an activity: its workflow has been started. */
  hasServed: boolean;
}

export function createBuilds(options: BuildsOptions): Builds {
  const entries = new Map<string, Entry>();
  const opened = new Map<string, Build>();
  // What builds leave behind that are closed: the endpoints that answered, and how many calls were answered.
  const proved = new Set<string>();
  let answeredBefore = 0;
  const parts = new PartCache(PART_CACHE_BYTES);
  const company = new Company();
  let onUnheard: (error: BuildError) => void = () => undefined;
  const unheard = new Promise<never>((_, reject) => {
    onUnheard = reject;
  });
  // Nobody has to listen.
  unheard.catch(() => undefined);

  function open(ref: BuildRef): Entry {
    const key = `${ref.datasetId}/${ref.epoch}`;
    const found = entries.get(key);
    if (found !== undefined) return found;
    function onOver(): void {
      const build = opened.get(key);
      if (build === undefined || entry.serving > 0 || !entry.hasServed) return;
      entries.delete(key);
      opened.delete(key);
      for (const endpoint of build.models.answering()) proved.add(endpoint);
      answeredBefore += callsOf(build).answered;
      build.dispose();
    }
    const answering = [...opened.values()].flatMap(({ models }) => models.answering());
    const build = openBuild(ref, {
      ...{ ...options, parts, company, onUnheard, onOver },
      proved: [...proved, ...answering],
    });
    const entry: Entry = { build, serving: 0, hasServed: false };
    entries.set(key, entry);
    build.then(
      (ready) => opened.set(key, ready),
      () => entries.delete(key),
    );
    return entry;
  }

  return {
    async serve(ref, run) {
      const entry = open(ref);
      entry.hasServed = true;
      entry.serving += 1;
      try {
        return await run(await entry.build);
      } finally {
        entry.serving -= 1;
      }
    },
    calls() {
      const calls = [...opened.values()].map(callsOf);
      return {
        inFlight: calls.reduce((sum, { inFlight }) => sum + inFlight, 0),
        answered: calls.reduce((sum, { answered }) => sum + answered, answeredBefore),
        waitedFor: calls.flatMap(({ waitedFor }) => waitedFor),
      };
    },
    async stop(ref, reason) {
      (await open(ref).build).stop(reason);
    },
    unheard,
    dispose() {
      for (const build of opened.values()) build.dispose();
    },
  };
}

function callsOf({ models }: Build): Calls {
  const limiters = Object.values(models.stats());
  return {
    inFlight: limiters.reduce((sum, { inFlight }) => sum + inFlight, 0),
    answered: limiters.reduce((sum, { answered }) => sum + answered, 0),
    waitedFor: models.waitedFor(),
  };
}
