// Data Designer itself, on the mock of the same run: in a virtual environment that pip fills once.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MockProcess } from './mock-process.ts';
import { ProcessUsage } from './process-usage.ts';

const PACKAGE = 'data-designer==0.9.7';
const FOLDER = join(tmpdir(), `rowloom-bench-${PACKAGE}`);
const SCRIPT = join(import.meta.dirname, 'peer.py');
const INSTALL_LIMIT_MS = 600_000;

/** Its Python; null, with the reason on stderr, where pip cannot bring it: a bench goes on without it. */
export async function findPeer(): Promise<string | null> {
  const python = join(FOLDER, 'bin/python');
  const run = promisify(execFile);
  try {
    if (!existsSync(python)) await run('python3', ['-m', 'venv', FOLDER]);
    const options = { timeout: INSTALL_LIMIT_MS };
    await run(python, ['-m', 'pip', 'install', '--quiet', PACKAGE], options);
    return python;
  } catch (error) {
    const [why] = (error as Error).message.trim().split('\n').slice(-1);
    process.stderr.write(`Data Designer is not measured: pip cannot install ${PACKAGE}: ${why}\n`);
    return null;
  }
}

export interface PeerBuild {
  readonly how: 'preview' | 'create';
  /** As Rowloom takes it. */
  readonly document: object;
  /** Seed files beside it: name to text. */
  readonly files?: { readonly [name: string]: string };
  readonly mock: MockProcess;
  readonly rows: number;
}

export interface PeerMeasurement {
  /** From the start of its process to its end. */
  readonly ms: number;
  readonly totalCpuMs: number;
  /** Calls ÷ (last answer − first request). */
  readonly callsPerSecond: number;
  /** From the first request to the end of the process, in milliseconds a call. */
  readonly cpuMs: number;
  readonly peakRssMiB: number;
}

/** Throws with what it said when it does not make all rows. */
export async function runPeer(
  python: string,
  { how, document, files = {}, mock, rows }: PeerBuild,
): Promise<PeerMeasurement> {
  const cwd = mkdtempSync(join(tmpdir(), 'rowloom-peer-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    writeFileSync(join(cwd, 'document.json'), JSON.stringify(asPeerTakesIt(document)));
    await mock.reset();
    const startedAt = Date.now();
    const args = [SCRIPT, how, 'document.json', mock.endpoint, `${rows}`];
    const child = spawn(python, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    const usage = new ProcessUsage(child.pid!);
    let talk = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      talk += text;
    });
    const [code] = await once(child, 'close');
    const ms = Date.now() - startedAt;
    usage.stop();
    if (code !== 0) throw new Error(`Data Designer ended with ${code}:\n${talk.slice(-2_000)}`);
    const { answered, firstRequestAt, lastAnswerAt } = await mock.stats();
    return {
      ms,
      totalCpuMs: usage.cpuMsSince(startedAt),
      callsPerSecond: (answered * 1_000) / (lastAnswerAt! - firstRequestAt!),
      cpuMs: usage.cpuMsSince(firstRequestAt!) / answered,
      peakRssMiB: usage.peakRssMiB,
    };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** Without what only Rowloom knows, and without a call that looks whether a model is there. */
function asPeerTakesIt({ rowloom: _, model_configs, ...document }: Partial<Record<string, unknown>>): object {
  const models = (model_configs as readonly object[]).map((model) => ({ ...model, skip_health_check: true }));
  return { ...document, model_configs: models };
}
