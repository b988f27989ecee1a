// The cells of a run as the parts say that its child named.

import { CellError, DROPPED_BY_PROCESSOR } from '../errors.ts';
import type { PartName } from '../graph/types.ts';
import { findOwn } from '../own-keys.ts';
import type { CachedPart } from '../store/part-cache.ts';
import type { CellRecord } from '../store/records.ts';
import type { RootRow } from './roots.ts';
import { foundIn, type Source } from './row.ts';

export interface PartsOptions {
  /** By column, the later ones last. */
  readonly parts: { readonly [column: string]: readonly PartName[] };
  readonly read: (part: PartName) => Promise<CachedPart>;
  /** Told of each accepted cell. */
  readonly onCell?: (column: string, record: CellRecord) => void;
  /** Roots made anew, where rows may have been dropped for one: those have no records. */
  readonly roots?: ReadonlyMap<number, RootRow>;
}

/** One column is in memory at a time. */
export function partsSource({ parts, read, onCell, roots }: PartsOptions): Source {
  let current: readonly CachedPart[] = [];
  return {
    decides: false,
    async begin({ column }) {
      current = await Promise.all((findOwn(parts, column.name) ?? []).map(read));
      current = current.toReversed();
    },
    find(open, { row }) {
      const made = current.find(({ accepted }) => accepted.has(row))?.accepted.get(row);
      if (made !== undefined) {
        onCell?.(open.column.name, made);
        return foundIn(open, made);
      }
      if (current.some(({ skipped }) => skipped.has(row))) return 'skipped';
      const failed = current.find((part) => part.failed.has(row))?.failed.get(row);
      if (failed !== undefined) return foundIn(open, failed);
      const failure = open.shape === 'root' ? roots?.get(row)?.failure : undefined;
      if (failure === undefined) return undefined;
      // It was dropped before it had a cell, by a processor that gives another answer now.
      if (failure === null)
        return new CellError(DROPPED_BY_PROCESSOR, 'A processor dropped the row when its group was opened');
      return failure.column === open.column.name ? failure.error : 'impossible';
    },
  };
}
