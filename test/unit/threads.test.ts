import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { DeadThreadError, runInThread } from '../../src/threads.ts';
import type { Asked } from '../support/thread-task.ts';

const FILE = new URL(import.meta.resolve('../support/thread-task.ts'));

const run = (asked: Asked, signal?: AbortSignal) => runInThread(FILE, asked, signal && { signal });

it('gives what a task returns or throws', async () => {
  expect(await run('answer')).toBe('the answer');
  await expect(run('throw')).rejects.toThrow(new RangeError('It is out of range'));
});

it('tells that a thread died, and goes on with what waited for it', async () => {
  const dying = Array.from({ length: availableParallelism() }, () => run('die'));
  const exiting = run('exit');
  const waiting = Array.from({ length: 3 }, () => run('answer'));
  for (const death of dying) await expect(death).rejects.toThrow(DeadThreadError);
  await expect(exiting).rejects.toThrow(new DeadThreadError('The thread died: It ended the process'));
  await expect(dying[0]).rejects.toThrow('The thread died: nobody catches this');
  expect(await Promise.all(waiting)).toEqual(['the answer', 'the answer', 'the answer']);
});

it('ends a thread whose signal fires', async () => {
  const stop = new AbortController();
  const stopped = run('wait', stop.signal);
  setTimeout(() => stop.abort(), 50);
  await expect(stopped).rejects.not.toThrow(DeadThreadError);
  expect(await run('answer')).toBe('the answer');
});
