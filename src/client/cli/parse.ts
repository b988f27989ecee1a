// How the CLI reads option values.

import { InvalidArgumentError } from 'commander';
import type { RowRanges } from '../../plan.ts';
import { rangesOf } from '../../store/groups.ts';

export function parseRows(text: string): number | 'all' {
  if (text === 'all') return 'all';
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1, or "all".');
  return Number(text);
}

/** `3,17` or `10-19`, in any order; ascending ranges. */
export function parseRanges(text: string): RowRanges {
  const rows = text.split(',').flatMap((item): number[] => {
    const [, first, last] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(item) ?? [];
    if (first === undefined || Number(last ?? first) < Number(first)) {
      throw new InvalidArgumentError('Give rows such as 3,17 or 10-19.');
    }
    return Array.from(
      { length: Number(last ?? first) - Number(first) + 1 },
      (_, index) => Number(first) + index,
    );
  });
  return rangesOf([...new Set(rows)].sort((left, right) => left - right));
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
