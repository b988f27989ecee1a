// Loaded into a process before all else (`--import`): notes how long its event loop was held, and writes that to the file
// LOOP_WATCH at its end, as JSON: for each tenth of a second [milliseconds since the epoch, longest hold in ms, the most CPU in
// ms that its thread took between two turns]. On a machine with other things to do the thread waits for its turn while it
// holds the loop: the third number is without that. Linux only.

import { readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const EVERY_MS = 100;

/** What the main thread took so far, in ms: its first number in nanoseconds. */
const cpuMs = () => Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6;

// Threads get the same options as the process.
if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const holds = [];
  let [before, mostCpuMs] = [cpuMs(), 0];
  const turn = () => {
    const now = cpuMs();
    mostCpuMs = Math.max(mostCpuMs, now - before);
    before = now;
  };
  const note = () => {
    turn();
    holds.push([Date.now(), delay.max / 1e6, mostCpuMs]);
    delay.reset();
    mostCpuMs = 0;
  };
  delay.enable();
  setInterval(turn, 1).unref();
  setInterval(note, EVERY_MS).unref();
  process.on('exit', () => {
    note();
    writeFileSync(process.env.LOOP_WATCH, JSON.stringify(holds));
  });
}
