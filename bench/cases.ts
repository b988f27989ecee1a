// What `--all` measures, and what Data Designer reached on a like machine.

import type { BenchCase } from './measure.ts';

export interface ListedCase extends BenchCase {
  /** Calls a second of Data Designer 0.9.7: 2 cores, a loopback model of the same latency, the narrow shape. */
  readonly peer?: number;
}

const PLAIN = { latencyMs: 100, jitter: 1 };

export const CASES: readonly ListedCase[] = [
  { shape: 'narrow', rows: 400, parallel: 16, ...PLAIN, peer: 130 },
  { shape: 'narrow', rows: 1_000, parallel: 64, ...PLAIN, peer: 303 },
  { shape: 'narrow', rows: 2_000, parallel: 128, ...PLAIN, peer: 310 },
  { shape: 'narrow', rows: 4_000, parallel: 256, ...PLAIN },
  { shape: 'narrow', rows: 4_000, parallel: 512, ...PLAIN, peer: 221 },
  { shape: 'narrow', rows: 4_000, parallel: 64, latencyMs: 0, jitter: 1, peer: 340 },
  { shape: 'narrow', rows: 1_000, parallel: 64, latencyMs: 100, jitter: 4 },
  { shape: 'narrow', rows: 4_000, parallel: 64, latencyMs: 100, jitter: 4 },
  { shape: 'narrow', rows: 4_000, parallel: 512, latencyMs: 2_000, jitter: 1 },
  { shape: 'deep', rows: 1_000, parallel: 64, ...PLAIN },
  { shape: 'wide', rows: 1_000, parallel: 64, ...PLAIN },
  { shape: 'dual', rows: 1_000, parallel: 64, ...PLAIN },
  { shape: 'narrow', rows: 20_000, parallel: 64, latencyMs: 0, jitter: 1 },
  { shape: 'narrow', rows: 100_000, parallel: 64, latencyMs: 0, jitter: 1 },
];
