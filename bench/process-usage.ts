// CPU time and memory of other processes, from /proc: Linux only.

import { readFileSync } from 'node:fs';

/** The kernel's clock ticks a second, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const SAMPLE_EVERY_MS = 25;

interface Sample {
  readonly at: number;
  readonly cpuMs: number;
}

/** Follows a process until it is gone or `stop`. What it did after the last sample is not seen: up to 25 ms. */
export class ProcessUsage {
  readonly #pid: number;
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;
  #peakRssMiB = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
    this.#sample();
  }

  stop(): void {
    this.#sample();
    clearInterval(this.#timer);
  }

  get peakRssMiB(): number {
    return this.#peakRssMiB;
  }

  /** CPU time of all threads from `since`, in milliseconds since the epoch, until the last sample. */
  cpuMsSince(since: number): number {
    const before = this.#samples.findLast(({ at }) => at <= since) ?? this.#samples[0];
    return (this.#samples.at(-1)?.cpuMs ?? 0) - (before?.cpuMs ?? 0);
  }

  #sample(): void {
    try {
      const stat = readFileSync(`/proc/${this.#pid}/stat`, 'utf8');
      // The name in parentheses may hold spaces. After it: state is field 3, utime 14, stime 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      this.#samples.push({ at: Date.now(), cpuMs: (ticks * 1_000) / TICKS_PER_SECOND });
      const [, peakKiB] =
        /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8')) ?? [];
      this.#peakRssMiB = Math.max(this.#peakRssMiB, Number(peakKiB ?? 0) / 1_024);
    } catch {
      clearInterval(this.#timer);
    }
  }
}
