// The command line as a process of its own, from `dist/`: what a test kills is what a user's terminal would run.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What starts it, from any other folder. */
export const COMMAND = join(import.meta.dirname, '../../rowloom');

export interface CliEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly talk: string;
  /** From its start to its end. */
  readonly ms: number;
}

export interface CliOptions {
  readonly cwd: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** For Node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  /** The user to run as: this one unless set. */
  readonly uid?: number;
  /** Where stdout and stderr lead: a pipe of this process unless a file's descriptor is given. */
  readonly outputs?: readonly ['pipe' | number, 'pipe' | number];
}

/** Workflow code in the process's one thread saves a fifth of a small build's time. */
const IN_ONE_THREAD: NodeJS.ProcessEnv = { TEMPORAL_DEBUG: '1' };

/** Undoes that. */
export const AS_USERS_HAVE_IT: NodeJS.ProcessEnv = { TEMPORAL_DEBUG: undefined };

/** Starts `rowloom` with these arguments. */
export function startCli(args: readonly string[], options: CliOptions): CliProcess {
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), COMMAND, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...IN_ONE_THREAD, ...options.environment },
    stdio: ['ignore', ...(options.outputs ?? (['pipe', 'pipe'] as const))],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  });
  return new CliProcess(child);
}

export class CliProcess {
  readonly startedAt = Date.now();
  readonly #child: ChildProcess;
  #output = '';
  #talk = '';
  /** Resolves when the process is gone and all it said was read. */
  readonly ended: Promise<CliEnd>;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#talk += text;
    });
    this.ended = once(child, 'close').then(([code]) => ({
      code,
      output: this.#output,
      talk: this.#talk,
      ms: Date.now() - this.startedAt,
    }));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** All of stderr so far. */
  get talk(): string {
    return this.#talk;
  }

  /** Reads no more of stderr, as `head` does once it has its lines. */
  closeTalk(): void {
    this.#child.stderr?.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Resolves when the talk matches. Throws when the process ends without. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#talk)) {
      if (!this.isRunning) throw new Error(`Ended without saying ${pattern}:\n${this.#talk}`);
      await Promise.race([once(this.#child.stderr!, 'data'), this.ended]);
    }
  }
}
