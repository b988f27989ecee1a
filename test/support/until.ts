import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 5;

/** Waits for a condition; resolves to the milliseconds it took. Throws after `limitMs`, naming it. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { limitMs = 110_000, what = String(condition) }: { readonly limitMs?: number; readonly what?: string } = {},
): Promise<number> {
  const startedAt = Date.now();
  while (!(await condition())) {
    if (Date.now() - startedAt > limitMs) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await sleep(POLL_MS);
  }
  return Date.now() - startedAt;
}
