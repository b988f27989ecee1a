import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseRanges } from '../../../src/client/cli/parse.ts';
import { commandAbout, workerCommand } from '../../../src/client/cli/place-options.ts';

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

describe('a command that a message names', () => {
  it('finds the dataset where the command that says it found it', () => {
    expect(commandAbout('show', ['trips@6', '17'], {})).toBe('rowloom show trips@6 17');
    expect(commandAbout('watch', ['trips'], { out: 'my data' })).toBe("rowloom watch trips --out 'my data'");
  });

  it('serves the store and the server that a build was handed to', () => {
    expect(workerCommand({})).toBe('rowloom worker');
    expect(workerCommand({ out: 'data', address: 'temporal:7233' })).toBe(
      'rowloom worker --out data --address temporal:7233',
    );
    expect(workerCommand({}, 'data/trips')).toBe('rowloom worker --out data');
  });
});
