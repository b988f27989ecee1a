// How many calls this process has room for. Each has a connection, which counts as an open file; where none is left Node
// ends with a stack of native code as soon as it wants one more.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A build has 40 files open beside its connections: store, Temporal, threads. */
const RESERVED_FILES = 100;

/** Files that this process may have open at once; infinite where no limit is known. Read once: Node raises it at its start. */
export function findOpenFileLimit(): number {
  limit ??= readLimit();
  return limit;
}

let limit: number | null = null;

function readLimit(): number {
  const read = [
    // Linux: "Max open files   1024   4096   files".
    () => /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1],
    () => execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ];
  for (const look of read) {
    try {
      const files = Number(look()?.trim());
      if (files > 0) return files;
    } catch {
      // Another system: the next way, or none.
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** What is asked for one model. */
export interface AskedCalls {
  readonly key: string;
  /** Whose connections the calls have; null for those that have none. */
  readonly endpoint: string | null;
  /** Calls in flight at a time. */
  readonly cap: number;
}

export interface CallRoom {
  /** Connections that each endpoint may have. */
  readonly connections: number;
  /** Calls that may be in flight, by key. */
  readonly caps: ReadonlyMap<string, number>;
}

/** Shares the room of a process that may have so many files open among the endpoints, and what each has among its models. */
export function planCallRoom(asked: readonly AskedCalls[], files: number): CallRoom {
  const sums = new Map<string, number>();
  for (const { endpoint, cap } of asked)
    if (endpoint !== null) sums.set(endpoint, (sums.get(endpoint) ?? 0) + cap);
  const connections = Math.max(1, Math.floor((files - RESERVED_FILES) / Math.max(1, sums.size)));
  const caps = asked.map(({ key, endpoint, cap }): [string, number] => {
    const sum = endpoint === null ? 0 : sums.get(endpoint)!;
    return [key, sum <= connections ? cap : Math.max(1, Math.floor((cap * connections) / sum))];
  });
  return { connections, caps: new Map(caps) };
}
