// Who is running on this machine. A pid alone names nobody for long: it is used again after its process
// ended, after a reboot soon. A pid with its start time does.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of this machine. `start` is opaque: compare it with what `processStart` gives. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start: string;
}

/** When the process started, unique together with its pid over reboots too; undefined if there is none, or only its unreaped remains. */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, start: processStart(process.pid) ?? 'unknown' };
}

/** Whether that very process still runs. A stopped one does. */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  return processStart(pid) === start;
}

/** Every process that has all of `wanted` among its command-line arguments, each as a whole argument. */
export function findByArguments(wanted: readonly string[]): ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const { pid, hasArgument } of process.platform === 'linux' ? listFromProc() : listFromPs()) {
    const start = wanted.every(hasArgument) ? processStart(pid) : undefined;
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

interface ListedProcess {
  readonly pid: number;
  readonly hasArgument: (argument: string) => boolean;
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

function startFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [, state, start] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? [];
  return state === undefined || state.startsWith('Z') ? undefined : start;
}

function listFromProc(): ListedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const commandLine = readIfThere(`/proc/${name}/cmdline`)?.split('\0') ?? [];
      return { pid: Number(name), hasArgument: (argument) => commandLine.includes(argument) };
    });
}

function listFromPs(): ListedProcess[] {
  const { stdout } = spawnSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8' });
  return [...(stdout ?? '').matchAll(/^\s*(\d+)\s+(.*)$/gm)].map(([, pid, command]) => ({
    pid: Number(pid),
    hasArgument: (argument) => ` ${command} `.includes(` ${argument} `),
  }));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
