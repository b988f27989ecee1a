import { allowManyListeners } from '../signals.ts';
import { cancelled } from './failures.ts';

/** Resolves after `ms`. Rejects with `ModelError` `cancelled` when the signal fires before. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    allowManyListeners(signal);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
