// How the CLI reads option values.

import { InvalidArgumentError } from 'commander';
import type { RowRanges } from '../../plan.ts';

export function parseRows(text: string): number | 'all' {
  if (text === 'all') return 'all';
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1, or "all".');
  return Number(text);
}

/** `3,17` or `10-19`, in any order; ascending ranges. */
export function parseRanges(text: string): RowRanges {
  const typed = text.split(',').map((item) => {
    const [, first, last = first] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(item) ?? [];
    if (first === undefined || Number(last) < Number(first)) {
      throw new InvalidArgumentError('Give rows such as 3,17 or 10-19.');
    }
    return { first: Number(first), last: Number(last) };
  });
  const ranges: { first: number; last: number }[] = [];
  for (const { first, last } of typed.sort((left, right) => left.first - right.first)) {
    const before = ranges.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else ranges.push({ first, last });
  }
  return ranges;
}

/** Documents of a command, in order. A number beside them was meant for `-n`. */
export function parseConfigs(text: string, before: readonly string[] = []): readonly string[] {
  if (/^\d+$/.test(text)) throw new InvalidArgumentError(`Rows are given as -n ${text}.`);
  return [...before, text];
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1.');
  return Number(text);
}
