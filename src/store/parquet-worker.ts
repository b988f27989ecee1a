// The worker thread that encodes Parquet: many files at a time, each column by column.

import { parentPort } from 'node:worker_threads';
import { ParquetEncoder } from './parquet.ts';
import type { EncoderReply, EncoderRequest } from './row-group-writer.ts';

const files = new Map<number, ParquetEncoder>();

parentPort?.on('message', (request: EncoderRequest) => {
  try {
    reply({ file: request.file, bytes: answer(request) });
  } catch (error) {
    files.delete(request.file);
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    reply({ file: request.file, error: what });
  }
});

function answer(request: EncoderRequest): Uint8Array {
  switch (request.ask) {
    case 'open':
      files.set(request.file, new ParquetEncoder(request.columns, request.rowCount));
      return new Uint8Array();
    case 'column':
      return encoderOf(request.file).column(request.values);
    case 'end': {
      const bytes = encoderOf(request.file).end();
      files.delete(request.file);
      return bytes;
    }
    case 'discard':
      files.delete(request.file);
      return new Uint8Array();
  }
}

function encoderOf(file: number): ParquetEncoder {
  const encoder = files.get(file);
  if (encoder === undefined) throw new RangeError(`No open file ${file}`);
  return encoder;
}

function reply(message: EncoderReply): void {
  const transfer = 'bytes' in message ? [message.bytes.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(message, transfer);
}
