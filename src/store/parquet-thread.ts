// Encodes one Parquet file in a thread. It asks for one column after the other, so that neither side ever has more than one of
// them: the file's next bytes are the question, and the thread sleeps until the values are there.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Value } from '../values.ts';
import { ParquetEncoder } from './parquet.ts';
import type { ParquetColumn } from './parquet-values.ts';

export interface EncodeTask {
  readonly columns: readonly ParquetColumn[];
  readonly rowCount: number;
  readonly port: MessagePort;
  /** How many answers were sent. */
  readonly sent: Int32Array;
}

/** A column in pieces, as many as who sends them likes. `undefined` where there will be none: the file is given up. */
export type ColumnAnswer = { readonly values: readonly Value[]; readonly isLast: boolean } | undefined;

/** Returns the file's last bytes. */
export function run({ columns, rowCount, port, sent }: EncodeTask): Uint8Array {
  const encoder = new ParquetEncoder(columns);
  let received = 0;
  encoder.rowGroup(rowCount, () => {
    port.postMessage(encoder.takeBytes());
    const values: Value[] = [];
    for (;;) {
      Atomics.wait(sent, 0, received);
      received += 1;
      const piece: ColumnAnswer = nextOf(port, sent).message;
      if (piece === undefined) throw new Error('The file was given up');
      for (const value of piece.values) values.push(value);
      if (piece.isLast) return values;
    }
  });
  return encoder.end();
}

/** On a busy machine a message that was sent may not be there yet: it comes within milliseconds. */
const LATE_MS = 1;
const MAX_LATE = 60_000;

function nextOf(port: MessagePort, sent: Int32Array): { readonly message: ColumnAnswer } {
  for (let late = 0; late < MAX_LATE; late += 1) {
    const found = receiveMessageOnPort(port);
    if (found !== undefined) return found;
    Atomics.wait(sent, 0, Atomics.load(sent, 0), LATE_MS);
  }
  throw new Error('A column of the file did not come');
}
