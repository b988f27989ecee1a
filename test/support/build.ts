// Brings `dist/` up to date once before the tests that run it.

import { execFileSync } from 'node:child_process';

export function setup(): void {
  execFileSync(process.execPath, ['scripts/prepare.mjs'], {
    cwd: `${import.meta.dirname}/../..`,
    stdio: 'inherit',
  });
}
