import { allowManyListeners } from '../models/sleep.ts';

/** How long answers in flight are waited for once a slice is to stop. */
const STOP_GRACE_MS = 15_000;

export interface SliceSignals {
  /** No call starts any more. */
  readonly stop: AbortSignal;
  /** Calls in flight end: the grace is over. */
  readonly abort: AbortSignal;
  dispose(): void;
}

/** What a slice heeds. By hand: `AbortSignal.any` keeps a trace of each slice for as long as its sources live. */
export function sliceSignals(sources: readonly AbortSignal[]): SliceSignals {
  const stop = new AbortController();
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  function fire(): void {
    if (stop.signal.aborted) return;
    stop.abort();
    timer = setTimeout(() => abort.abort(), STOP_GRACE_MS);
  }
  for (const source of sources) {
    if (source.aborted) fire();
    allowManyListeners(source);
    source.addEventListener('abort', fire, { once: true });
  }
  return {
    stop: stop.signal,
    abort: abort.signal,
    dispose() {
      for (const source of sources) source.removeEventListener('abort', fire);
      clearTimeout(timer);
    },
  };
}
