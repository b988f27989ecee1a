// What lies in `.rowloom/`, and who may start the server of a directory.
// Loaded by the watchdog, which must start fast: Node built-ins only.
//
//   F1. The directory belongs to the living process named by the highest `watchdogs/<n>.json`.
//   F2. A claim is made whole, by linking a finished file to the next number; nobody changes it afterwards.
//       So of many that find the last holder dead exactly one wins, and nobody removes a living one's claim.
//   F3. Only the holder writes `server.json`. It tells where the server is, and nothing about whether it lives.

import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findByFolder, isAlive, ownIdentity, type ProcessIdentity, signal } from './processes.ts';

/** Where every embedded server listens: this machine alone can reach it. */
export const HOST = '127.0.0.1';
/** The namespace of every embedded server. */
export const NAMESPACE = 'default';

/** Its file in the directory, which is the server's working folder. */
export const DATABASE_NAME = 'temporal.db';

/** Where the embedded server of a directory listens, and who it is. */
export interface ServerState {
  readonly formatVersion: 1;
  /** The number of the claim of the watchdog that wrote this. */
  readonly watchdog: number;
  readonly host: string;
  readonly port: number;
  readonly uiPort: number;
  /** Where the watchdog counts its users: each holds one connection open. */
  readonly controlPort: number;
  readonly pid: number;
}

/** A watchdog's claim to a directory. */
export interface Claim {
  readonly number: number;
  /** Undefined if the file is torn: a power cut, so its process is dead. */
  readonly holder: ProcessIdentity | undefined;
}

export interface ServerFiles {
  readonly database: string;
  readonly log: string;
  readonly state: string;
  readonly claims: string;
}

/** The paths in `directory`, which is `.rowloom/`. */
export function serverFiles(directory: string): ServerFiles {
  return {
    database: join(directory, DATABASE_NAME),
    log: join(directory, 'temporal.log'),
    state: join(directory, 'server.json'),
    claims: join(directory, 'watchdogs'),
  };
}

/** The latest claim, its holder dead or alive; undefined if there never was one. */
export function findClaim(directory: string): Claim | undefined {
  const number = Math.max(0, ...claimNumbers(directory));
  if (number === 0) return undefined;
  return { number, holder: readJson<ProcessIdentity>(claimPath(directory, number)) };
}

/** The claim whose holder lives. */
export function findLivingClaim(directory: string): Claim | undefined {
  const claim = findClaim(directory);
  return claim?.holder !== undefined && isAlive(claim.holder) ? claim : undefined;
}

/** The servers that run in a directory, a real path: one, or what killed watchdogs left. */
export function findServers(directory: string): ProcessIdentity[] {
  return findByFolder(directory, 'start-dev');
}

/** Ends what runs in a directory, if it is there, and has no living watchdog: it would stay for ever. */
export function endLeftServers(path: string): void {
  const directory = existsSync(path) ? realpathSync(path) : undefined;
  if (directory === undefined) return;
  const found = findServers(directory);
  // The claim is looked for after the servers: one that a new watchdog starts in between is not in the list, and one that
  // is in the list has its watchdog by now.
  if (findLivingClaim(directory) !== undefined) return;
  for (const server of found) signal(server, 'SIGKILL');
}

/** Claims the directory for this process; undefined if a living process holds it or was faster. */
export function claimDirectory(directory: string): number | undefined {
  const last = findClaim(directory);
  if (last?.holder !== undefined && isAlive(last.holder)) return undefined;
  const { claims } = serverFiles(directory);
  mkdirSync(claims, { recursive: true });
  const number = (last?.number ?? 0) + 1;
  const draft = join(claims, `draft-${randomUUID()}`);
  writeFileSync(draft, JSON.stringify(ownIdentity()));
  try {
    linkSync(draft, claimPath(directory, number));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // The claim before this one stays: a command that lists the folder right now has to find at least one.
  for (const older of claimNumbers(directory)) {
    if (older < number - 1) rmSync(claimPath(directory, older), { force: true });
  }
  return number;
}

/** Whether the claim of that number is still this process's: false once the directory was removed or made anew. */
export function holdsClaim(directory: string, number: number): boolean {
  const claim = findClaim(directory);
  return claim?.number === number && claim.holder?.pid === process.pid;
}

/** What the last watchdog wrote; undefined if none did, or this version cannot read it. */
export function findServerState(directory: string): ServerState | undefined {
  const state = readJson<ServerState>(serverFiles(directory).state);
  return state?.formatVersion === 1 ? state : undefined;
}

/** What server and watchdog said last. */
export function lastLogLine(directory: string): string {
  return readFileSync(serverFiles(directory).log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}

export function writeServerState(directory: string, state: ServerState): void {
  const { state: path } = serverFiles(directory);
  writeFileSync(`${path}.draft`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.draft`, path);
}

function claimPath(directory: string, number: number): string {
  return join(serverFiles(directory).claims, `${String(number).padStart(6, '0')}.json`);
}

function claimNumbers(directory: string): number[] {
  try {
    return readdirSync(serverFiles(directory).claims)
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => Number.parseInt(name, 10));
  } catch {
    return [];
  }
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
