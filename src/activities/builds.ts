// The open builds of a process, one for each (dataset, epoch). A build is closed once its workflow has ended or a newer
// build has the dataset, and none of its activities is at work here; one that comes later opens it again.

import type { WaitedFor } from '../models/limiters.ts';
import type { BuildRef } from '../protocol.ts';
import { type Build, openBuild } from './build.ts';
import { openProcess, type ProcessOptions, type ServingProcess } from './process.ts';

/** Model calls of a process. */
export interface Calls {
  readonly inFlight: number;
  /** Over the life of the process. */
  readonly answered: number;
  /** Dollars, as far as prices are known. */
  readonly spent: number;
  /** The models that do not answer now. */
  readonly waitedFor: readonly WaitedFor[];
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

export class Builds {
  readonly #process: ServingProcess;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ProcessOptions) {
    this.#process = openProcess(options);
  }

  /** Runs an activity of a build. */
  async serve<Result>(ref: BuildRef, run: (build: Build) => Promise<Result>): Promise<Result> {
    const entry = this.#open(ref);
    entry.hasServed = true;
    entry.serving += 1;
    try {
      return await run(await entry.opening);
    } finally {
      entry.serving -= 1;
    }
  }

  /** Those of all builds. */
  calls(): Calls {
    const { limiters } = this.#process;
    return {
      inFlight: this.#opened().reduce((sum, { calls }) => sum + calls.flights.inFlight, 0),
      answered: limiters.answered,
      spent: this.#opened().reduce((sum, { calls }) => sum + calls.spending.own.dollars, 0),
      waitedFor: limiters.waitedFor(),
    };
  }

  /** Ends a build with a reason for people, whether its workflow has started yet or not. */
  async stop(ref: BuildRef, reason: string): Promise<void> {
    (await this.#open(ref).opening).calls.stop(reason);
  }

  /** This process ends: its builds start no call here any more, and those in flight have a grace. */
  end(): void {
    for (const { calls } of this.#opened()) calls.gate.end();
  }

  /** Rejects with `BuildError` when a build is to stop and its workflow cannot be told: it will not end by itself. */
  get unheard(): Promise<never> {
    return this.#process.unheard;
  }

  /** What is traced is written when it resolves. */
  async dispose(): Promise<void> {
    await Promise.all(this.#opened().map(close));
  }

  #open(ref: BuildRef): Entry {
    const key = `${ref.datasetId}/${ref.epoch}`;
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    const onOver = () => {
      if (entry.build === undefined || entry.serving > 0 || !entry.hasServed) return;
      this.#entries.delete(key);
      void close(entry.build);
    };
    const opening = openBuild(ref, { process: this.#process, onOver });
    const entry: Entry = { opening, serving: 0, hasServed: false };
    this.#entries.set(key, entry);
    opening.then(
      (build) => {
        entry.build = build;
      },
      () => this.#entries.delete(key),
    );
    return entry;
  }

  #opened(): readonly Build[] {
    return [...this.#entries.values()].flatMap(({ build }) => build ?? []);
  }
}

async function close({ calls, traces }: Build): Promise<void> {
  calls.dispose();
  await traces?.close();
}
