import { setTimeout } from 'node:timers/promises';
import { allowManyListeners } from '../signals.ts';
import { cancelled } from './failures.ts';

/** Resolves after `ms`. Rejects with `ModelError` `cancelled` when the signal fires before. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  allowManyListeners(signal);
  await setTimeout(ms, undefined, { signal }).catch(() => {
    throw cancelled();
  });
}
