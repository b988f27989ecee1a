// Makes the roots, finds the cells that exist, and writes one base part a column with them, with the conversations that
// an earlier start left open, the refusals that it met, and the cells that crashed the worker. Cells that may turn out to
// be right once their upstream is made again go to a part of their own, which nobody names: a slice finds them there by
// their digest. Safe to repeat: these parts are copies, and nothing they were folded from is removed but such copies:
// those of a run of the child that has ended, which names them itself. To find them here would not be safe: an attempt
// that was thought dead would take those of the next one.

import { breathe } from '../breathe.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { OpenedRowGroup, PartName, RowRange } from '../graph/types.ts';
import { setOwn } from '../own-keys.ts';
import type { OpenRowGroupInput, OpenRowGroupResult } from '../protocol.ts';
import { adoptRowGroup } from '../rows/adopt-row-group.ts';
import type { AdoptedColumn } from '../rows/adoption.ts';
import { makeCellFolder } from '../store/cell-files.ts';
import { cellFolder } from '../store/names.ts';
import { createPart } from '../store/parts.ts';
import {
  type CellRecord,
  hasToolTurn,
  openTurns,
  RECORD_DEFAULTS,
  RECORD_VERSION,
  refusalsIn,
} from '../store/records.ts';
import type { Turn } from '../turns.ts';
import type { Attempt } from './attempt.ts';
import type { Build } from './build.ts';

export async function openRowGroupActivity(
  build: Build,
  { rowGroup, rows, continues }: OpenRowGroupInput,
  { isCancelled: signal }: Attempt,
): Promise<OpenRowGroupResult> {
  const lostMasks = continues?.lost ?? {};
  const lostRows = new Map(
    Object.entries(lostMasks).map(([name, mask]) => [name, new Set(RowMask.fromHex(rows, mask).rows())]),
  );
  const lost = (column: string, row: number) => lostRows.get(column)?.has(row) === true;
  const adoption = await adoptRowGroup({ ...build, rowGroup, rows, lost, signal });
  const dropped = continues === undefined ? RowMask.empty(rows) : RowMask.fromHex(rows, continues.dropped);
  for (const row of adoption.dropped.keys()) dropped.set(row);
  const columns: Record<string, OpenedRowGroup['columns'][string]> = {};
  const bases: (PartName | null)[] = [];
  for (const [column, adopted] of adoption.columns) {
    const place = { column, rows, rowGroup };
    await makeCellFolder(build.dataset, place);
    await build.dataset.sweepFolder(cellFolder(place));
    const { base, candidates } = recordsToCopy(adopted, {
      ...{ records: adoption.records.get(column) ?? [], isLost: (row) => lost(column, row) },
    });
    const part = await writePart(build, place, base);
    const { onError } = build.columnOf(column);
    const nulled = onError === 'null' ? [...adopted.crashed.keys()] : [];
    const made = RowMask.of(rows, [...adopted.chosen.keys(), ...adopted.skipped, ...nulled]);
    setOwn(columns, column, { made: made.toHex(), part });
    bases.push(part, await writePart(build, place, candidates));
  }
  for (const name of continues?.bases ?? []) await build.dataset.files.remove(name);
  build.forgetParts(continues?.bases ?? []);
  return {
    graph: build.graphColumns,
    rows,
    dropped: dropped.toHex(),
    columns,
    lost: lostMasks,
    bases: bases.filter((name) => name !== null),
  };
}

/** What the base part of a column has, and what only slices look for. */
function recordsToCopy(
  { chosen, skipped, crashed, wanted, isWhole }: AdoptedColumn,
  { records, isLost }: { readonly records: readonly CellRecord[]; readonly isLost: (row: number) => boolean },
): { readonly base: readonly CellRecord[]; readonly candidates: readonly CellRecord[] } {
  // What a function asked for, whatever became of its cell then: it is not asked for again.
  const asked = records.filter(({ status, turns }) => status === 'call' && turns.some(isInner));
  const open = [...new Set([...openTurns(records, hasToolTurn), ...asked]), ...refusalsIn(records)].filter(
    ({ row }) => !chosen.has(row),
  );
  const skips = [...skipped].map((row): CellRecord => {
    return { ...RECORD_DEFAULTS, v: RECORD_VERSION, row, in: '', status: 'skip' };
  });
  // Why their rows are dropped: the commit is told of the parts of this run alone.
  const failed = records.filter(({ row, status }) => status === 'failed' && isLost(row));
  const isCandidate = ({ row, status, turns }: CellRecord) => {
    const want = wanted.get(row);
    if (want === undefined || status !== 'ok') return false;
    // An ordered column goes on after the last of them.
    return want === 'downstream' || isWhole || turns.some(isInner);
  };
  return {
    base: [...chosen.values(), ...skips, ...crashed.values(), ...open, ...failed],
    candidates: records.filter(isCandidate),
  };
}

function isInner({ by }: Turn): boolean {
  return by === 'inner';
}

/** Writing one as text takes up to a tenth of a millisecond. */
const RECORDS_A_WRITE = 16;

/** The part's name; null for no records. */
async function writePart(
  build: Build,
  place: { readonly column: string; readonly rows: RowRange; readonly rowGroup: number },
  records: readonly CellRecord[],
): Promise<PartName | null> {
  const part = createPart(build.dataset, { ...place, epoch: build.ref.epoch, kind: 'base' });
  try {
    for (let next = 0; next < records.length; next += RECORDS_A_WRITE) {
      await breathe();
      await part.append(...records.slice(next, next + RECORDS_A_WRITE));
    }
  } finally {
    await part.close();
  }
  return part.isEmpty ? null : part.name;
}
