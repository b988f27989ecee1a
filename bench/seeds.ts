// How long seed files take to be read, and in how much memory: `npx tsx bench/seeds.ts csv 1`, gigabytes of a format. The file
// is made in the temporary folder and removed.

import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openSeedSource } from '../src/seeds/seed-source.ts';

const GIGABYTE = 1e9;
const WORDS = 'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho'.split(
  ' ',
);

const ROWS: { readonly [format: string]: (row: number) => string } = {
  csv: (row) =>
    `${row},${(row % 1000) / 8},${row % 2 === 0},0${row % 9999},${textOf(row)},"${textOf(row + 1)}, ""q""",,${row % 99}\n`,
  jsonl: (row) =>
    `{"id": ${row}, "price": ${(row % 1000) / 8}, "ok": ${row % 2 === 0}, "text": "${textOf(row)}", "tags": ["${WORDS[row % 17]}"], "who": {"age": ${row % 99}}}\n`,
};

function textOf(row: number): string {
  return Array.from({ length: 10 }, (_, index) => WORDS[(row * 7 + index * 5) % WORDS.length]).join(' ');
}

function* chunksOf(format: string, bytes: number): Generator<string> {
  if (format === 'csv') yield 'id,price,ok,zip,text,note,empty,count\n';
  for (let made = 0, row = 0; made < bytes; ) {
    const lines: string[] = [];
    for (const end = row + 5_000; row < end; row += 1) lines.push(ROWS[format]!(row));
    const chunk = lines.join('');
    made += chunk.length;
    yield chunk;
  }
}

const [format = 'csv', gigabytes = '1'] = process.argv.slice(2);
if (!Object.hasOwn(ROWS, format)) throw new RangeError(`Cannot make ${format}: csv or jsonl`);
const folder = await mkdtemp(join(tmpdir(), 'rowloom-bench-'));
try {
  const file = join(folder, `seeds.${format}`);
  await pipeline(Readable.from(chunksOf(format, Number(gigabytes) * GIGABYTE)), createWriteStream(file));
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  const { rowCount } = await openSeedSource([file]);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${gigabytes} GB of ${format}: ${rowCount} rows in ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most`,
  );
} finally {
  await rm(folder, { recursive: true });
}
