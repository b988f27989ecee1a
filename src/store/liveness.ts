import { isAlive, type ProcessPlace, whereIs } from '../server/processes.ts';
import type { EpochRecord } from './dataset-store.ts';

/**
 * Whether a start is at work, as far as this machine can tell. Undefined where only its server knows: a process of
 * another machine or container, a workflow without a process.
 */
export function livenessOf(start: EpochRecord, own?: ProcessPlace): boolean | undefined {
  if (start.endedAt !== null) return false;
  if (start.kind === 'start') return undefined;
  const where = whereIs(start, own);
  // "rebooted" may also be another machine of the same name: there a server that was named is asked. An embedded server has
  // died with the machine, and with it the build.
  if (where === 'rebooted' && start.isEmbedded) return false;
  if (where !== 'here') return undefined;
  return start.processStart !== null && isAlive({ pid: start.pid, start: start.processStart });
}

/**
 * The same by what a start's server says of it: at work or not, undefined without an answer. Of an embedded server of
 * another machine or container only a yes counts: what answers here at its address may be another server.
 */
export function livenessBy(
  answer: boolean | undefined,
  start: EpochRecord,
  own?: ProcessPlace,
): boolean | undefined {
  if (start.isEmbedded && whereIs(start, own) === 'elsewhere') return answer || undefined;
  return answer ?? (start.isEmbedded ? false : undefined);
}
