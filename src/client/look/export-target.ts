// Where an export goes: which format a file's name means, and which places are not written to.
//
//   - A name whose ending means another format is refused: nobody could read what is in the file by its name.
//   - Only a plain file is ever replaced. Devices, pipes, sockets, links and folders are refused.
//   - Nothing is written into the folder of a dataset.

import { existsSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { RefusedError, StoreError } from '../../errors.ts';

export const EXPORT_FORMATS = ['jsonl', 'csv', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const ENDINGS: ReadonlyMap<string, ExportFormat> = new Map([
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.csv', 'csv'],
  ['.parquet', 'parquet'],
]);
/** Endings that tell a reader of something that an export never is, whatever `--format` says. */
const OTHER_FORMATS =
  /^\.(?:gz|zst|bz2|xz|lz4|br|zip|tar|tgz|tsv|xlsx?|ods|arrow|feather|orc|avro|db|sqlite3?)$/;

/** The format of an export: what the file's name says, else what was asked; JSON lines for stdout. Throws `RefusedError`. */
export function exportFormatOf(of: {
  readonly format?: ExportFormat;
  readonly output?: string;
}): ExportFormat {
  const { format, output } = of;
  if (output === undefined) return format ?? 'jsonl';
  const ending = extname(output).toLowerCase();
  const named = ENDINGS.get(ending);
  if (named === undefined && (format === undefined || OTHER_FORMATS.test(ending))) {
    const what = ending === '' ? 'has no ending' : `ends in "${ending}"`;
    const way = OTHER_FORMATS.test(ending) ? '' : ', or say which with --format';
    throw new RefusedError(
      `Cannot export to "${output}": its name ${what}. Name a file that ends in .jsonl, .csv or .parquet${way}`,
    );
  }
  if (named !== undefined && format !== undefined && named !== format) {
    throw new RefusedError(`Cannot export ${format} to "${output}": its name says ${named}`);
  }
  return named ?? (format as ExportFormat);
}

/** Throws `RefusedError` for a place that an export may not write to, `StoreError` for one that cannot be looked at. */
export function checkExportPlace(path: string, isOverwriting: boolean): Promise<void> {
  return checkPlace(path, { verb: 'export', isOverwriting });
}

/** The same for any file that a command writes for people; the verb says what it does. */
export async function checkPlace(
  path: string,
  { verb, isOverwriting }: { readonly verb: string; readonly isOverwriting: boolean },
): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    // A part of the path that is no folder fails when the file is written, with that message.
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new StoreError(`Cannot ${verb} to "${path}": ${error.message}`);
  });
  if (found?.isDirectory() === true) {
    throw new RefusedError(`Cannot ${verb} to "${path}": it is a folder. Name a file in it`);
  }
  if (found?.isFile() === false) {
    const what = found.isSymbolicLink() ? 'a link' : found.isFIFO() ? 'a pipe' : 'a device or a socket';
    throw new RefusedError(
      `Cannot ${verb} to "${path}": it is ${what}, not a plain file. Name a plain file, or leave --output away and send stdout there`,
    );
  }
  if (found !== undefined && !isOverwriting) {
    throw new RefusedError(`Cannot ${verb} to "${path}": it is there already. Use --force to replace it`);
  }
  const dataset = await findDatasetAbove(dirname(path));
  if (dataset !== undefined) {
    throw new RefusedError(
      `Cannot ${verb} to "${path}": it is inside the dataset "${dataset}". Name a file elsewhere`,
    );
  }
}

/** The folder of the dataset that a folder is in, links followed; it need not be there yet. */
async function findDatasetAbove(folder: string): Promise<string | undefined> {
  for (let path = folder; ; path = dirname(path)) {
    path = await realpath(path).catch(() => path);
    if (['dataset.json', 'epochs'].every((name) => existsSync(join(path, name)))) return path;
    if (path === dirname(path)) return undefined;
  }
}
