import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseRanges } from '../../../src/client/cli/parse.ts';

const range = (first: number, last: number) => ({ first, last });

describe('--rows', () => {
  it('are ascending ranges, whatever order and overlap they are typed in', () => {
    expect(parseRanges('17, 3')).toEqual([range(3, 3), range(17, 17)]);
    expect(parseRanges('10-19,4,5-6,12-14,19-20')).toEqual([range(4, 6), range(10, 20)]);
  });

  it('may be more than anybody has: that is for the dataset to refuse', () => {
    expect(parseRanges('0-9999999999')).toEqual([range(0, 9_999_999_999)]);
  });

  it.each(['', '3-', '9-3', 'a', '-1'])('are not "%s"', (text) => {
    expect(() => parseRanges(text)).toThrow(InvalidArgumentError);
  });
});
