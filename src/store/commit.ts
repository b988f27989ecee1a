// Commits a row group: what it made becomes durable, in an order in which a crash at any point loses nothing, and the
// same commit again ends in the same state.
//
//   C1. Parquet beside its place and synced · epoch check · renamed · epoch check again.
//   C2. Settled files, usage, failures, and then the group record, the proof that all of it is there.
//   C3. Only then are files removed: those, by name, that the usage file lists as folded. What appears later is folded
//       at the next open of the group, and a damaged file stays.
//   C4. A stopped group writes its complete rows, settled files and its record: which cells its rows hold is known from
//       the marks there alone. It folds nothing: usage and failures wait for its end, and no file is removed.
//   C5. A commit that finds its own record finishes the removal and changes nothing else.

import { FencedError } from '../errors.ts';
import { sizeOf } from '../graph/row-mask.ts';
import type { RowRange } from '../graph/types.ts';
import { setOwn } from '../own-keys.ts';
import type { Plan } from '../plan.ts';
import type { Value } from '../values.ts';
import type { DatasetStore } from './dataset-store.ts';
import { failedCells, writeFailures } from './failures.ts';
import { CellIndex, type GatheredFile, gatherColumn, identityOf } from './gather.ts';
import {
  type Base,
  type Drop,
  findGroup,
  GROUP_VERSION,
  type GroupRecord,
  type OutputFile,
  outputPath,
  rangesOf,
  writeGroup,
} from './groups.ts';
import { batchName } from './names.ts';
import { openTurns } from './open-turns.ts';
import { misfitOf } from './parquet.ts';
import type { StoredRecord } from './parts.ts';
import type { CellRecord } from './records.ts';
import { type WrittenRowGroup, writeRowGroup } from './row-group-writer.ts';
import { writeSettled } from './settled.ts';
import { type FoldedFiles, findUsageFile, writeUsageFile } from './usage.ts';

export const OUTPUT_FOLDER = 'parquet-files';
/** Where the columns with `drop: true` are. */
export const DROPPED_FOLDER = 'dropped-columns-parquet-files';

export interface RowGroupCommit {
  readonly plan: Plan;
  readonly planDigest: string;
  readonly epoch: number;
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly isComplete: boolean;
  readonly base: Base;
  /** Reads what the group made. Not asked for when the group is committed already. */
  readonly readContent: () => Promise<RowGroupContent>;
}

export interface RowGroupContent {
  /** Ascending. */
  readonly completeRows: readonly number[];
  readonly drops: readonly Drop[];
  /** The values of a column of the plan, one for each complete row. Asked for twice, column by column. */
  readonly valuesOf: (column: string) => readonly Value[] | Promise<readonly Value[]>;
  /** The cells that are the output, by column and row, of every column that is stored. */
  readonly chosen: ReadonlyMap<string, ReadonlyMap<number, CellRecord>>;
}

/**
 * Commits a row group. Rows with a value that does not fit its column's type are dropped.
 * Throws `FencedError` once a newer build has started, `StoreError` for a disk that does not take it, and `RangeError`
 * for a complete group with a row that is neither complete nor dropped.
 */
export async function commitRowGroup(dataset: DatasetStore, commit: RowGroupCommit): Promise<GroupRecord> {
  checkEpoch(dataset, commit);
  const before = await findGroup(dataset, commit);
  if (before !== undefined && isSameCommit(before, commit)) {
    await removeFolded(dataset, commit);
    return before;
  }
  const content = await dropMisfits(commit.plan, await commit.readContent());
  if (commit.isComplete) checkRows(commit.rows, content);
  const files = await writeOutput(dataset, commit, content);
  await settle(dataset, commit, content);
  const record: GroupRecord = {
    v: GROUP_VERSION,
    rowGroup: commit.rowGroup,
    planDigest: commit.planDigest,
    epoch: commit.epoch,
    rows: commit.rows,
    isComplete: commit.isComplete,
    rowCount: content.completeRows.length,
    rowsInFiles: rangesOf(content.completeRows),
    drops: [...content.drops].sort((left, right) => left.row - right.row),
    files,
  };
  checkEpoch(dataset, commit);
  await writeGroup(dataset, commit.base, record);
  if (commit.isComplete) await removeFolded(dataset, commit);
  return record;
}

function checkEpoch(dataset: DatasetStore, { epoch }: RowGroupCommit): void {
  if (dataset.hasNewerEpoch(epoch)) throw new FencedError(epoch);
}

function isSameCommit(group: GroupRecord, commit: RowGroupCommit): boolean {
  return (
    group.isComplete &&
    group.epoch === commit.epoch &&
    group.planDigest === commit.planDigest &&
    group.rows.first === commit.rows.first &&
    group.rows.last === commit.rows.last
  );
}

/** Takes out the rows that the files cannot hold: a row group must not fail for one value. */
async function dropMisfits(plan: Plan, content: RowGroupContent): Promise<RowGroupContent> {
  const misfits = new Map<number, Drop>();
  for (const { name, type } of plan.columns) {
    const values = await content.valuesOf(name);
    for (const [position, row] of content.completeRows.entries()) {
      const misfit = misfitOf(values[position] ?? null, type);
      if (misfit === undefined || misfits.has(row)) continue;
      misfits.set(row, {
        row,
        column: name,
        kind: 'TypeCastError',
        message: `Cannot write the value: ${misfit}`,
      });
    }
  }
  if (misfits.size === 0) return content;
  const rows = content.completeRows;
  return {
    ...content,
    completeRows: rows.filter((row) => !misfits.has(row)),
    drops: [...content.drops, ...misfits.values()],
    async valuesOf(column) {
      const values = await content.valuesOf(column);
      return values.filter((_, position) => !misfits.has(rows[position] as number));
    },
  };
}

function checkRows(rows: RowRange, { completeRows, drops }: RowGroupContent): void {
  const ended = new Set([...completeRows, ...drops.map(({ row }) => row)]);
  if (ended.size !== sizeOf(rows) || completeRows.length + drops.length !== ended.size) {
    throw new RangeError(
      `Cannot commit rows ${rows.first}-${rows.last}: ${completeRows.length} are complete, ${drops.length} dropped`,
    );
  }
}

interface Output {
  readonly name: string;
  readonly path: string;
  /** Null where nothing is to be written. */
  readonly written: WrittenRowGroup | null;
}

async function writeOutput(
  dataset: DatasetStore,
  commit: RowGroupCommit,
  { completeRows, valuesOf }: RowGroupContent,
): Promise<OutputFile[]> {
  const { plan, base, rowGroup } = commit;
  const outputs: Output[] = [];
  try {
    for (const folder of [OUTPUT_FOLDER, DROPPED_FOLDER]) {
      const name = `${folder}/${batchName(rowGroup)}`;
      const path = outputPath(dataset, base, name);
      const columns = plan.columns.filter(({ drop }) => drop === (folder === DROPPED_FOLDER));
      const rowCount = completeRows.length;
      const isNone = columns.length === 0 || rowCount === 0;
      const written = isNone
        ? null
        : await writeRowGroup(dataset.files, { path, columns, rowCount, valuesOf });
      outputs.push({ name, path, written });
    }
    checkEpoch(dataset, commit);
  } catch (error) {
    for (const { written } of outputs) await written?.file.discard();
    throw error;
  }
  for (const { path, written } of outputs) {
    if (written === null) await dataset.files.remove(path);
    else await written.file.publish();
  }
  checkEpoch(dataset, commit);
  return outputs.flatMap(({ name, written }) =>
    written === null ? [] : [{ name, sizeBytes: written.sizeBytes, sha256: written.sha256 }],
  );
}

async function settle(
  dataset: DatasetStore,
  commit: RowGroupCommit,
  content: RowGroupContent,
): Promise<void> {
  const { plan, planDigest, epoch, rowGroup, rows } = commit;
  const { rowGroupSize } = plan;
  // The marks of the output in place stay until it is replaced: `keep` goes by them.
  const current = (await findGroup(dataset, { rowGroup, base: 'place' }))?.planDigest;
  const index = await CellIndex.read(dataset, { columns: [...content.chosen.keys()], rowGroupSize });
  const folded: Record<string, FoldedFiles> = {};
  const failed = new Map<string, StoredRecord>();
  for (const [column, chosen] of content.chosen) {
    const found = await gatherColumn(dataset, { column, rowGroup, rowGroupSize, index });
    const records = settledRecords(found.records, { chosen, planDigest, current });
    if (records.length > 0) await writeSettled(dataset, { column, rowGroup, rows, epoch, records });
    setOwn(folded, column, foldedFiles(found.files));
    for (const record of failedCells(found.records)) failed.set(`${record.row} ${column}`, record);
  }
  if (!commit.isComplete) return;
  await writeUsageFile(dataset, { rowGroup, epoch, columns: folded });
  const failures = content.drops.map((drop) => ({ drop, record: failed.get(`${drop.row} ${drop.column}`) }));
  await writeFailures(dataset, rowGroup, failures);
}

/**
 * All accepted records and the last failures of rows without a later one, each with the tries that led to it, and the
 * conversations that still go on.
 */
function settledRecords(
  found: readonly StoredRecord[],
  output: {
    readonly chosen: ReadonlyMap<number, CellRecord>;
    readonly planDigest: string;
    readonly current: string | undefined;
  },
): StoredRecord[] {
  const chosen = new Map([...output.chosen.values()].map((record) => [identityOf(record), record]));
  const open = new Set(openTurns(found));
  const lastOfRow = new Map<number, StoredRecord>();
  for (const record of found) {
    if (record.status === 'ok' || record.status === 'failed') lastOfRow.set(record.row, record);
  }
  const isEnd = (record: StoredRecord) =>
    record.status === 'ok' || (record.status === 'failed' && lastOfRow.get(record.row) === record);
  const ended = new Set(found.filter(isEnd).map(conversationOf));
  const settled: StoredRecord[] = [];
  for (const record of found) {
    if (record.status !== 'ok') {
      if (open.has(record) || ended.has(conversationOf(record))) settled.push(record);
      continue;
    }
    const { plans: marks = [], ...cell } = record;
    const isChosen = chosen.delete(identityOf(record));
    const kept = marks.filter((plan) => plan === output.current && plan !== output.planDigest);
    const plans = isChosen ? [...kept, output.planDigest] : kept;
    settled.push(plans.length === 0 ? cell : { ...cell, plans });
  }
  for (const { chosen: _, ...cell } of chosen.values()) settled.push({ ...cell, plans: [output.planDigest] });
  return settled;
}

/** What the records of one cell that were made from one input share. */
function conversationOf({ row, in: digest }: StoredRecord): string {
  return `${row} ${digest}`;
}

function foldedFiles(files: readonly GatheredFile[]): FoldedFiles {
  const parts: Record<string, FoldedFiles['parts'][string]> = {};
  const settled: number[] = [];
  for (const file of files) {
    if (file.isDamaged) continue;
    if (file.kind === 'settled') settled.push(file.epoch);
    else {
      const { calls, failedCalls, promptTokens, completionTokens } = file.usage;
      setOwn(parts, file.nonce, [calls, failedCalls, promptTokens, completionTokens]);
    }
  }
  return { parts, settled };
}

/** Removes what the commit of this epoch folded. */
async function removeFolded(dataset: DatasetStore, { plan, rowGroup, epoch }: RowGroupCommit): Promise<void> {
  const folded = (await findUsageFile(dataset, { rowGroup, epoch }))?.columns ?? {};
  const { rowGroupSize } = plan;
  const index = await CellIndex.read(dataset, { columns: Object.keys(folded), rowGroupSize });
  for (const [column, { parts, settled }] of Object.entries(folded)) {
    for (const file of index.filesOf(column, rowGroup)) {
      const isFolded =
        file.kind === 'part'
          ? Object.hasOwn(parts, file.nonce)
          : file.epoch !== epoch && settled.includes(file.epoch);
      if (isFolded) await dataset.files.remove(dataset.path(file.name));
    }
  }
}
