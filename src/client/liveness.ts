import { hostname } from 'node:os';
import { isAlive } from '../processes.ts';
import type { EpochRecord } from '../store/dataset-store.ts';

/**
 * Whether a start is at work, as far as this machine can tell. Undefined where only its server knows: a process of
 * another machine, a workflow without a process.
 */
export function livenessOf(start: EpochRecord): boolean | undefined {
  if (start.endedAt !== null) return false;
  if (start.kind !== 'run' || start.host !== hostname()) return undefined;
  return start.processStart !== null && isAlive({ pid: start.pid, start: start.processStart });
}
