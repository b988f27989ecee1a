// The open builds of a process, one for each (dataset, epoch). A build is closed once its workflow has ended or a newer
// build has the dataset, and none of its activities is at work here; one that comes later opens it again.

import type { WaitedFor } from '../models/limiters.ts';
import type { BuildRef } from '../protocol.ts';
import { type Build, openBuild } from './build.ts';
import { openProcess, type ProcessOptions } from './process.ts';

/** Model calls of a process. */
export interface Calls {
  readonly inFlight: number;
  /** Over the life of the process. */
  readonly answered: number;
  /** The models that do not answer now. */
  readonly waitedFor: readonly WaitedFor[];
}

export interface Builds {
  /** Runs an activity of a build. */
  serve<Result>(ref: BuildRef, run: (build: Build) => Promise<Result>): Promise<Result>;
  /** Those of all builds. */
  calls(): Calls;
  /** Ends a build with a reason for people, whether its workflow has started yet or not. */
  stop(ref: BuildRef, reason: string): Promise<void>;
  /** This process ends: its builds start no call here any more, and those in flight have a grace. */
  end(): void;
  /** Rejects with `BuildError` when a build is to stop and its workflow cannot be told: it will not end by itself. */
  readonly unheard: Promise<never>;
  dispose(): void;
}

interface Entry {
  readonly opening: Promise<Build>;
  /** Once it is open. */
  build?: Build;
  /** Activities at work. */
  serving: number;
  /** There has been an activity: its workflow has been started. */
  hasServed: boolean;
}

export function createBuilds(options: ProcessOptions): Builds {
  const process = openProcess(options);
  const entries = new Map<string, Entry>();

  function open(ref: BuildRef): Entry {
    const key = `${ref.datasetId}/${ref.epoch}`;
    const found = entries.get(key);
    if (found !== undefined) return found;
    function onOver(): void {
      if (entry.build === undefined || entry.serving > 0 || !entry.hasServed) return;
      entries.delete(key);
      entry.build.calls.dispose();
    }
    const entry: Entry = {
      opening: openBuild(ref, { process, onOver }),
      serving: 0,
      hasServed: false,
    };
    entries.set(key, entry);
    entry.opening.then(
      (build) => {
        entry.build = build;
      },
      () => entries.delete(key),
    );
    return entry;
  }

  function opened(): readonly Build[] {
    return [...entries.values()].flatMap(({ build }) => build ?? []);
  }

  return {
    async serve(ref, run) {
      const entry = open(ref);
      entry.hasServed = true;
      entry.serving += 1;
      try {
        return await run(await entry.opening);
      } finally {
        entry.serving -= 1;
      }
    },
    calls() {
      const limiters = process.limiters.stats();
      return {
        inFlight: opened().reduce((sum, { calls }) => sum + calls.flights.inFlight, 0),
        answered: limiters.reduce((sum, { answered }) => sum + answered, 0),
        waitedFor: process.limiters.waitedFor(),
      };
    },
    async stop(ref, reason) {
      (await open(ref).opening).calls.stop(reason);
    },
    end() {
      for (const { calls } of opened()) calls.gate.end();
    },
    unheard: process.unheard,
    dispose() {
      for (const { calls } of opened()) calls.dispose();
    },
  };
}
