// Who is running on this machine. A pid alone names nobody for long: it is used again after its process
// ended, after a reboot soon. A pid with its start time does, where it is counted: each container counts its own.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of this machine. `start` is opaque: compare it with what `processStart` gives. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start: string;
}

/** Where pids name processes: one boot of one machine, and one PID namespace of it. */
export interface ProcessPlace {
  /** The machine's name. */
  readonly host: string;
  /** What `machineId` gives there. */
  readonly machine: string;
}

/** Boot and PID namespace; where they cannot be told, the machine's name. */
export function machineId(): string {
  const namespace = pidNamespace();
  return bootId() === '' || namespace === '' ? hostname() : `${bootId()}/${namespace}`;
}

/** Where this process runs. */
export function ownPlace(): ProcessPlace {
  return { host: hostname(), machine: machineId() };
}

/**
 * Where a process ran, as seen from here. `here`: it lives or it does not. `rebooted`: on this machine before its last
 * boot, so it is gone. `elsewhere`, in another container too: its pid says nothing here, and neither does `127.0.0.1`.
 */
export function whereIs(
  { host, machine }: ProcessPlace,
  own: ProcessPlace = ownPlace(),
): 'here' | 'rebooted' | 'elsewhere' {
  if (machine === own.machine) return 'here';
  const isSameBoot = machine.split('/')[0] === own.machine.split('/')[0];
  return host === own.host && !isSameBoot ? 'rebooted' : 'elsewhere';
}

/** Whether a process that was written down still runs; undefined where this machine cannot know. */
export function isRunning(process: ProcessPlace & ProcessIdentity): boolean | undefined {
  const where = whereIs(process);
  return where === 'elsewhere' ? undefined : where === 'here' && isAlive(process);
}

/** When the process started, unique together with its pid over reboots too; undefined if there is none, or only its unreaped remains. */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, start: processStart(process.pid) ?? 'unknown' };
}

let mark: string | undefined;

/** This process, for names of files: a hash of where its pid counts, the pid, a hash of when it started. */
export function ownMark(): string {
  mark ??= `${placeMark()}-${process.pid}-${shortHash(ownIdentity().start)}`;
  return mark;
}

/** Whether a process that made a mark is gone; undefined where this machine cannot know. */
export function isMarkOfDead(made: string): boolean | undefined {
  const [place, pid, start] = made.split('-');
  if (place !== placeMark()) return undefined;
  const running = processStart(Number(pid));
  return running === undefined || shortHash(running) !== start;
}

// Without the boot: that is part of when a process started, and who started before it is dead.
function placeMark(): string {
  return shortHash(`${hostname()}/${pidNamespace()}`);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** Whether that very process still runs. A stopped one does. */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  return processStart(pid) === start;
}

/**
 * Every process whose working folder is `folder`, a real path, and that has `argument` on its command line, as a whole
 * argument. A folder that was renamed is found under its new name, one that was removed under its old one.
 */
export function findByFolder(folder: string, argument: string): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const pid of process.platform === 'linux' ? listFromProc(folder) : listFromLsof(folder)) {
    const start = argumentsOf(pid).includes(argument) ? processStart(pid) : undefined;
    if (start !== undefined) found.push({ pid, start });
  }
  return found;
}

/** Ends a process with SIGKILL and waits until it is gone, at most `limitMs`. A process that is gone already is fine. */
export async function killAndWait(target: ProcessIdentity, limitMs: number): Promise<void> {
  for (const deadline = Date.now() + limitMs; isAlive(target) && Date.now() < deadline; ) {
    signal(target, 'SIGKILL');
    await sleep(10);
  }
}

/** Sends a signal to that very process; false if it is gone. */
export function signal(target: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(target)) return false;
  try {
    return process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function startFromProc(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses may itself hold spaces and parentheses. After it: state is field 3, threads 20, start 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, threads, ticks] = [fields[0], fields[17], fields[19]];
  // With threads left it is still ending, and still holds its files and ports.
  const isDead = (state === 'Z' || state === 'X') && Number(threads) <= 1;
  if (isDead || ticks === undefined) return undefined;
  return `${ticks}@${bootId()}`;
}

let knownBootId: string | undefined;

// Ticks count from the boot, and small machines boot alike: the same pid may start at the same tick again.
function bootId(): string {
  knownBootId ??= readIfThere('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '';
  return knownBootId;
}

let knownNamespace: string | undefined;

/** The number of the PID namespace, which is taken as long as anything runs in it. Empty where it cannot be told. */
function pidNamespace(): string {
  knownNamespace ??= /\d+/.exec(tryTo(() => readlinkSync('/proc/self/ns/pid')) ?? '')?.[0] ?? '';
  return knownNamespace;
}

function startFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [, state, start] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : start;
}

function listFromProc(folder: string): number[] {
  // A removed folder is named so by the kernel.
  const names = [folder, `${folder} (deleted)`];
  return readdirSync('/proc')
    .filter(
      (name) => /^\d+$/.test(name) && names.includes(tryTo(() => readlinkSync(`/proc/${name}/cwd`)) ?? ''),
    )
    .map(Number);
}

function listFromLsof(folder: string): number[] {
  const { stdout } = spawnSync('lsof', ['-a', '-d', 'cwd', '-Fpn'], { encoding: 'utf8' });
  return [...(stdout ?? '').matchAll(/^p(\d+)\n(?:f.*\n)?n(.*)$/gm)]
    .filter(([, , name]) => name === folder)
    .map(([, pid]) => Number(pid));
}

function argumentsOf(pid: number): string[] {
  if (process.platform === 'linux') return readIfThere(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
  return (
    spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.split(
      /\s+/,
    ) ?? []
  );
}

function readIfThere(path: string): string | undefined {
  return tryTo(() => readFileSync(path, 'utf8'));
}

function tryTo<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
