// Seed files of Parquet. A file is read for the first time in a process of its own, which a damaged one may take down; what
// was read there once is safe to read here.

import { type ChildProcess, fork } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ValueObject } from '../values.ts';
import type { ParquetMessage } from './parquet-process.ts';
import { openParquet, parquetProblemOf } from './parquet-rows.ts';
import type { ScanFile } from './seed-file.ts';

/** Until the next block of a file is there, and a millisecond for each kilobyte of the file. */
const BLOCK_MS = 20_000;

export const scanParquet: ScanFile = async (file, listener) => {
  const found = await scanning(file, (rows) => {
    for (const row of rows) listener.onRow(row);
  });
  try {
    if (found === null) return await openParquet(file);
    listener.onProblem(found);
  } catch (error) {
    listener.onProblem(parquetProblemOf(error));
  }
  return { columns: [], blocks: [], readBlock: async () => [] };
};

let reader: ChildProcess | undefined;
// In a loop over a damaged page it would not see that this process has left.
process.once('exit', () => reader?.kill('SIGKILL'));
let last: Promise<unknown> = Promise.resolve();

/** Gives the rows of a file, block by block, and what is wrong with it; null if that is nothing. One file at a time. */
function scanning(file: string, onRows: (rows: readonly ValueObject[]) => void): Promise<string | null> {
  const scan = last.then(() => scanNow(file, onRows));
  last = scan.catch(() => undefined);
  return scan;
}

async function scanNow(file: string, onRows: (rows: readonly ValueObject[]) => void): Promise<string | null> {
  const { size } = await stat(file);
  const child = takeReader();
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => child.kill('SIGKILL'), BLOCK_MS + size / 1000);
    const end = (settle: () => void) => {
      clearTimeout(limit);
      child.removeAllListeners();
      child.unref();
      child.channel?.unref();
      settle();
    };
    child.on('message', (message: ParquetMessage) => {
      limit.refresh();
      if ('rows' in message) onRows(message.rows as readonly ValueObject[]);
      else end(() => resolve(message.problem));
    });
    child.on('error', (error) => end(() => reject(error)));
    child.on('exit', () => end(() => resolve(parquetProblemOf(null))));
    child.send(file, (error) => error !== null && child.kill('SIGKILL'));
  });
}

/** The process of the last file, if it still runs. */
function takeReader(): ChildProcess {
  if (reader?.connected !== true || reader.exitCode !== null || reader.signalCode !== null) {
    const here = fileURLToPath(import.meta.url);
    const [folder, extension] = [dirname(here), extname(here)];
    reader = fork(`${folder}/parquet-process${extension}`, [], {
      cwd: folder,
      // Ctrl-C here does not reach it: it leaves when this process does.
      detached: true,
      execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  }
  reader.ref();
  reader.channel?.ref();
  return reader;
}
