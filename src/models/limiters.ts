// The limiters of a process: one for each (endpoint, key, model), whichever builds and aliases ask. What one build learns
// of an endpoint holds for the next, so a limiter outlives the builds that use it.
//
//   P1. A cap is the lowest that the aliases of the open builds ask for; what a build asked for ends with it.
//   P2. All calls of the process together never need more connections than it may have files open.
//   P3. Silence counts only while some build that uses the model may call.

import { findOpenFileLimit, planCallRoom } from '../open-files.ts';
import { Limiter, type LimiterOptions, type LimiterStats } from './limiter.ts';
import { PlainLimiter } from './plain-limiter.ts';
import type { Asker } from './waiting-line.ts';

/** One model as a build uses it. */
export interface ModelUse {
  /** Whom calls go to, with the key that they carry. */
  readonly endpoint: string;
  /** Whether calls have connections; those of a simulated model have none. */
  readonly isHosted: boolean;
  /** What the provider calls it. */
  readonly model: string;
  /** How people read it. */
  readonly label: string;
  readonly host: string;
  readonly skipProbe: boolean;
}

/** A model that has accepted no call since one failed. */
export interface WaitedFor {
  /** By `modelKeyOf`. */
  readonly model: string;
  readonly host: string;
  /** The message of the last call that failed; it names the host. */
  readonly why: string;
  /** Calls that failed since it last answered one. */
  readonly tries: number;
  readonly silentMs: number;
  readonly nextInMs: number;
  /** Until this silence ends the build. */
  readonly givesUpInMs: number;
}

/** One alias's hold on its limiter: until it leaves, what it asks for counts. */
export interface Share {
  readonly limiter: Limiter;
  setCap(cap: number): void;
  /** Null while the model answers. */
  waitedFor(): WaitedFor | null;
  leave(): void;
}

interface Entry {
  readonly limiter: Limiter;
  readonly use: ModelUse;
  /** What the aliases of open builds ask for. */
  readonly asked: Set<{ readonly asker: Asker; cap: number }>;
}

/** A model that accepts nothing for this long ends the build; one that never did, sooner: it is a wrong address. */
const MAX_SILENCE_MS = 600_000;
const MAX_FIRST_SILENCE_MS = 60_000;

export class Limiters {
  readonly #entries = new Map<string, Entry>();
  readonly #plain = new Map<string, PlainLimiter>();
  readonly #files: number;
  readonly #clock: Pick<LimiterOptions, 'now'>;

  constructor({ openFiles, now }: { readonly openFiles?: number } & Pick<LimiterOptions, 'now'> = {}) {
    this.#files = openFiles ?? findOpenFileLimit();
    this.#clock = now === undefined ? {} : { now };
  }

  join(use: ModelUse, { asker, cap }: { readonly asker: Asker; readonly cap: number }): Share {
    const entry = this.#entryOf(use, cap);
    const { limiter, asked } = entry;
    if (asked.size === 0) limiter.wakeUp();
    if (use.skipProbe) limiter.skipProbe();
    const ask = { asker, cap };
    asked.add(ask);
    this.#share();
    return {
      limiter,
      setCap: (wanted) => {
        if (ask.cap === wanted) return;
        ask.cap = wanted;
        this.#share();
      },
      waitedFor: () => this.#waitedFor(entry),
      leave: () => {
        asked.delete(ask);
        this.#share();
      },
    };
  }

  /**
   * The limiter of something that is no model, under a key of its own; it has the cap that was asked for last. It lives as
   * long as the process.
   */
  plain(key: string, cap: number): PlainLimiter {
    const found = this.#plain.get(key);
    if (found === undefined) {
      const made = new PlainLimiter(cap);
      this.#plain.set(key, made);
      return made;
    }
    found.setMax(cap);
    return found;
  }

  /** To be called about once a second: times in which nobody may call are no silence of the model. */
  noteSilence(): void {
    for (const { limiter, asked } of this.#entries.values())
      if (![...asked].some(({ asker }) => asker.mayStart())) limiter.forgetSilence();
  }

  stats(): readonly LimiterStats[] {
    return [...this.#entries.values()].map(({ limiter }) => limiter.stats());
  }

  /** Calls that were answered, by models and by all others. */
  get answered(): number {
    const limiters = [...[...this.#entries.values()].map(({ limiter }) => limiter), ...this.#plain.values()];
    return limiters.reduce((sum, { answered }) => sum + answered, 0);
  }

  /** The models that do not answer now. */
  waitedFor(): readonly WaitedFor[] {
    return [...this.#entries.values()].flatMap((entry) => this.#waitedFor(entry) ?? []);
  }

  /** Connections that the clients of each endpoint may have, once this one is used too; null for as many as they need. */
  connectionsFor(endpoint: string): number | null {
    const entries = [...this.#entries.values()].filter(({ asked, use }) => asked.size > 0 && use.isHosted);
    const endpoints = new Set([endpoint, ...entries.map(({ use }) => use.endpoint)]);
    const calls = [...endpoints].map((each) => ({ key: each, endpoint: each, cap: 1 }));
    const { connections } = planCallRoom(calls, this.#files);
    return Number.isFinite(connections) ? connections : null;
  }

  #entryOf(use: ModelUse, cap: number): Entry {
    const key = JSON.stringify([use.endpoint, use.model]);
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    const limiter = new Limiter({ max: cap, skipProbe: use.skipProbe, ...this.#clock });
    const entry: Entry = { limiter, use, asked: new Set() };
    this.#entries.set(key, entry);
    return entry;
  }

  #share(): void {
    const used = [...this.#entries].filter(([, { asked }]) => asked.size > 0);
    const calls = used.map(([key, { use, asked }]) => ({
      key,
      endpoint: use.isHosted ? use.endpoint : null,
      cap: Math.min(...[...asked].map(({ cap }) => cap)),
    }));
    const { caps } = planCallRoom(calls, this.#files);
    for (const [key, { limiter }] of used) limiter.setMax(caps.get(key)!);
  }

  #waitedFor({ limiter, use }: Entry): WaitedFor | null {
    const { silentSince, answered, lastError, unanswered: tries, nextInMs } = limiter.stats();
    if (silentSince === null || lastError === null) return null;
    const silentMs = (this.#clock.now ?? (() => performance.now()))() - silentSince;
    const limitMs = answered === 0 ? MAX_FIRST_SILENCE_MS : MAX_SILENCE_MS;
    return {
      ...{ model: use.label, host: use.host, why: lastError.message, tries, silentMs, nextInMs },
      givesUpInMs: limitMs - silentMs,
    };
  }
}
