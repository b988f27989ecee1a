// A document that is a program: the user's own Python writes it, with Data Designer, as its command would load it. Rows in
// the program's memory are read from a file beside it, as all seeds are, so the same program gives the same plan.

import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { OpenDocumentOptions, OpenedDocument } from '../config/prepare.ts';
import { ConfigError } from '../errors.ts';
import { PYTHON_SCRIPT } from './python-script.ts';

/** Of what the program prints so much is shown where it fails without saying why. */
const SHOWN_CHARACTERS = 4_000;

export interface PythonOptions extends OpenDocumentOptions {
  /** Absolute path. */
  readonly place: string;
  readonly shown: string;
}

/** Throws `ConfigError` where there is no Python, no Data Designer in it, or the program fails. */
export async function writeByPython(options: PythonOptions): Promise<OpenedDocument> {
  const { place, shown, cwd, environment, scriptArgs = [] } = options;
  const refuse = (message: string) => ConfigError.about(shown, message);
  if (!existsSync(place)) throw refuse('does not exist');
  const python = pythonOf(environment);
  const folder = await mkdtemp(join(tmpdir(), 'rowloom-python-'));
  // A process that is ended, by Ctrl-C or a signal, disposes of nothing else.
  const onExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', onExit);
  const leaveSignals = exitBySignals();
  const dispose = async () => {
    leaveSignals();
    process.off('exit', onExit);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const said = await runPython(python, { args: [place, folder, ...scriptArgs], cwd, environment, refuse });
    const bytes = await readFile(join(folder, 'config.json')).catch(() => null);
    if (bytes === null) throw refuse(await whyNot(folder, { python, said }));
    return { file: shown, folder: dirname(place), bytes, written: { folder, dispose } };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A signal that nobody handles ends the process as an exit does, which Python and the folder end with. Returns what undoes it. */
function exitBySignals(): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (name: NodeJS.Signals) => {
    if (process.listenerCount(name) === 1) process.exit(128 + constants.signals[name]);
  };
  for (const name of signals) process.on(name, onSignal);
  return () => {
    for (const name of signals) process.off(name, onSignal);
  };
}

function pythonOf({ VIRTUAL_ENV }: OpenDocumentOptions['environment']): string {
  return VIRTUAL_ENV === undefined || VIRTUAL_ENV === '' ? 'python3' : join(VIRTUAL_ENV, 'bin', 'python');
}

interface RunOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: OpenDocumentOptions['environment'];
  readonly refuse: (message: string) => ConfigError;
}

/** What the program printed last: all of it where it ended as it wanted, as for `--help`, else the line that says why. */
function runPython(python: string, { args, cwd, environment, refuse }: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-c', PYTHON_SCRIPT, ...args], {
      cwd,
      env: environment as NodeJS.ProcessEnv,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const onExit = () => void child.kill('SIGKILL');
    process.once('exit', onExit);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SHOWN_CHARACTERS);
    });
    child.once('error', ({ message }) =>
      reject(
        refuse(
          `needs Python with Data Designer, and "${python}" cannot be started (${message}): install Python 3, then run ${installLine(python)}`,
        ),
      ),
    );
    child.once('close', (code) => {
      process.off('exit', onExit);
      const text = said.trim();
      resolve(code === 0 ? text : text.slice(text.lastIndexOf('\n') + 1));
    });
  });
}

function installLine(python: string): string {
  return `"${python} -m pip install data-designer"`;
}

async function whyNot(
  folder: string,
  { python, said }: { readonly python: string; readonly said: string },
): Promise<string> {
  const problem = await readFile(join(folder, 'problem.json'), 'utf8').catch(() => null);
  if (problem === null) return `ended without a config${said === '' ? '' : `: ${said}`}`;
  const { missing, message } = JSON.parse(problem) as { missing?: string; message?: string };
  if (missing === undefined) return `cannot be run: ${message}`;
  return missing.startsWith('data_designer')
    ? `needs Data Designer in the Python that runs it: ${installLine(python)}`
    : `needs the package "${missing}" in the Python that runs it (${python})`;
}
