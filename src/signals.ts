// Abort signals that many wait under.

import { setMaxListeners } from 'node:events';

/** No leak, though Node warns of one from the eleventh listener on: all cells of a slice wait under one signal. */
export function allowManyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

/**
 * A signal that fires with the first of others, until it is disposed of. By hand: `AbortSignal.any` keeps a trace of each
 * one for as long as its sources live.
 */
export function firstOf(sources: readonly AbortSignal[]): { signal: AbortSignal; dispose: () => void } {
  const first = new AbortController();
  const fire = () => first.abort();
  for (const source of sources) {
    if (source.aborted) fire();
    allowManyListeners(source);
    source.addEventListener('abort', fire, { once: true });
  }
  return {
    signal: first.signal,
    dispose() {
      for (const source of sources) source.removeEventListener('abort', fire);
    },
  };
}
