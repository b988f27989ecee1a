// The files of users that the cells of a group were made from, as marks in its record: a start that finds one changed opens
// the group, whose cells then are told by what the files hold. One that is gone is no change: the cells that are there stay.

import type { FileMark, LocalMedia } from '../local-media.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import type { GroupRecord } from '../store/groups.ts';
import type { CellRecord } from '../store/records.ts';
import type { OpenRows } from './open-rows.ts';
import type { AssembledRow } from './row.ts';

type Reads = NonNullable<GroupRecord['reads']>;

/** Gathers the marks of a group that is committed. */
export class FileReads {
  readonly #rows: Pick<OpenRows, 'assembler' | 'local'>;
  /** When the cells of columns with files were made, by row. */
  readonly #madeAt = new Map<string, Map<number, number>>();

  constructor(rows: Pick<OpenRows, 'assembler' | 'local'>) {
    this.#rows = rows;
    for (const open of rows.assembler.columns)
      if (open.shape === 'cells' && open.maker.files !== undefined)
        this.#madeAt.set(open.column.name, new Map());
  }

  noteCell(column: string, { row, at }: CellRecord): void {
    this.#madeAt.get(column)?.set(row, at);
  }

  /** By column. Undefined where no cell was made from a file. */
  of(rows: readonly AssembledRow[]): Reads | undefined {
    const { assembler, local } = this.#rows;
    const reads: { [column: string]: readonly FileMark[] } = {};
    for (const { column, ...open } of assembler.columns) {
      const madeAt = this.#madeAt.get(column.name);
      if (open.shape !== 'cells' || madeAt === undefined) continue;
      const { maker } = open;
      const marks = new Map<string, FileMark>();
      for (const row of rows) {
        for (const reference of maker.files?.(assembler.viewOf(column, row)) ?? []) {
          const mark = local.markOf(reference);
          if (mark === undefined) continue;
          // Changed since its cell was made: what it holds now is another start's to see.
          const isOlder = mark.modifiedMs < (madeAt.get(row.row) ?? 0);
          if (!isOlder || !marks.has(reference))
            marks.set(reference, isOlder ? mark : { ...mark, modifiedMs: 0 });
        }
      }
      if (marks.size > 0) setOwn(reads, column.name, [...marks.values()]);
    }
    return Object.keys(reads).length > 0 ? reads : undefined;
  }
}

/** Whether the files that a column's cells were made from are what they were; all columns' without one. */
export function areAsRead(reads: Reads | undefined, local: LocalMedia, column?: string): boolean {
  const marks = column === undefined ? Object.values(reads ?? {}).flat() : (findOwn(reads, column) ?? []);
  return marks.every(({ reference, sizeBytes, modifiedMs }) => {
    const now = local.markOf(reference);
    return now === undefined || (now.sizeBytes === sizeBytes && now.modifiedMs === modifiedMs);
  });
}
