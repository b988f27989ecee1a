import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import {
  findByArguments,
  isAlive,
  killAndWait,
  ownIdentity,
  processStart,
  signal,
} from '../../../src/processes.ts';

const HOLD = 'setInterval(() => {}, 60_000)';
const LIMIT_MS = 5_000;

async function startChild(...args: string[]) {
  const child = spawn(process.execPath, ['-e', HOLD, ...args]);
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

it('finds processes by whole arguments', async () => {
  const mark = `mark-${process.pid}`;
  const { identity } = await startChild(mark, 'other');
  expect(findByArguments([mark, 'other'])).toEqual([identity]);
  expect(findByArguments([mark.slice(0, -1)])).toEqual([]);
  await killAndWait(identity, LIMIT_MS);
});
