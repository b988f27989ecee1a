// The parts that the slices of this process read, parsed.

import { ByteCache } from '../byte-cache.ts';
import type { PartName } from '../graph/types.ts';
import { scanCellFile } from './cell-files.ts';
import type { DatasetStore } from './dataset-store.ts';
import { fail } from './fail.ts';
import { parseCellFileName } from './names.ts';
import type { CellRecord } from './records.ts';

/** A part as slices read it. */
export interface CachedPart {
  readonly records: readonly CellRecord[];
  /** The accepted cells by row; of several the last. */
  readonly accepted: ReadonlyMap<number, CellRecord>;
  /** The rows whose cell is skipped. */
  readonly skipped: ReadonlySet<number>;
  /** The cells that failed for good, by row; of several the last. */
  readonly failed: ReadonlyMap<number, CellRecord>;
}

/** Parsed parts of one process. A part only grows, so its size tells whether what is kept is all of it. */
export class PartCache {
  readonly #parts: ByteCache<string, CachedPart>;

  /** `maxBytes` of files, not of memory: parsed they take about three times as much. */
  constructor(maxBytes: number) {
    this.#parts = new ByteCache(maxBytes);
  }

  /** Throws `StoreError` if there is no such part. */
  async read(dataset: DatasetStore, name: PartName): Promise<CachedPart> {
    const path = dataset.path(name);
    const { sizeBytes } =
      (await dataset.files.findStat(name)) ?? fail(`Cannot read "${path}": there is no such file`);
    return this.#parts.read(path, sizeBytes, () => readPart(dataset, name));
  }

  /** Gives up what is kept of a part: nobody reads it any more. */
  forget(dataset: DatasetStore, name: PartName): void {
    this.#parts.forget(dataset.path(name));
  }
}

async function readPart(dataset: DatasetStore, name: PartName): Promise<CachedPart> {
  const file = parseCellFileName(name.slice(name.lastIndexOf('/') + 1));
  if (file === undefined) return fail(`Cannot read "${dataset.path(name)}": it is no file of cells`);
  const records: CellRecord[] = [];
  const accepted = new Map<number, CellRecord>();
  const skipped = new Set<number>();
  const failed = new Map<number, CellRecord>();
  await scanCellFile(dataset, { ...file, name }, (record) => {
    records.push(record);
    if (record.status === 'ok') accepted.set(record.row, record);
    if (record.status === 'skip') skipped.add(record.row);
    if (record.status === 'failed') failed.set(record.row, record);
  });
  return { records, accepted, skipped, failed };
}
