// The picture that a simulated model draws: a small PNG, a pure function of model and prompt.

import { crc32, deflateSync } from 'node:zlib';
import { streamOf } from './simulated-answer.ts';

const SIZE = 64;
/** Squares on a side. */
const SQUARES = 8;
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const [INDEXED, BIT_DEPTH] = [3, 8];

/** Squares in four colours, mirrored like an ink blot: two prompts are told apart at a glance. */
export function simulatePicture(of: { readonly model: string; readonly prompt: string }): Buffer {
  const draw = streamOf(JSON.stringify(['picture', of.model, of.prompt]));
  const palette = Buffer.from(Array.from({ length: 12 }, () => 32 + Math.floor(draw() * 208)));
  const squares = Array.from({ length: SQUARES }, () => {
    const half = Array.from({ length: SQUARES / 2 }, () => Math.floor(draw() * 4));
    return [...half, ...half.toReversed()];
  });
  const side = SIZE / SQUARES;
  // Each line begins with its filter: none.
  const lines = Array.from({ length: SIZE }, (_, y) => [
    0,
    ...Array.from({ length: SIZE }, (_, x) => squares[Math.floor(y / side)]![Math.floor(x / side)]!),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header.set([BIT_DEPTH, INDEXED], 8);
  return Buffer.concat([
    SIGNATURE,
    chunkOf('IHDR', header),
    chunkOf('PLTE', palette),
    chunkOf('IDAT', deflateSync(Buffer.from(lines.flat()))),
    chunkOf('IEND', Buffer.alloc(0)),
  ]);
}

function chunkOf(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
