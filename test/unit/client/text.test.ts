import { describe, expect, it } from 'vitest';
import { clip, fold, formatTable, wrap } from '../../../src/client/cli/text.ts';
import { formatDuration, formatTime } from '../../../src/client/tell/format.ts';

describe('text for terminals', () => {
  it.each([
    ['breaks at spaces', 'one two three', 7, ['one two', 'three']],
    ['breaks a word that is too long', 'abcdefgh ij', 3, ['abc', 'def', 'gh', 'ij']],
    ['keeps line ends and empty lines', 'a\n\nb\r\nc', 10, ['a', '', 'b', 'c']],
    ['breaks where the width fits exactly', 'abc def', 3, ['abc', 'def']],
    ['counts wide characters twice', '東京都庁', 5, ['東京', '都庁']],
    ['makes one line of nothing', '', 5, ['']],
    ['shows control characters as what they are', 'a\u001b[2Jb\u0007\tc', 20, ['a\\x1b[2Jb\\x07  c']],
    ['keeps indents', '  {\n    "a b": 1', 7, ['  {', '    "a', '    b":', '    1']],
    ['counts what is one character once', 'Zu\u0308rich 👍🏽 ok', 9, ['Z\u00fcrich 👍🏽', 'ok']],
    ['keeps a character that is wider than the line', '東京', 1, ['東', '京']],
  ])('%s', (_, text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  it.each([
    ['dataset   here · seed 5 · more', 40, ['dataset   here · seed 5 · more']],
    ['dataset   here · seed 5 · more', 24, ['dataset   here · seed 5', '          more']],
    ['dataset   a/very/long/path · more', 12, ['dataset   a/very/long/path', '          more']],
    ['stopped   0 of 20 rows · 9 calls', 22, ['stopped   0 of 20 rows', '          9 calls']],
    [
      'error     Cannot find it: try · more',
      20,
      ['error     Cannot', '          find it:', '          try · more'],
    ],
    ['error     /a/very/long/path here', 20, ['error     /a/very/long/path', '          here']],
    ['Cannot\n  on PATH: no', 10, ['Cannot', '  on PATH:', '          no']],
  ])('breaks %j at %d between its parts, else between its words', (text, width, lines) => {
    expect(fold(text, width)).toEqual(lines);
  });

  it('wraps a very long line fast', () => {
    expect(wrap('word '.repeat(40_000), 80)).toHaveLength(2_500);
  });

  it('clips text to one line', () => {
    expect(clip('a\n  b', 10)).toBe('a b');
    expect(clip('one two three', 8)).toBe('one two…');
    expect(clip('exactly', 7)).toBe('exactly');
  });

  it('lines columns up, wide characters too', () => {
    const rows = [
      ['東京', '7'],
      ['Ulm', '1,200'],
    ];
    expect(formatTable(['city', 'rows'], rows, ['rows'])).toEqual([
      'city   rows',
      '東京      7',
      'Ulm   1,200',
    ]);
  });

  it.each([
    [40, '0.0 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [59_700, '1 min 0 s'],
    [187_000, '3 min 7 s'],
    [7_800_000, '2 h 10 min'],
  ])('says %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('says when in the time of the reader', () => {
    expect(formatTime(new Date(2026, 0, 2, 3, 4).getTime())).toBe('2026-01-02 03:04');
  });
});
