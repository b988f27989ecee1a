import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, renameSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  findByFolder,
  isAlive,
  killAndWait,
  ownIdentity,
  processStart,
  signal,
} from '../../../src/processes.ts';

const HOLD = 'setInterval(() => {}, 60_000)';
const LIMIT_MS = 5_000;

async function startChild(options: SpawnOptions = {}, ...args: string[]) {
  const child = spawn(process.execPath, ['-e', HOLD, ...args], options);
  await once(child, 'spawn');
  const identity = { pid: child.pid!, start: processStart(child.pid!)! };
  return { child, identity };
}

it('tells a living process from another one with its pid', () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(isAlive({ pid: process.pid, start: 'another' })).toBe(false);
});

it('takes a stopped process for alive and a killed one for dead', async () => {
  const { child, identity } = await startChild();
  child.kill('SIGSTOP');
  expect(isAlive(identity)).toBe(true);
  await killAndWait(identity, LIMIT_MS);
  expect(isAlive(identity)).toBe(false);
  expect(signal(identity, 'SIGKILL')).toBe(false);
});

it('takes a process that nobody reaped for dead', async () => {
  // The shell becomes a program that never waits for its child.
  const parent = spawn('/bin/sh', ['-c', `sleep 0.2 & echo $!; exec ${process.execPath} -e '${HOLD}'`]);
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(String(output));
  while (processStart(pid) !== undefined) await new Promise((resolve) => setImmediate(resolve));
  expect(() => process.kill(pid, 0)).not.toThrow();
  parent.kill('SIGKILL');
});

it('finds processes by their working folder and a whole argument, wherever the folder went', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'row loom%20-')));
  const { identity } = await startChild({ cwd: folder }, 'mark', 'other');
  expect(findByFolder(folder, 'mark')).toEqual([identity]);
  expect(findByFolder(folder, 'mar')).toEqual([]);
  expect(findByFolder(`${folder}/..`, 'mark')).toEqual([]);
  renameSync(folder, `${folder}-b`);
  expect(findByFolder(folder, 'mark')).toEqual([]);
  expect(findByFolder(`${folder}-b`, 'mark')).toEqual([identity]);
  rmdirSync(`${folder}-b`);
  expect(findByFolder(`${folder}-b`, 'mark')).toEqual([identity]);
  await killAndWait(identity, LIMIT_MS);
});
