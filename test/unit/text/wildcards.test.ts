import { describe, expect, it } from 'vitest';
import { pathPatternOf, patternOf } from '../../../src/text/wildcards.ts';

describe('a pattern', () => {
  it.each([
    ['score-*', 'score-1', true],
    ['a.*', 'ab', false],
    ['*/x', 'y/x', true],
    ['?', '😀', true],
    ['[!ab]*', 'cat', true],
    ['[!ab]*', 'bat', false],
    ['[]-]*', ']', true],
    ['[[]*', '[1]', true],
    ['[ab', '[ab', true],
    ['*', 'two\nlines', true],
  ])('%j takes %j: %j', (pattern, name, takes) => {
    expect(patternOf(pattern)(name)).toBe(takes);
  });

  it('of a range without letters takes nothing', () => {
    expect(patternOf('[z-a]*')('b')).toBe(false);
  });
});

describe('a pattern of paths', () => {
  it.each([
    ['data/*.csv', 'data/a.csv', true],
    ['data/*.csv', 'data/b/a.csv', false],
    ['**/*.csv', 'a.csv', true],
    ['**/*.csv', 'data/b/a.csv', true],
    ['a-b/?.csv', 'a-b/1.csv', true],
  ])('%j takes %j: %j', (pattern, path, takes) => {
    expect(pathPatternOf(pattern)(path)).toBe(takes);
  });
});
