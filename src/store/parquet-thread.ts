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
      const piece: ColumnAnswer = receiveMessageOnPort(port)?.message;
      if (piece === undefined) throw new Error('The file was given up');
      for (const value of piece.values) values.push(value);
      if (piece.isLast) return values;
    }
  });
  return encoder.end();
}
