// What `--all` measures, and which of it with Data Designer beside it.

import type { BenchCase } from './measure.ts';

export interface ListedCase extends BenchCase {
  /** Data Designer builds the same. */
  readonly hasPeer?: true;
}

const PLAIN = { latencyMs: 100, jitter: 1 };

export const CASES: readonly ListedCase[] = [
  { shape: 'narrow', rows: 400, parallel: 16, ...PLAIN, hasPeer: true },
  { shape: 'narrow', rows: 1_000, parallel: 64, ...PLAIN, hasPeer: true },
  { shape: 'narrow', rows: 2_000, parallel: 128, ...PLAIN, hasPeer: true },
  { shape: 'narrow', rows: 4_000, parallel: 256, ...PLAIN },
  { shape: 'narrow', rows: 4_000, parallel: 512, ...PLAIN, hasPeer: true },
  { shape: 'narrow', rows: 4_000, parallel: 64, latencyMs: 0, jitter: 1, hasPeer: true },
  { shape: 'narrow', rows: 1_000, parallel: 64, latencyMs: 100, jitter: 4 },
  { shape: 'narrow', rows: 4_000, parallel: 64, latencyMs: 100, jitter: 4 },
  { shape: 'narrow', rows: 4_000, parallel: 512, latencyMs: 2_000, jitter: 1 },
  { shape: 'deep', rows: 1_000, parallel: 64, ...PLAIN },
  { shape: 'wide', rows: 1_000, parallel: 64, ...PLAIN },
  { shape: 'dual', rows: 1_000, parallel: 64, ...PLAIN },
  { shape: 'narrow', rows: 20_000, parallel: 64, latencyMs: 0, jitter: 1 },
  { shape: 'narrow', rows: 100_000, parallel: 64, latencyMs: 0, jitter: 1 },
];
