// Commits a row group into the edition of its start, in an order in which a crash at any point loses nothing, and two
// attempts at once hurt neither each other nor anyone else.
//
//   C1. Settled files, then the outputs (outputs.ts), each written beside its place and renamed. Two attempts make the same
//       bytes; what they may make differently has the attempt's nonce in its name.
//   C2. Then a look at the epochs, and the group's record, created exclusively: the proof that all of it is there. An
//       attempt that finds a record returns that one.
//   C3. Only then are the files of cells removed that were folded. What appears later stays, and so do damaged files and
//       parts that a process may still be writing.
//   C4. A stopped group writes its complete rows, settled files and its record, and removes nothing.

import { randomBytes } from 'node:crypto';
import { breathe } from '../breathe.ts';
import { FencedError } from '../errors.ts';
import { sizeOf } from '../graph/row-mask.ts';
import type { RowRange } from '../graph/types.ts';
import { setOwn } from '../own-keys.ts';
import { cellColumns, type Plan } from '../plan.ts';
import { isPaid } from './call-usage.ts';
import { listCellColumns } from './cell-files.ts';
import type { DatasetStore } from './dataset-store.ts';
import type { Edition } from './editions.ts';
import type { FailedCell } from './failures.ts';
import {
  type Drop,
  findGroup,
  formatGroup,
  GROUP_VERSION,
  type GroupRecord,
  groupPath,
  listMakers,
  type OutputFile,
  rangesOf,
} from './groups.ts';
import { GROUP_OUTPUTS, type GroupToWrite } from './outputs.ts';
import { misfitOf } from './parquet-values.ts';
import { listEditions } from './published.ts';
import { settleColumn } from './settled.ts';
import { countGroup } from './usage.ts';

export interface RowGroupCommit {
  readonly plan: Plan;
  readonly planDigest: string;
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly isComplete: boolean;
  /** See `GroupRecord`. */
  readonly digest: string;
  readonly definitions: GroupRecord['definitions'];
  /** Reads what the group made. Not asked for when the group is committed already. */
  readonly readContent: () => Promise<RowGroupContent>;
}

/** What a group made; no nulls, no pictures, no files read, no processing where they are left out. */
export interface RowGroupContent
  extends Pick<GroupToWrite, 'completeRows' | 'drops' | 'valuesOf'>,
    Partial<Pick<GroupToWrite, 'nulls' | 'pictures'>>,
    Pick<GroupRecord, 'reads'> {
  /** What processors make of the rows that fit the files: the values as they are written, and rows for files of their own. */
  readonly process?: (
    batch: Pick<GroupToWrite, 'completeRows' | 'valuesOf'>,
  ) => Promise<Pick<GroupToWrite, 'processed' | 'valuesOf'>>;
  /** The cells that are the output, of every column that is stored: by column and row what `identityOf` gives. */
  readonly chosen: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

/**
 * Commits a row group. Rows with a value that does not fit its column's type are dropped.
 * Throws `FencedError` once a newer build has started, `StoreError` for a disk that does not take it, and `RangeError`
 * for a complete group with a row that is neither complete nor dropped.
 */
export async function commitRowGroup(
  dataset: DatasetStore,
  edition: Edition,
  commit: RowGroupCommit,
): Promise<GroupRecord> {
  const place = { epoch: edition.epoch, rowGroup: commit.rowGroup };
  try {
    return (await findGroup(dataset, place)) ?? (await makeCommit(dataset, edition, commit));
  } catch (error) {
    if (error instanceof FencedError) throw error;
    // What this attempt misses another one may have folded, or a newer build removed.
    await edition.checkEpoch();
    const made = await findGroup(dataset, place);
    if (made === undefined) throw error;
    return made;
  }
}

async function makeCommit(
  dataset: DatasetStore,
  edition: Edition,
  commit: RowGroupCommit,
): Promise<GroupRecord> {
  await edition.checkEpoch();
  const { epoch } = edition;
  const nonce = randomBytes(8).toString('hex');
  const content = await dropMisfits(commit.plan, await commit.readContent());
  if (commit.isComplete) checkRows(commit.rows, content);
  const processed = await content.process(content);
  const { rowGroup } = commit;
  const settled = await settle(dataset, { rowGroup, epoch, nonce }, content);
  const files: OutputFile[] = [];
  const group = {
    ...content,
    ...processed,
    plan: commit.plan,
    epoch,
    rowGroup,
    nonce,
    failed: settled.failed,
  };
  for (const { write } of GROUP_OUTPUTS) files.push(...(await write(dataset, group)));
  const record: GroupRecord = {
    v: GROUP_VERSION,
    rowGroup,
    epoch,
    digest: commit.digest,
    planDigest: commit.planDigest,
    rows: commit.rows,
    isComplete: commit.isComplete,
    rowCount: content.completeRows.length,
    rowsInFiles: rangesOf(content.completeRows),
    drops: [...content.drops].sort((left, right) => left.row - right.row),
    nulls: content.nulls,
    ...(content.reads === undefined ? {} : { reads: content.reads }),
    files,
    definitions: commit.definitions,
    covers: settled.covers,
    usage: settled.usage,
  };
  await edition.checkEpoch();
  const path = groupPath({ epoch, rowGroup });
  if (!(await dataset.files.create(path, formatGroup(record)))) {
    return (await findGroup(dataset, { epoch, rowGroup })) ?? record;
  }
  if (commit.isComplete) for (const file of settled.folded) await dataset.files.remove(file);
  return record;
}

type Committed = Required<Omit<RowGroupContent, 'reads'>> & Pick<RowGroupContent, 'reads'>;

/** Drops the rows with a value that does not fit its column's type: a row group must not fail for one value. */
export async function dropMisfits(plan: Plan, content: RowGroupContent): Promise<Committed> {
  const misfits = new Map<number, Drop>();
  for (const { name, type } of cellColumns(plan)) {
    const values = await content.valuesOf(name);
    for (const [position, row] of content.completeRows.entries()) {
      await breathe();
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
  const rows = content.completeRows;
  const fitting = rows.filter((row) => !misfits.has(row));
  const kept = new Set(fitting);
  return {
    ...content,
    completeRows: fitting,
    drops: [...content.drops, ...misfits.values()],
    process: content.process ?? (async ({ valuesOf }) => ({ valuesOf, processed: [] })),
    pictures: content.pictures ?? [],
    nulls: (content.nulls ?? []).filter(({ row }) => kept.has(row)),
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

interface SettledGroup extends Pick<GroupRecord, 'covers' | 'usage'> {
  readonly folded: readonly string[];
  readonly failed: readonly FailedCell[];
}

async function settle(
  dataset: DatasetStore,
  { rowGroup, epoch, nonce }: Pick<GroupToWrite, 'rowGroup' | 'epoch' | 'nonce'>,
  { chosen, completeRows, drops, nulls }: Committed,
): Promise<SettledGroup> {
  const editions = await listMakers(dataset, rowGroup, await listEditions(dataset));
  const complete = new Set(completeRows);
  const failedRows = new Set([...drops, ...nulls].map(({ row }) => row));
  const covers: Record<string, readonly string[]> = {};
  const usage: Record<string, GroupRecord['usage'][string]> = {};
  const folded: string[] = [];
  const failed: FailedCell[] = [];
  for (const [column, cells] of chosen) {
    const ofRows = new Map([...cells].filter(([row]) => complete.has(row)));
    const place = { column, rowGroup, epoch, nonce };
    const settled = await settleColumn(dataset, { ...place, chosen: ofRows, editions, failedRows });
    setOwn(covers, column, settled.covers);
    if (isPaid(settled.usage)) setOwn(usage, column, settled.usage);
    folded.push(...settled.folded);
    failed.push(...settled.failed.map((record) => ({ column, record })));
  }
  // Columns that the plan no longer has cost something, too.
  const others = (await listCellColumns(dataset)).filter((column) => !chosen.has(column));
  const gone = await countGroup(dataset, rowGroup, others);
  return { covers: { ...covers, ...gone.covers }, usage: { ...usage, ...gone.usage }, folded, failed };
}
