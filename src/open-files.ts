// How many calls this process has room for. Each has a connection, which counts as an open file; where none is left Node
// ends with a stack of native code as soon as it wants one more.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findOwn } from './own-keys.ts';
import { modelKeyOf, type Plan, type Settings } from './plan.ts';

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

export interface CallRoom {
  /** Connections that each provider may have. */
  readonly connections: number;
  /** Calls that may be in flight, by `modelKeyOf`. */
  readonly caps: ReadonlyMap<string, number>;
}

/**
 * Shares the room among the providers, and what each has among its models. `asked` is the `max_parallel_requests` of each
 * alias; aliases of one model of one provider share the lowest of theirs.
 */
export function planCallRoom(
  place: { readonly plan: Pick<Plan, 'models'>; readonly settings: Pick<Settings, 'models' | 'providers'> },
  { files, asked }: { readonly files: number; readonly asked: ReadonlyMap<string, number> },
): CallRoom {
  const { providers, models } = place.settings;
  const hosted = providers.filter(({ type }) => type !== 'simulated').map(({ name }) => name);
  const connections = Math.max(1, Math.floor((files - RESERVED_FILES) / Math.max(1, hosted.length)));
  const wanted = new Map<string, { readonly provider: string; readonly cap: number }>();
  for (const [alias, cap] of asked) {
    const key = modelKeyOf(alias, place);
    const { provider } = findOwn(models, alias)!;
    wanted.set(key, { provider, cap: Math.min(cap, wanted.get(key)?.cap ?? cap) });
  }
  const caps = new Map<string, number>();
  for (const [key, { provider, cap }] of wanted) {
    const sum = [...wanted.values()].reduce(
      (all, each) => all + (each.provider === provider ? each.cap : 0),
      0,
    );
    const fits = !hosted.includes(provider) || sum <= connections;
    caps.set(key, fits ? cap : Math.max(1, Math.floor((cap * connections) / sum)));
  }
  return { connections, caps };
}
