// The files by which an activity of somebody else's worker is told of rows and tells of cells: `elsewhere/<column>/<group>/`.
// They stay until the group is committed, so that a start after a crash finds the cells that it had made.

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { ForeignFiles } from '../columns/calls.ts';
import { StoreError } from '../errors.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { type CellPlace, foreignFolder } from '../store/names.ts';
import { formatJson, parseJson, type Value } from '../values.ts';
import type { Build } from './build.ts';

export function foreignFiles({ files }: DatasetStore, place: CellPlace): ForeignFiles {
  const folder = foreignFolder(place);
  const cells = `${folder}/cells`;
  async function makeFolders(): Promise<void> {
    const names = cells.split('/');
    for (const count of names.keys()) await files.makeFolder(names.slice(0, count + 1).join('/'));
  }
  return {
    async writeRows(lines) {
      await makeFolders();
      const name = `${folder}/rows-${randomUUID()}.jsonl`;
      await files.replace(name, lines.map((line) => `${formatJson(line)}\n`).join(''));
      return files.place(name);
    },
    async makeCellsFolder() {
      await makeFolders();
      return files.place(cells);
    },
    async readCells(name) {
      // Whatever it calls the file, it is one of that folder.
      const file = `${cells}/${path.basename(name)}`;
      const bytes = await files.find(file);
      if (bytes === undefined) throw new StoreError(`Cannot read "${files.place(file)}": it is not there`);
      return bytes.toString('utf8').split('\n').flatMap(valueOfLine);
    },
  };
}

/** The cells of a group that is committed are in its parts. */
export async function removeForeignFiles(
  { dataset, plan }: Pick<Build, 'dataset' | 'plan'>,
  rowGroup: number,
) {
  for (const { name: column, limiters } of plan.columns) {
    if (limiters.some((limiter) => 'queue' in limiter))
      await dataset.files.removeFolder(foreignFolder({ column, rowGroup }));
  }
}

/** Of a process that was killed the last line may be torn. */
function valueOfLine(line: string): Value[] {
  try {
    return line.trim() === '' ? [] : [parseJson(line)];
  } catch {
    return [];
  }
}
