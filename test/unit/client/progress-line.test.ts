import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProgressLine } from '../../../src/client/cli/progress-line.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

it('without a terminal says every few seconds what has changed, else once in a while that it lives', () => {
  const said: string[] = [];
  const progress = new ProgressLine({ isTerminal: false, say: (text) => void said.push(text) });
  const linesOf = (seconds: number, calls: number) => {
    said.length = 0;
    for (let tick = 0; tick < seconds * 2; tick++) {
      vi.advanceTimersByTime(500);
      progress.show([`calls ${calls} · ${tick} s left`, `calls ${calls}`]);
    }
    return said;
  };
  expect(linesOf(5, 1)).toEqual(['calls 1 · 9 s left']);
  expect(linesOf(29, 1)).toEqual([]);
  expect(linesOf(1, 2)).toEqual(['calls 2 · 0 s left']);
  expect(linesOf(90, 2)).toHaveLength(3);
});

it.each([0, undefined])(
  'on a terminal that says it has %s columns shows as much as on one of 80',
  (columns) => {
    const written: string[] = [];
    const said: string[] = [];
    const stream = { columns, write: (text: string) => written.push(text) };
    const stderr = vi.spyOn(process, 'stderr', 'get').mockReturnValue(stream as never);
    try {
      const progress = new ProgressLine({ isTerminal: true, say: (text) => void said.push(text) });
      progress.show(['rows 3/200 · calls 4/800 · 16 in flight', 'rows 3']);
      progress.end();
      progress.say('done      200 rows · 0 dropped · 800 calls · 10 s');
    } finally {
      stderr.mockRestore();
    }
    expect(written[0]).toBe('\r\x1b[2Krows 3/200 · calls 4/800 · 16 in flight');
    expect(said).toEqual(['done      200 rows · 0 dropped · 800 calls · 10 s']);
  },
);

it('takes its line away before the end is told, whose counts are newer', () => {
  const written: string[] = [];
  const stream = { columns: 80, write: (text: string) => written.push(text) };
  const stderr = vi.spyOn(process, 'stderr', 'get').mockReturnValue(stream as never);
  try {
    const progress = new ProgressLine({ isTerminal: true, say: (text) => void written.push(`${text}\n`) });
    progress.show(['rows 18/20']);
    progress.clear();
    progress.say('done      20 rows');
    progress.end();
  } finally {
    stderr.mockRestore();
  }
  expect(written.join('')).toBe('\r\x1b[2Krows 18/20\r\x1b[2Kdone      20 rows\n');
});
