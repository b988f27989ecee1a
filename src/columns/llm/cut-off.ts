// A bound on time for code whose time nobody can know: a user's regular expressions, held against a model's answer.

import { createContext, Script } from 'node:vm';

// Only code that Node starts as a script can be cut off, with all that it calls.
const context: { run?: () => void } = {};
createContext(context);
const script = new Script('run()');

/** A process that was stopped and continued may have had no part of its first time. */
const ATTEMPTS = 2;

/**
 * Calls `run`, a second time if it did not return in `ms`. Undefined when it was cut off both times: wherever it stood,
 * without its `catch` and `finally`.
 */
export function callWithin<Result>(ms: number, run: () => Result): Result | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    let result: Result | undefined;
    context.run = () => {
      result = run();
    };
    try {
      script.runInContext(context, { timeout: ms });
      return result;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    }
  }
  return undefined;
}
