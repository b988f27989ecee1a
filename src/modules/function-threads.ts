// Runs of users' functions in worker threads of their own: one that never ends, or ends its thread, hurts nothing else.
//
// A session is one of three:
//
//   running   its function works. `step` waits, with leave to burn CPU.
//   asking    its function waits for answers of models. `step` has said which; no leave is needed to wait.
//   over      it returned, threw, or was left.
//
//   S1. All sessions of a thread end with it. Nobody can tell whose fault that was, so each is run once more, alone, in a
//       thread of its own, one after the other. The one whose thread ends then was it.
//   S2. A thread that answers nothing for MAX_HELD_MS is ended: a loop without an end holds it.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { threadFile } from '../own-files.ts';
import { DeadThreadError } from '../threads.ts';
import type { MadeRows } from './row-stream.ts';
import type { Ask, FromThread, FunctionTask, ToThread } from './session-thread.ts';

const MAX_HELD_MS = 60_000;
const PING_MS = 1_000;
/** After that an idle thread ends: its modules, and what they keep, with it. */
const IDLE_MS = 60_000;

/** What a function threw, with its stack. */
export class ThrownError extends Error {
  constructor({ message, stack }: { readonly message: string; readonly stack: string | null }) {
    super(message);
    this.stack = stack ?? '';
  }
}

export type Step =
  | { readonly is: 'asking'; readonly asks: readonly Ask[] }
  | { readonly is: 'returned'; readonly value: unknown; readonly state: unknown };

/** Of a stream: rows that it made, the last ones where it `isOver`. */
export interface StreamStep extends MadeRows {
  readonly isOver: boolean;
}

export interface StreamSession {
  /** Begins, or goes on with the next rows, null after the last, until rows are made or wanted. Throws as a session's. */
  step(rows: readonly unknown[] | null): Promise<StreamStep>;
  /** Ends its thread. */
  leave(): void;
}

export interface Answer {
  readonly ask: number;
  readonly text: string;
}

export interface Session {
  /**
   * Begins, or goes on with the answers to all that it asked, until the function waits for others or ends. Throws
   * `ThrownError`, `DeadThreadError`.
   */
  step(answers: readonly Answer[]): Promise<Step>;
  /** Whatever it still does, nobody waits for it. */
  leave(): void;
}

export interface SessionOptions {
  readonly maxHeldMs?: number;
}

/** Where functions run: threads that sessions share, and one at a time for those that are run alone. */
export class FunctionThreads {
  readonly #threads: FunctionThread[] = [];
  readonly #options: SessionOptions;
  #lastAlone: Promise<unknown> = Promise.resolve();

  constructor(options: SessionOptions = {}) {
    this.#options = options;
  }

  /** Runs something with a session beside others. Throws as the session does. */
  async run<Result>(task: FunctionTask, use: (session: Session) => Promise<Result>): Promise<Result> {
    return useSession(this.#freest().open(task), use);
  }

  /** The same with a thread of its own, when nobody else has one. */
  runAlone<Result>(task: FunctionTask, use: (session: Session) => Promise<Result>): Promise<Result> {
    const run = async () => {
      const thread = new FunctionThread(this.#options);
      try {
        return await useSession(thread.open(task), use);
      } finally {
        thread.end('Nobody needs it');
      }
    };
    const result = this.#lastAlone.then(run);
    this.#lastAlone = result.catch(() => undefined);
    return result;
  }

  /** Opens a stream in a thread of its own: it may run for long, and nobody else's thread ends with it. */
  openStream(task: FunctionTask): StreamSession {
    const thread = new FunctionThread(this.#options);
    return { step: thread.openStream(task), leave: () => thread.end('Nobody needs it') };
  }

  #freest(): FunctionThread {
    const alive = this.#threads.filter(({ isAlive }) => isAlive);
    const best = alive.sort((left, right) => left.size - right.size)[0];
    if (best !== undefined && (best.size === 0 || alive.length >= availableParallelism())) return best;
    const started = new FunctionThread(this.#options);
    this.#threads.splice(0, this.#threads.length, ...alive, started);
    return started;
  }
}

async function useSession<Result>(
  session: Session,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(session);
  } finally {
    session.leave();
  }
}

/** What a session heard from its thread, and who waits for that. */
class Hearing {
  readonly #asks: Ask[] = [];
  #made: MadeRows | undefined;
  #end: Extract<FromThread, { is: 'returned' | 'threw' }> | DeadThreadError | undefined;
  #isQuiet = false;
  #wake: () => void = () => undefined;

  hear(message: Exclude<FromThread, { is: 'pong' }> | DeadThreadError): void {
    if (message instanceof DeadThreadError) this.#end ??= message;
    else if (message.is === 'asking') {
      this.#asks.push(...message.asks);
      this.#isQuiet = true;
    } else if (message.is === 'made') {
      this.#made = message.made;
      this.#isQuiet = true;
    } else this.#end ??= message;
    this.#wake();
  }

  async next(): Promise<Step> {
    const end = await this.#quiet();
    if (end === undefined) return { is: 'asking', asks: this.#asks.splice(0) };
    return { is: 'returned', value: end.value, state: end.state };
  }

  async nextOfStream(): Promise<StreamStep> {
    const end = await this.#quiet();
    if (end === undefined) return { ...this.#made!, isOver: false };
    return { rows: end.value as readonly unknown[], wantsMore: false, isOver: true };
  }

  /** What it returned, or nothing where it waits for others. Throws what it threw. */
  async #quiet(): Promise<Extract<FromThread, { is: 'returned' }> | undefined> {
    while (!this.#isQuiet && this.#end === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#isQuiet = false;
    const end = this.#end;
    if (end instanceof DeadThreadError) throw end;
    if (end?.is === 'threw') throw new ThrownError(end);
    return end;
  }
}

class FunctionThread {
  readonly #worker: Worker;
  readonly #sessions = new Map<number, Hearing>();
  readonly #maxHeldMs: number;
  readonly #pinging: NodeJS.Timeout;
  #heardAt = performance.now();
  /** The modules whose code it has. */
  readonly #modules = new Set<string>();
  #count = 0;
  #end: DeadThreadError | undefined;

  constructor({ maxHeldMs = MAX_HELD_MS }: SessionOptions) {
    this.#maxHeldMs = maxHeldMs;
    this.#worker = new Worker(threadFile('modules/session-thread'), {
      execArgv: [],
      // What functions print is for people, and no data of ours.
      stdout: true,
    });
    this.#worker.stdout.pipe(process.stderr, { end: false });
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error) => this.#die(`it met an error: ${error.message}`));
    this.#worker.on('exit', () => this.#die('it ended the process'));
    this.#pinging = setInterval(() => this.#look(), PING_MS).unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  open(task: FunctionTask): Session {
    const [session, hearing] = this.#listen();
    let hasBegun = false;
    return {
      step: (answers) => {
        this.#tell(hasBegun ? { is: 'answers', session, answers } : this.#start(session, task));
        hasBegun = true;
        return hearing.next();
      },
      leave: () => {
        if (!this.#sessions.delete(session)) return;
        this.#tell({ is: 'leave', session });
        if (this.#sessions.size > 0) return;
        this.#worker.unref();
        this.#heardAt = performance.now();
      },
    };
  }

  openStream(task: FunctionTask): StreamSession['step'] {
    const [session, hearing] = this.#listen();
    let hasBegun = false;
    return (rows) => {
      this.#tell(hasBegun ? { is: 'rows', session, rows } : this.#start(session, task));
      hasBegun = true;
      return hearing.nextOfStream();
    };
  }

  #listen(): readonly [number, Hearing] {
    this.#count += 1;
    const hearing = new Hearing();
    if (this.#end !== undefined) hearing.hear(this.#end);
    // While somebody waits for it the thread keeps the process alive, and only then.
    if (this.#sessions.size === 0) {
      this.#worker.ref();
      this.#heardAt = performance.now();
    }
    this.#sessions.set(this.#count, hearing);
    return [this.#count, hearing];
  }

  /** A module's code is sent once: it may be far larger than a row. */
  #start(session: number, { module: { hash, code }, ...task }: FunctionTask): ToThread {
    const isKnown = this.#modules.has(hash);
    this.#modules.add(hash);
    return { is: 'start', session, task: { ...task, module: { hash, code: isKnown ? null : code } } };
  }

  end(why: string): void {
    this.#die(why);
    void this.#worker.terminate();
  }

  #tell(message: ToThread): void {
    if (this.#end === undefined) this.#worker.postMessage(message);
  }

  #hear(message: FromThread): void {
    this.#heardAt = performance.now();
    if (message.is !== 'pong') this.#sessions.get(message.session)?.hear(message);
  }

  #look(): void {
    const silentMs = performance.now() - this.#heardAt;
    if (this.#sessions.size === 0) {
      if (silentMs > IDLE_MS) this.end('Nobody needs it');
      return;
    }
    if (silentMs > this.#maxHeldMs) this.end(`it held its thread for ${Math.round(silentMs / 1_000)} s`);
    else this.#tell({ is: 'ping' });
  }

  #die(why: string): void {
    if (this.#end !== undefined) return;
    clearInterval(this.#pinging);
    this.#end = new DeadThreadError(why);
    for (const hearing of this.#sessions.values()) hearing.hear(this.#end);
  }
}
