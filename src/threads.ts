// Worker threads for what burns CPU, as many as there are cores, so that the event loop goes on with calls and heartbeats.
// A thread starts when it is needed first, and ends when nothing came for a while; an idle one keeps no process alive.

import { availableParallelism } from 'node:os';
import type { TransferListItem } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import { threadFile } from './own-files.ts';
import type { ThreadOutcome, ThreadTask } from './thread-entry.ts';

const IDLE_MS = 60_000;

/** The thread died, of a full memory, a call to end the process, or an error that nobody caught: what else it was asked for is not to blame. */
export class DeadThreadError extends Error {}

type Thread = Tinypool['threads'][number];

let pool: Tinypool | undefined;
const watched = new WeakSet<Thread>();

/**
 * Runs `run` of a file in a thread. Throws what it throws, without its class, and `DeadThreadError`. A signal
 * that fires ends the thread.
 */
export async function runInThread<Result>(
  file: URL,
  input: unknown,
  { signal, transfer = [] }: { readonly signal?: AbortSignal; readonly transfer?: TransferListItem[] } = {},
): Promise<Result> {
  pool ??= openPool();
  const task: ThreadTask = { file: file.href, input };
  let outcome: ThreadOutcome;
  try {
    const running = pool.run(task, { transferList: transfer, ...(signal && { signal }) });
    watch(pool);
    outcome = await running;
  } catch (error) {
    if (signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeadThreadError(`The thread died: ${reason}`, { cause: error });
  }
  if ('thrown' in outcome) throw outcome.thrown;
  return outcome.value as Result;
}

function openPool(): Tinypool {
  const opened = new Tinypool({
    filename: threadFile('thread-entry').href,
    name: 'run',
    // One that died is replaced as long as there are fewer than this: without, what waits for it would wait for ever.
    minThreads: 1,
    maxThreads: availableParallelism(),
    idleTimeout: IDLE_MS,
    execArgv: [],
  });
  // A thread that did not even start has no task yet that could fail with it: all that wait do.
  opened.on('error', () => {
    if (pool === opened) pool = undefined;
    opened.destroy().catch(() => undefined);
  });
  return opened;
}

/** A thread that ends without an error would leave its task without an end: the pool hears of errors only. */
function watch(opened: Tinypool): void {
  for (const thread of opened.threads.filter((found) => !watched.has(found))) {
    watched.add(thread);
    thread.once('exit', () => {
      if (opened.threads.includes(thread)) thread.emit('error', new Error('It ended the process'));
      // Another one has taken its place.
      watch(opened);
    });
  }
}
