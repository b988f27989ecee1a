// Seed files of Parquet, read in a process of their own: see `parquet-process.ts`.

import { type ChildProcess, fork } from 'node:child_process';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOADER, ownFile } from '../own-files.ts';
import type { ValueObject } from '../values.ts';
import type { ParquetMessage, ParquetRequest } from './parquet-process.ts';
import type { ParquetColumn } from './parquet-rows.ts';
import type { RowSink, ScanFile } from './seed-file.ts';

/** Until the next rows of a file are there, and a millisecond for each kilobyte of the file. */
const ROWS_MS = 20_000;

export const scanParquet: ScanFile = async (file, sink) => {
  // What the disk says of it is told here, in its words.
  const handle = await open(file);
  const { size } = await handle.stat();
  await handle.close();
  const scan = last.then(() => scanNow(file, { size, sink }));
  last = scan.catch(() => undefined);
  return scan;
};

let reader: ChildProcess | undefined;
// In a loop over a damaged page it would not see that this process has left.
process.once('exit', () => reader?.kill('SIGKILL'));
/** One file at a time. */
let last: Promise<unknown> = Promise.resolve();

async function scanNow(
  file: string,
  { size, sink }: { readonly size: number; readonly sink: RowSink },
): Promise<readonly string[]> {
  const child = takeReader();
  const ask = (request: ParquetRequest) =>
    child.send(request, (error) => error !== null && child.kill('SIGKILL'));
  let columns: readonly ParquetColumn[] = [];

  async function take(message: ParquetMessage): Promise<boolean> {
    if ('problem' in message) {
      if (message.problem !== null) sink.addProblem(message.problem);
      return false;
    }
    if ('columns' in message) {
      columns = message.columns;
      for (const { name, type } of columns) sink.addType(name, type);
    } else {
      for (const row of message.rows as readonly ValueObject[]) sink.addRow(row);
      await sink.drain();
    }
    ask('more');
    return true;
  }

  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => child.kill('SIGKILL'), ROWS_MS + size / 1000);
    const end = (settle: () => void) => {
      clearTimeout(limit);
      child.removeAllListeners();
      child.unref();
      child.channel?.unref();
      settle();
    };
    child.on('message', (message: ParquetMessage) => {
      limit.refresh();
      take(message).then(
        (goesOn) => goesOn || end(resolve),
        (error) => end(() => reject(error)),
      );
    });
    child.on('error', (error) => end(() => reject(error)));
    child.on('exit', () => {
      sink.addProblem(
        'ended the process that read it: it is damaged, or needs more memory than there is. Write it again with the program that made it',
      );
      end(resolve);
    });
    ask({ path: file });
  });
  return columns.map(({ name }) => name);
}

/** The process of the last file, if it still runs. */
function takeReader(): ChildProcess {
  if (reader?.connected !== true || reader.exitCode !== null || reader.signalCode !== null) {
    const file = fileURLToPath(ownFile('seeds/parquet-process'));
    reader = fork(file, [], {
      cwd: dirname(file),
      // Ctrl-C here does not reach it: it leaves when this process does.
      detached: true,
      execArgv: [...LOADER],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  }
  reader.ref();
  reader.channel?.ref();
  return reader;
}
