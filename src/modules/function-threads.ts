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
  #end: Extract<FromThread, { is: 'returned' | 'threw' }> | DeadThreadError | undefined;
  #isQuiet = false;
  #wake: () => void = () => undefined;

  hear(message: Exclude<FromThread, { is: 'pong' }> | DeadThreadError): void {
    if (message instanceof DeadThreadError || message.is !== 'asking') this.#end ??= message;
    else {
      this.#asks.push(...message.asks);
      this.#isQuiet = true;
    }
    this.#wake();
  }

  async next(): Promise<Step> {
    while (!this.#isQuiet && this.#end === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#isQuiet = false;
    const end = this.#end;
    if (end === undefined) return { is: 'asking', asks: this.#asks.splice(0) };
    if (end instanceof DeadThreadError) throw end;
    if (end.is === 'threw') throw new ThrownError(end);
    return { is: 'returned', value: end.value, state: end.state };
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
    this.#count += 1;
    const session = this.#count;
    const hearing = new Hearing();
    if (this.#end !== undefined) hearing.hear(this.#end);
    // While somebody waits for it the thread keeps the process alive, and only then.
    if (this.#sessions.size === 0) {
      this.#worker.ref();
      this.#heardAt = performance.now();
    }
    this.#sessions.set(session, hearing);
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
