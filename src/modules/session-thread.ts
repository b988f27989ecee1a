// Runs functions of users in a thread: many at a time, since most of them wait for models. What a function asks is handed
// out when it is quiet: when it waits for answers and has nothing else to do.

import { parentPort } from 'node:worker_threads';
import { sfc32 } from '../draws.ts';
import { findOwn } from '../own-keys.ts';
import { type MadeRows, RowStream } from './row-stream.ts';

/** A request of a function to a model. */
export interface Ask {
  /** Its number in this session. */
  readonly ask: number;
  readonly alias: string;
  readonly prompt: string;
  readonly systemPrompt: string | null;
}

export interface FunctionTask {
  /** The module's code, and what names it. */
  readonly module: { readonly hash: string; readonly code: string };
  readonly export: string;
  /** The row, or all of them. */
  readonly input: unknown;
  readonly params: unknown;
  readonly aliases: readonly string[];
  /** Four whole numbers of 32 bits: what its `random` begins with. */
  readonly random: readonly number[];
  /**
   * The input is a list, and the function is called with each item: what its `random` begins with then. It returns a list.
   * No item has less than this time.
   */
  readonly each?: { readonly randoms: readonly (readonly number[])[]; readonly deadlineMs: number };
  /** The input is null: rows come in pieces, and so does what the function makes of them. */
  readonly isStream?: true;
  /** Of rows in order, what the function kept; undefined where it cannot keep anything. */
  readonly state?: { readonly kept: unknown };
}

/** The code of a module comes with its first task. */
export interface ThreadTask extends Omit<FunctionTask, 'module'> {
  readonly module: { readonly hash: string; readonly code: string | null };
}

export type ToThread =
  | { readonly is: 'start'; readonly session: number; readonly task: ThreadTask }
  | {
      readonly is: 'answers';
      readonly session: number;
      readonly answers: readonly { readonly ask: number; readonly text: string }[];
    }
  /** To a stream: the rows that it asked for, null after the last ones, none where it asked for none. */
  | { readonly is: 'rows'; readonly session: number; readonly rows: readonly unknown[] | null }
  /** Nobody waits for it any more. */
  | { readonly is: 'leave'; readonly session: number }
  | { readonly is: 'ping' };

export type FromThread =
  | { readonly is: 'asking'; readonly session: number; readonly asks: readonly Ask[] }
  | { readonly is: 'made'; readonly session: number; readonly made: MadeRows }
  | { readonly is: 'returned'; readonly session: number; readonly value: unknown; readonly state: unknown }
  | {
      readonly is: 'threw';
      readonly session: number;
      readonly message: string;
      readonly stack: string | null;
    }
  | { readonly is: 'pong' };

interface Session {
  readonly asks: Ask[];
  readonly waiting: Map<number, (text: string) => void>;
  readonly stream: RowStream;
  count: number;
  isLooking: boolean;
}

const sessions = new Map<number, Session>();
const modules = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

parentPort?.on('message', (message: ToThread) => {
  if (message.is === 'ping') return tell({ is: 'pong' });
  if (message.is === 'leave') return void sessions.delete(message.session);
  if (message.is === 'start') return void start(message.session, message.task);
  const session = sessions.get(message.session);
  if (session === undefined) return;
  if (message.is === 'rows') return session.stream.give(message.rows);
  for (const { ask, text } of message.answers) {
    session.waiting.get(ask)?.(text);
    session.waiting.delete(ask);
  }
  lookWhetherQuiet(message.session, session);
});

async function start(id: number, task: ThreadTask): Promise<void> {
  const stream = new RowStream((made) => tell({ is: 'made', session: id, made }));
  const session: Session = { asks: [], waiting: new Map(), stream, count: 0, isLooking: false };
  sessions.set(id, session);
  const models = Object.freeze(
    Object.fromEntries(task.aliases.map((alias) => [alias, { generate: asking(id, { session, alias }) }])),
  );
  const contextOf = (random: readonly number[]) => ({
    ...{ params: task.params, models, random: randomOf(random) },
    ...(task.state === undefined ? {} : { state: task.state.kept }),
  });
  try {
    const run = findOwn(await load(task), task.export);
    if (typeof run !== 'function') throw new TypeError(`"${task.export}" of the module is no function`);
    const context = contextOf(task.random);
    let value: unknown;
    if (task.isStream === true) value = await stream.collect(await run(stream.input(), context));
    else if (task.each === undefined) value = await run(task.input, context);
    else
      value = await besideEachOther(id, task.each, (random, at) =>
        run((task.input as unknown[])[at], contextOf(random)),
      );
    end(id, { is: 'returned', session: id, value, state: context.state });
  } catch (error) {
    const isError = error instanceof Error;
    const message = isError ? `${error.name}: ${error.message}` : String(error);
    end(id, { is: 'threw', session: id, message, stack: isError ? (error.stack ?? null) : null });
  }
}

/** Calls the function with all items, which wait together. One that only computes is called with one after the other. */
function besideEachOther(
  id: number,
  { randoms, deadlineMs }: Required<FunctionTask>['each'],
  run: (random: readonly number[], at: number) => unknown,
): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const tooLate = Object.assign(new Error(`it took longer than ${deadlineMs / 1_000} s`), {
      name: 'TimeoutError',
    });
    // Anew with each that begins or ends: those before it may have held the thread meanwhile.
    const timer = setTimeout(reject, deadlineMs, tooLate);
    const call = async (random: readonly number[], at: number) => {
      timer.refresh();
      const value = await run(random, at);
      timer.refresh();
      return value;
    };
    const callAll = async () => {
      const values: Promise<unknown>[] = [];
      for (const [at, random] of randoms.entries()) {
        const value = call(random, at);
        value.catch(reject);
        values.push(value);
        // A thread that answers no ping for long is ended.
        await new Promise(setImmediate);
        if (!sessions.has(id)) break;
      }
      return Promise.all(values);
    };
    callAll()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** What a function returns may be no data at all: a function, a class with secrets of its own. */
function end(id: number, message: FromThread): void {
  if (!sessions.delete(id)) return;
  try {
    tell(message);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    tell({ is: 'threw', session: id, message: `It returned what is no data: ${what}`, stack: null });
  }
}

function load({ module: { hash, code } }: ThreadTask): Promise<Readonly<Record<string, unknown>>> {
  const known = modules.get(hash);
  if (known !== undefined) return known;
  if (code === null) throw new TypeError(`Cannot run module ${hash}: its code has not come`);
  // Named, so that a stack says where in the bundle something happened and not its whole text.
  const text = `${code}\n//# sourceURL=${hash}.mjs\n`;
  const loaded = import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
  modules.set(hash, loaded);
  return loaded;
}

function asking(id: number, { session, alias }: { readonly session: Session; readonly alias: string }) {
  return (prompt: unknown, options: { readonly system_prompt?: unknown } = {}): Promise<string> => {
    if (typeof prompt !== 'string' || prompt.trim() === '')
      return Promise.reject(new TypeError('generate() needs a prompt, which is text'));
    const system = options.system_prompt ?? null;
    if (system !== null && typeof system !== 'string')
      return Promise.reject(new TypeError('The system_prompt of generate() has to be text'));
    session.count += 1;
    const ask = session.count;
    session.asks.push({ ask, alias, prompt, systemPrompt: system });
    const answer = new Promise<string>((resolve) => session.waiting.set(ask, resolve));
    lookWhetherQuiet(id, session);
    return answer;
  };
}

/** After all that can go on now has gone on: a function that asks several models at once asks them together. */
function lookWhetherQuiet(id: number, session: Session): void {
  if (session.isLooking) return;
  session.isLooking = true;
  setImmediate(() => {
    session.isLooking = false;
    if (sessions.get(id) !== session || session.waiting.size === 0) return;
    tell({ is: 'asking', session: id, asks: session.asks.splice(0) });
  });
}

/** The same numbers for the same cell, in any thread. */
function randomOf([a = 0, b = 0, c = 0, d = 0]: readonly number[]): () => number {
  const next = sfc32([a, b, c, d]);
  return () => next() / 2 ** 32;
}

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}
