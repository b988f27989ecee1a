import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, renameSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  findByFolder,
  isAlive,
  isRunning,
  killAndWait,
  ownIdentity,
  ownMark,
  ownPlace,
  processStart,
  signal,
  whereIs,
} from '../../../src/server/processes.ts';

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

it('knows where pids count: the same boot and the same PID namespace', () => {
  const own = { host: 'app', machine: 'boot1/100' };
  expect(whereIs(own, own)).toBe('here');
  expect(whereIs({ ...own, host: 'its name before' }, own)).toBe('here');
  expect(whereIs({ ...own, machine: 'boot0/100' }, own)).toBe('rebooted');
  expect(whereIs({ ...own, machine: 'boot0/77' }, own)).toBe('rebooted');
  expect(whereIs({ ...own, machine: 'boot1/101' }, own)).toBe('elsewhere');
  expect(whereIs({ host: 'other', machine: 'boot2/100' }, own)).toBe('elsewhere');
  const unknown = { host: 'mac', machine: 'mac' };
  expect(whereIs(unknown, unknown)).toBe('here');
  expect(whereIs({ host: 'mac-2', machine: 'mac-2' }, unknown)).toBe('elsewhere');
});

it('judges a process that was written down: here, before the last boot, elsewhere', () => {
  const { host, machine } = ownPlace();
  const own = { host, machine, ...ownIdentity() };
  expect(isRunning(own)).toBe(true);
  expect(isRunning({ ...own, start: 'another' })).toBe(false);
  expect(isRunning({ ...own, machine: 'an older boot/1' })).toBe(false);
  expect(isRunning({ ...own, machine: `${machine}0` })).toBeUndefined();
});

const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc'] as const;
const hasContainers = spawnSync(CONTAINER[0], [...CONTAINER.slice(1), 'true']).status === 0;

it.runIf(hasContainers)('does not judge a process of another container with the same host name', () => {
  const { stdout } = spawnSync(
    CONTAINER[0],
    [
      ...CONTAINER.slice(1),
      ...[process.execPath, '--import', 'tsx', '--input-type=module', '-e'],
      `import { isMarkOfDead, isRunning, ownMark, ownPlace } from '${import.meta.resolve('../../../src/server/processes.ts')}';
       const [process, mark] = JSON.parse(${JSON.stringify(JSON.stringify([{ ...ownPlace(), ...ownIdentity() }, ownMark()]))});
       const verdicts = [isRunning(process), isMarkOfDead(mark), isMarkOfDead(ownMark())];
       console.log(JSON.stringify({ host: ownPlace().host, verdicts: verdicts.map(String) }));`,
    ],
    { encoding: 'utf8' },
  );
  expect(JSON.parse(stdout)).toEqual({
    host: ownPlace().host,
    verdicts: ['undefined', 'undefined', 'false'],
  });
});
