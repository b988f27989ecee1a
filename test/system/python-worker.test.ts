// The example worker in Python on the queue of a column, killed in the middle.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DATASET, Workplace } from '../support/build-harness.ts';
import { until } from '../support/until.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/python-worker');
const ROWS = 60;
/** Activities that the worker runs at once. */
const THREADS = 4;
/** A dead worker is noticed by its heartbeats, after 2 minutes. */
const LIMIT_MS = 300_000;

const workplace = new Workplace();
const environment = mkdtempSync(join(tmpdir(), 'rowloom-python-'));
const workers: PythonWorker[] = [];

class PythonWorker {
  readonly #child: ChildProcess;
  said = '';

  constructor() {
    const python = join(environment, 'bin/python');
    this.#child = spawn(python, [join(EXAMPLE, 'worker.py')], { cwd: workplace.directory });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
      });
    workers.push(this);
  }

  /** The rows whose cells it put into a file. */
  get rows(): readonly number[] {
    return [...this.said.matchAll(/^row (\d+)$/gm)].map((match) => Number(match[1]));
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

beforeAll(() => {
  execFileSync('python3', ['-m', 'venv', environment]);
  execFileSync(join(environment, 'bin/pip'), ['install', '--quiet', 'temporalio'], { stdio: 'pipe' });
}, LIMIT_MS);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await workplace.dispose();
  rmSync(environment, { recursive: true, force: true });
});

it(
  'has every row once though the worker is killed, and makes no cell twice that a file held',
  async () => {
    const document = readFileSync(join(EXAMPLE, 'lengths.yaml'), 'utf8');
    writeFileSync(join(workplace.directory, `${DATASET}.yaml`), document);
    copyFileSync(join(EXAMPLE, 'worker.py'), join(workplace.directory, 'worker.py'));
    const first = new PythonWorker();
    const run = workplace.run(['-n', String(ROWS)]);
    await until(() => first.rows.length >= 10, { limitMs: 60_000 }).catch((error: Error) => {
      throw new Error(`${error.message}\n${first.said}\n${run.talk}`);
    });
    await first.kill();
    expect(first.rows.length).toBeLessThan(ROWS);
    const second = new PythonWorker();
    const { code, talk } = await run.ended;
    expect({ code, talk }).toMatchObject({ code: 0 });
    // Killed between the two, it had put a cell into a file and not said so.
    const made = [...first.rows, ...second.rows].sort((left, right) => left - right);
    expect(new Set(made).size).toBe(made.length);
    expect(made.length).toBeGreaterThanOrEqual(ROWS - THREADS);
    const rows = await workplace.rows();
    expect(rows.length).toBe(ROWS);
    for (const { topic, words, longest } of rows) {
      expect(words).toBe(BigInt(String(topic).split(' ').length));
      expect(String(topic)).toContain(String(longest));
    }
    expect(readdirSync(join(workplace.directory, 'artifacts', DATASET, 'elsewhere', 'words'))).toEqual([]);
  },
  LIMIT_MS,
);
