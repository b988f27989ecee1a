// The example's worker in Python, in an environment that has Temporal's SDK. It is installed once and kept.

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CliProcess } from './cli.ts';

const VERSION = '1.9.0';
const SCRIPT = join(import.meta.dirname, '../../examples/python-worker/worker.py');
const run = promisify(execFile);

/** The interpreter of the environment. Throws an error that says what is missing. */
export async function pythonWithTemporal(): Promise<string> {
  const folder = join(homedir(), '.cache', 'rowloom', `python-temporalio-${VERSION}`);
  const python = join(folder, 'bin', 'python');
  try {
    if (!existsSync(python)) await run('python3', ['-m', 'venv', folder]);
    const has = await run(python, ['-c', 'import temporalio']).then(
      () => true,
      () => false,
    );
    if (!has)
      await run(python, [
        ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
        `temporalio==${VERSION}`,
      ]);
  } catch (error) {
    throw new Error(
      `Cannot test the worker in Python: it needs python3 with venv, and pip that can install temporalio ${VERSION}, in "${folder}"`,
      { cause: error },
    );
  }
  return python;
}

/** Starts the worker in the folder of a document, whose server it finds there. */
export function startPythonWorker(python: string, cwd: string): CliProcess {
  return new CliProcess(
    spawn(python, [SCRIPT], { cwd, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}
