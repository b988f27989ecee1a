// Functions of users' modules for who has no permit to burn CPU of its own: processors.

import { availableParallelism } from 'node:os';
import { PlainLimiter } from '../models/plain-limiter.ts';
import { callFunction, type FunctionCall, type StreamCall, streamFunction } from './call-function.ts';
import type { UserModule } from './stored-modules.ts';

/** An export of a module, as a plan names it. */
export interface FunctionRef {
  readonly hash: string;
  readonly export: string;
}

export interface Functions {
  /** Waits for a place among the threads, then is {@link callFunction}. */
  call(ref: FunctionRef, call: FunctionCall): Promise<unknown>;
  /** {@link streamFunction}, in a thread beside those: streams that feed each other have to run at once. */
  stream(ref: FunctionRef, call: StreamCall): AsyncGenerator<readonly unknown[], void>;
}

/** `limiter` is for who shares the threads of a process; else there is one of its own. */
export function openFunctions({
  moduleOf,
  limiter = new PlainLimiter(availableParallelism()),
}: {
  readonly moduleOf: (hash: string) => Promise<UserModule>;
  readonly limiter?: PlainLimiter;
}): Functions {
  return {
    async call({ hash, export: exported }, call) {
      const module = await moduleOf(hash);
      const permit = await limiter.acquire(call.signal);
      try {
        return await callFunction({ module, export: exported }, call);
      } finally {
        permit.succeed();
      }
    },
    async *stream({ hash, export: exported }, call) {
      yield* streamFunction({ module: await moduleOf(hash), export: exported }, call);
    },
  };
}
