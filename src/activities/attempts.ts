// One work at a time for each activity in a process, however many attempts at it there are. The server begins another
// attempt when no beat came through for a while: a stopped process, a server that was away. The newer one joins what is at
// work here and gets its outcome, so that no call is cut and none is made twice.
//
//   attended   some attempt waits for the outcome
//   orphaned   the server has given up every attempt, and the next one has not come: it may have gone to another process,
//              so after ORPHANED_MS no call starts any more. Those in flight end, and whoever comes finds their answers
//   over       the outcome is there, and the next attempt begins anew

import type { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';

/** The server begins another attempt after about a second, unless the places for it are taken. */
const ORPHANED_MS = 10_000;

/** What an attempt is told by: the activity's context. */
export type AttemptContext = Pick<Context, 'info' | 'cancellationSignal' | 'cancellationDetails'>;

export class Attempts<Result> {
  readonly #works = new Map<string, Work<Result>>();

  /** Joins the work that an earlier attempt began, else begins it. `isCancelled` fires when somebody wants it to end. */
  join(context: AttemptContext, begin: (isCancelled: AbortSignal) => Promise<Result>): Promise<Result> {
    const { workflowExecution, activityId } = context.info;
    const key = `${workflowExecution?.runId} ${activityId}`;
    let work = this.#works.get(key);
    if (work === undefined) {
      work = new Work(begin, () => this.#works.delete(key));
      this.#works.set(key, work);
    }
    return work.attend(context);
  }
}

class Work<Result> {
  readonly #cancelling = new AbortController();
  readonly #outcome: Promise<Result>;
  #attempts = 0;
  #orphaned: NodeJS.Timeout | undefined;

  constructor(begin: (isCancelled: AbortSignal) => Promise<Result>, onOver: () => void) {
    this.#outcome = begin(this.#cancelling.signal).finally(() => {
      clearTimeout(this.#orphaned);
      onOver();
    });
  }

  /** The outcome, for one attempt. Rejects with `CancelledFailure` once the server wants nothing of this attempt any more. */
  attend(context: AttemptContext): Promise<Result> {
    const { cancellationSignal } = context;
    this.#attempts += 1;
    clearTimeout(this.#orphaned);
    return new Promise((resolve, reject) => {
      const onCancel = () => {
        if (isGivenUp(context)) {
          this.#leave();
          reject(new CancelledFailure('The server has given this attempt up'));
        } else this.#cancelling.abort();
      };
      if (cancellationSignal.aborted) onCancel();
      else cancellationSignal.addEventListener('abort', onCancel, { once: true });
      this.#outcome
        .finally(() => cancellationSignal.removeEventListener('abort', onCancel))
        .then(resolve, reject);
    });
  }

  #leave(): void {
    this.#attempts -= 1;
    if (this.#attempts > 0) return;
    this.#orphaned = setTimeout(() => this.#cancelling.abort(), ORPHANED_MS);
    this.#orphaned.unref();
  }
}

/** Nobody wants the work to end: the attempt took too long to beat, or its workflow began it anew. */
function isGivenUp({ cancellationDetails: why }: AttemptContext): boolean {
  if (why === undefined || why.cancelRequested || why.paused || why.workerShutdown) return false;
  return why.notFound || why.timedOut || why.reset;
}
