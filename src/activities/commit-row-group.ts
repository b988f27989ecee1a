// Hands what a row group made to the store. The values are those of the parts that the child named; inline columns are
// made here for the last time, and what fails now drops its row.

import type { RowFailure } from '../columns/maker.ts';
import { RowMask } from '../graph/row-mask.ts';
import type { RowRange } from '../graph/types.ts';
import { findOwn } from '../own-keys.ts';
import { processBatch } from '../processors/process-batch.ts';
import type { CommitRowGroupInput, CommitRowGroupResult } from '../protocol.ts';
import { FileReads } from '../rows/file-reads.ts';
import { partsSource } from '../rows/parts.ts';
import type { AssembledRow } from '../rows/row.ts';
import { commitRowGroup, type RowGroupContent } from '../store/commit.ts';
import type { Drop, GroupRecord } from '../store/groups.ts';
import { editionFolder } from '../store/names.ts';
import { filesOf } from '../store/outputs.ts';
import { type CellRecord, identityOf } from '../store/records.ts';
import { type PictureFile, picturesIn } from '../turns.ts';
import type { Attempt } from './attempt.ts';
import type { Build } from './build.ts';
import { removeForeignFiles } from './foreign-files.ts';

export async function commitRowGroupActivity(
  build: Build,
  input: CommitRowGroupInput,
  { isCancelled: signal }: Attempt,
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
    readContent: () => readContent(build, input, { signal }),
  });
  await edition.publish({ isFinished: false });
  if (isComplete) await removeForeignFiles(build, rowGroup);
  if (isComplete) build.forgetParts(Object.values(input.parts).flat());
  await tellRowGroup(build, group);
  return { rows: group.rowCount, dropped: group.drops.length };
}

/** Again where the process crashed, or lost the server, before the workflow knew of the commit. */
async function tellRowGroup({ dataset, ref, onRowGroup }: Build, group: GroupRecord): Promise<void> {
  const { rowGroup, rowCount, drops, isComplete } = group;
  const [file] = filesOf(group, 'isGenerated');
  await onRowGroup?.({
    ...{ dataset: dataset.name, rowGroup, rows: rowCount, dropped: drops.length, isComplete },
    path: file === undefined ? null : dataset.path(`${editionFolder(ref.epoch)}/${file.name}`),
  });
}

/** What a group made; of some of its rows where they are given. */
export async function readContent(
  build: Build,
  input: Pick<CommitRowGroupInput, 'rows' | 'parts' | 'dropped'>,
  { signal, of = input.rows }: { readonly signal: AbortSignal; readonly of?: RowRange },
): Promise<RowGroupContent> {
  const { assembler, plan, functions } = build;
  const { rows, parts } = input;
  const isDropped = RowMask.fromHex(rows, input.dropped);
  const chosen = new Map<string, Map<number, string>>();
  const reads = new FileReads(build);
  const pictures = new Pictures();
  for (const column of build.graph.storedColumns) chosen.set(column, new Map());
  const assembled = await assembler.assemble({
    rows: RowMask.full(of).rows(),
    source: partsSource({
      parts,
      read: build.readPart,
      onCell(column, record) {
        chosen.get(column)?.set(record.row, identityOf(record));
        reads.noteCell(column, record);
        pictures.noteCell(record);
      },
      ...(isDropped.isEmpty ? {} : { roots: await build.roots.make(of, signal) }),
    }),
    hasAllSides: true,
  });
  const complete: AssembledRow[] = [];
  const drops: Drop[] = [];
  for (const row of assembled) {
    if (row.failure !== null) {
      drops.push(dropOf(row.row, row.failure));
      if (build.columnOf(row.failure.column).strategy === 'inline') build.calls.outcomes.failRow(row.row);
    } else if (
      !isDropped.has(row.row) &&
      build.graph.order.every((column) => Object.hasOwn(row.values, column))
    ) {
      complete.push(row);
    }
  }
  const marks = reads.of(complete);
  return {
    completeRows: complete.map(({ row }) => row),
    drops,
    nulls: complete.flatMap(({ row, nulled }) => nulled.map((failure) => dropOf(row, failure))),
    valuesOf: (column) => complete.map(({ values }) => findOwn(values, column) ?? null),
    chosen,
    pictures: pictures.of(complete),
    ...(marks === undefined ? {} : { reads: marks }),
    process: (batch) => processBatch(batch, { plan, functions, signal }),
  };
}

/** The pictures of cells, by row. */
class Pictures {
  readonly #files = new Map<number, PictureFile[]>();

  noteCell({ row, turns }: CellRecord): void {
    const files = picturesIn(turns);
    if (files.length > 0) this.#files.set(row, [...(this.#files.get(row) ?? []), ...files]);
  }

  /** Each once, by name. */
  of(rows: readonly AssembledRow[]): readonly PictureFile[] {
    const files = rows.flatMap(({ row }) => this.#files.get(row) ?? []);
    return [...new Map(files.map((file) => [file.name, file])).values()];
  }
}

function dropOf(row: number, { column, error: { kind, message } }: RowFailure): Drop {
  return { row, column, kind, message };
}
