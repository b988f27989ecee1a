// A disk of its own at a folder, that can be filled, freed and made read-only: the kernel says what it says of a real one.
// Mounting needs root; `unshare --user --map-root-user --mount npx vitest …` gives that to anybody.

import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SIZE = '64m';
const CHUNK = Buffer.alloc(64 * 1024);

export class TinyDisk {
  readonly #folder: string;

  /** Mounts it. Throws where this process may not. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], { stdio: 'pipe' });
  }

  /** Takes all space but for this. */
  fill(leaveBytes = 0): void {
    const ballast = openSync(this.#ballast, 'w');
    try {
      while (this.#freeBytes > leaveBytes) writeSync(ballast, CHUNK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(ballast);
    }
  }

  free(): void {
    rmSync(this.#ballast);
  }

  makeReadOnly(): void {
    execFileSync('mount', ['-o', 'remount,ro', this.#folder], { stdio: 'pipe' });
  }

  /** Its content is gone. */
  unmount(): void {
    execFileSync('umount', ['--lazy', this.#folder], { stdio: 'pipe' });
  }

  get #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize;
  }

  get #ballast(): string {
    return join(this.#folder, 'ballast');
  }
}
