// The published editions that are there, for people: what each holds, and what it alone holds.

import type { DatasetStore } from './dataset-store.ts';
import { findFinishedRows } from './finished-rows.ts';
import { type OutputFile, readGroups } from './groups.ts';

export interface VersionContent {
  readonly rows: number;
  readonly dropped: number;
  /** Rows that processors after generation made of those; null where the output is those. */
  readonly finishedRows: number | null;
  /** Size by name and checksum: what editions share has one file. */
  readonly files: ReadonlyMap<string, number>;
}

/** Nothing without an edition. */
export async function readVersion(dataset: DatasetStore, epoch: number | undefined): Promise<VersionContent> {
  const files = new Map<string, number>();
  let [rows, dropped] = [0, 0];
  const add = (file: OutputFile) => files.set(`${file.name} ${file.sha256}`, file.sizeBytes);
  for await (const group of readGroups(dataset, epoch)) {
    rows += group.rowCount;
    dropped += group.drops.length;
    group.files.forEach(add);
  }
  const finished = epoch === undefined ? undefined : await findFinishedRows(dataset, epoch);
  finished?.files.forEach(add);
  return { rows, dropped, finishedRows: finished?.rows ?? null, files };
}

/** The bytes of files that some versions have and no other one. */
export function ownBytes(of: readonly VersionContent[], others: readonly VersionContent[]): number {
  const own = new Map(of.flatMap(({ files }) => [...files]));
  return [...own]
    .filter(([file]) => !others.some(({ files }) => files.has(file)))
    .reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0);
}
