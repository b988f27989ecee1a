// Calls a function of a user's module in a worker thread. What it throws, and what becomes of its thread, is said in the
// user's own terms: the message, and the place in the user's file.

import { CellError } from '../errors.ts';
import { cancelled } from '../models/failures.ts';
import { allowManyListeners } from '../signals.ts';
import { DeadThreadError } from '../threads.ts';
import { FunctionThreads, type Session, type StreamStep, ThrownError } from './function-threads.ts';
import type { FunctionTask } from './session-thread.ts';
import type { UserModule } from './stored-modules.ts';
import { placeInSource } from './user-places.ts';

/** A function as a caller names it. */
export interface UserFunction {
  readonly module: UserModule;
  readonly export: string;
}

/** Those of the process. */
const threads = new FunctionThreads();

/** Runs a session of a task, once more and alone where its thread dies. Throws `CellError` where that dies, too. */
export async function withSession<Result>(
  task: FunctionTask,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  try {
    return await threads.run(task, use);
  } catch (error) {
    if (!(error instanceof DeadThreadError)) throw error;
  }
  try {
    return await threads.runAlone(task, use);
  } catch (error) {
    if (!(error instanceof DeadThreadError)) throw error;
    throw crashed(error);
  }
}

function crashed({ message }: DeadThreadError): CellError {
  return new CellError('CrashedThread', `The function cannot be run: ${message}`);
}

export interface FunctionCall
  extends Pick<FunctionTask, 'input'>,
    Partial<Pick<FunctionTask, 'params' | 'random' | 'each'>> {
  /** Rejects with `ModelError` `cancelled`: nobody waits for the function any more. */
  readonly signal: AbortSignal;
  /** How long it may take; for ever by default. */
  readonly deadlineMs?: number;
}

/**
 * What a function returns that asks no models. Throws `CellError` for what it throws, for one that ends its thread, and for
 * one that takes too long.
 */
export function callFunction(
  { module, export: exported }: UserFunction,
  { params = null, random = [], signal, deadlineMs, ...given }: FunctionCall,
): Promise<unknown> {
  const task = { ...given, module, export: exported, params, aliases: [], random };
  return withSession(task, async (session) => {
    const work = session.step([]).catch((error: Error) => {
      throw asCellError(error, module);
    });
    const step = await untilCut(deadlineMs === undefined ? work : inTime(work, deadlineMs), signal);
    return step.is === 'returned' ? step.value : null;
  });
}

export interface StreamCall extends Pick<FunctionCall, 'params' | 'random' | 'signal'> {
  readonly input: AsyncIterable<readonly unknown[]>;
  /** How long it may take from one piece of rows to the next. */
  readonly deadlineMs: number;
}

/**
 * The rows that a function makes of others, a piece at a time: it is given the next ones when it wants them. Throws as
 * `callFunction` does, and what the input throws.
 */
export async function* streamFunction(
  { module, export: exported }: UserFunction,
  { input, params = null, random = [], signal, deadlineMs }: StreamCall,
): AsyncGenerator<readonly unknown[], void> {
  const task = {
    module,
    export: exported,
    input: null,
    params,
    aliases: [],
    random,
    isStream: true,
  } as const;
  const session = threads.openStream(task);
  const source = input[Symbol.asyncIterator]();
  try {
    for (let next: readonly unknown[] | null = []; ; ) {
      const work: Promise<StreamStep> = session.step(next).catch((error: Error) => {
        throw error instanceof DeadThreadError ? crashed(error) : asCellError(error, module);
      });
      const { rows, wantsMore, isOver } = await untilCut(inTime(work, deadlineMs), signal);
      if (rows.length > 0) yield rows;
      if (isOver) return;
      next = [];
      if (!wantsMore) continue;
      const given = await source.next();
      next = given.done === true ? null : given.value;
    }
  } finally {
    session.leave();
    await source.return?.();
  }
}

/** What a function threw, as the failure of a cell: its message, and where it was thrown. Any other error is as it was. */
export function asCellError(error: Error, module: UserModule): Error {
  if (!(error instanceof ThrownError)) return error;
  return new CellError('FunctionError', `The function threw ${error.message}${placeInSource(error, module)}`);
}

/** Who ends the build in haste does not wait for functions of users. */
export function untilCut<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return until(work, signal, cancelled);
}

function inTime<Result>(work: Promise<Result>, deadlineMs: number): Promise<Result> {
  const tooLate = () =>
    new CellError('FunctionError', `The function took longer than ${deadlineMs / 1_000} s`);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), deadlineMs);
  return until(work, late.signal, tooLate).finally(() => clearTimeout(timer));
}

function until<Result>(work: Promise<Result>, signal: AbortSignal, why: () => Error): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cut = () => reject(why());
    if (signal.aborted) return cut();
    allowManyListeners(signal);
    signal.addEventListener('abort', cut);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cut));
  });
}
