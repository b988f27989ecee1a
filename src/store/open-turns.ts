import type { CellRecord } from './records.ts';

type Line = Pick<CellRecord, 'row' | 'in' | 'status' | 'error'>;

/**
 * The turns of conversations that nothing has ended: another start replays them. Of one that was started again only the
 * turns since then. Takes records in the order of their age.
 */
export function openTurns<Stored extends Line>(records: readonly Stored[]): Stored[] {
  const open = new Map<string, Stored[]>();
  for (const record of records) {
    const conversation = `${record.row} ${record.in}`;
    const turns = open.get(conversation);
    if (record.status === 'call') {
      if (turns === undefined) open.set(conversation, [record]);
      else turns.push(record);
    } else if (record.status !== 'retry' || record.error?.kind === 'UnusableAnswer') {
      open.delete(conversation);
    }
  }
  return [...open.values()].flat();
}
