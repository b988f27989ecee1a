// Hands what a row group made to the store. The values are those of the parts that the child named; inline columns are
// made here for the last time, and what fails now drops its row.

import { createBreather } from '../breathe.ts';
import { RowMask } from '../graph/row-mask.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import type { CommitRowGroupInput, CommitRowGroupResult } from '../protocol.ts';
import type { RowFailure, RowValues } from '../rows/generator.ts';
import { commitRowGroup, type RowGroupContent } from '../store/commit.ts';
import type { Drop } from '../store/groups.ts';
import { type CellRecord, identityOf } from '../store/records.ts';
import type { Value } from '../values.ts';
import type { Build } from './build.ts';
import { removeForeignFiles } from './foreign-files.ts';

export async function commitRowGroupActivity(
  build: Build,
  input: CommitRowGroupInput,
): Promise<CommitRowGroupResult> {
  const { plan, dataset, ref, edition, digests } = build;
  const { rowGroup, rows, isComplete } = input;
  const group = await commitRowGroup(dataset, edition, {
    plan,
    planDigest: ref.planDigest,
    rowGroup,
    rows,
    isComplete,
    digest: digests.groupDigest(rows),
    definitions: digests.definitions(rows),
    readContent: () => readContent(build, input),
  });
  await edition.publish({ isFinished: false });
  if (isComplete) await removeForeignFiles(build, rowGroup);
  if (isComplete) build.forgetParts(Object.values(input.parts).flat());
  return { rows: group.rowCount, dropped: group.drops.length };
}

async function readContent(build: Build, input: CommitRowGroupInput): Promise<RowGroupContent> {
  const { rows, parts } = input;
  const stored = build.graph.storedColumns;
  // What a commit needs of a cell: not its turns, which may be many times as long.
  const made = new Map<string, Map<number, Value>>();
  const chosen = new Map<string, Map<number, string>>();
  for (const column of stored) {
    const [cells, identities] = [new Map<number, Value>(), new Map<number, string>()];
    for (const part of findOwn(parts, column) ?? []) {
      for (const [row, record] of (await build.readPart(part)).accepted) {
        cells.set(row, record.value);
        identities.set(row, identityOf(record));
      }
    }
    made.set(column, cells);
    chosen.set(column, identities);
  }

  const isDropped = RowMask.fromHex(rows, input.dropped);
  const completeRows: number[] = [];
  const values = new Map<number, RowValues>();
  const failures = new Map<number, RowFailure>();
  const breathe = createBreather();
  for (let row = rows.first; row <= rows.last; row += 1) {
    await breathe();
    const cells: Record<string, Value> = {};
    for (const column of stored) {
      const cell = made.get(column)?.get(row);
      if (cell !== undefined) setOwn(cells, column, cell);
    }
    const completed = build.inline.complete(row, cells);
    if (completed.failure !== null) {
      failures.set(row, completed.failure);
      build.calls.outcomes.failRow(row);
    } else if (!isDropped.has(row) && stored.every((column) => Object.hasOwn(cells, column))) {
      completeRows.push(row);
      values.set(row, completed.values);
    }
  }
  return {
    completeRows,
    drops: await findDrops(build, { rows, parts, isDropped, failures }),
    valuesOf: (column) => completeRows.map((row) => findOwn(values.get(row), column) ?? null),
    chosen,
  };
}

/**
 * Why each dropped row is dropped: the inline column that its cells lead to, else the root that fails, else the cell that
 * failed last. All of it is in the parts that the child named.
 */
async function findDrops(
  build: Build,
  of: Pick<CommitRowGroupInput, 'rows' | 'parts'> & {
    readonly isDropped: RowMask;
    readonly failures: ReadonlyMap<number, RowFailure>;
  },
): Promise<readonly Drop[]> {
  const { rows, parts, isDropped, failures } = of;
  const drops = new Map<number, Drop>();
  const add = (row: number, column: string, { kind, message }: Pick<Drop, 'kind' | 'message'>) =>
    drops.set(row, { row, column, kind, message });
  if (!isDropped.isEmpty) {
    for (const { column, record } of await readFailed(build, parts)) {
      if (record.error !== null && isDropped.has(record.row)) add(record.row, column, record.error);
    }
    for (const [row, { failure }] of await build.roots.make(rows)) {
      if (failure !== null) add(row, failure.column, failure.error);
    }
  }
  for (const [row, { column, error }] of failures) add(row, column, error);
  return [...drops.values()];
}

/** The cells that failed for good, in the order in which they did. */
async function readFailed(
  build: Build,
  parts: CommitRowGroupInput['parts'],
): Promise<readonly { readonly column: string; readonly record: CellRecord }[]> {
  const failed: { column: string; record: CellRecord }[] = [];
  for (const [column, names] of Object.entries(parts)) {
    for (const name of names) {
      const { records } = await build.readPart(name);
      for (const record of records) if (record.status === 'failed') failed.push({ column, record });
    }
  }
  return failed.sort((left, right) => left.record.at - right.record.at);
}
