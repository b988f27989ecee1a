// Starts one of our own files as a process of its own, from the built package and from TypeScript sources alike.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ScriptOptions extends SpawnOptions {
  readonly args: readonly string[];
}

/** Spawns the sibling file `name` (no extension) in its own process group, so that Ctrl-C here does not reach it. */
export function spawnScript(name: string, { args, ...options }: ScriptOptions): ChildProcess {
  const folder = dirname(fileURLToPath(import.meta.url));
  const extension = extname(fileURLToPath(import.meta.url));
  // The working directory is where Node looks for `tsx`.
  const loader = extension === '.ts' ? ['--import', 'tsx'] : [];
  return spawn(process.execPath, [...loader, `${folder}/${name}${extension}`, ...args], {
    ...options,
    cwd: folder,
    detached: true,
  });
}
