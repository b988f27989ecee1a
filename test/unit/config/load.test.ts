import { describe, expect, it } from 'vitest';
import { PlainScalar, plainText, valueOfTree } from '../../../src/columns/fields.ts';
import { type LoadedDocument, loadDocument } from '../../../src/config/load.ts';

function load(text: string, file = 'config.yaml'): LoadedDocument {
  const { document, violations } = loadDocument(new TextEncoder().encode(text), file);
  expect(violations).toEqual([]);
  return document!;
}

describe('a loaded document', () => {
  it('keeps the source of plain scalars, and what they are taken for', () => {
    const { tree } = load('a: [no, 007, 1.10, 12.0, 9007199254740993, true, ~, "7", 1e3]');
    const { a } = tree as { a: unknown[] };
    expect(a.map(plainText)).toEqual([
      'no',
      '007',
      '1.10',
      '12.0',
      '9007199254740993',
      'true',
      null,
      '7',
      '1e3',
    ]);
    expect(valueOfTree(a)).toEqual(['no', 7n, 1.1, 12, 9007199254740993n, true, null, '7', 1000]);
  });

  it('reads JSON as it is', () => {
    const { tree } = load(
      '{ "a": 12.0, "b": 9007199254740993, "c": "\\ud83d\\ude00\\/", "d": null }',
      'config.json',
    );
    expect(valueOfTree(tree)).toEqual({ a: 12, b: 9007199254740993n, c: '😀/', d: null });
  });

  it('follows aliases and merges maps, the map itself winning, then the earlier one', () => {
    const { tree } = load(`
a: &a { x: 1, y: 1 }
b: &b { y: 2, z: 2 }
c: { <<: [*a, *b], x: 3 }
d: *a
`);
    const value = valueOfTree(tree) as Record<string, unknown>;
    expect(value.c).toEqual({ x: 3n, y: 1n, z: 2n });
    expect(value.d).toEqual({ x: 1n, y: 1n });
  });

  it('takes keys as text', () => {
    expect(valueOfTree(load('{ 1: a, yes: b, 007: c }').tree)).toEqual({ '1': 'a', yes: 'b', '007': 'c' });
  });

  it('does not take quoted text for plain', () => {
    const { tree } = load('a: "no"');
    expect((tree as { a: unknown }).a).not.toBeInstanceOf(PlainScalar);
  });

  it('reads a document with a byte order mark', () => {
    expect(valueOfTree(load('\ufeffa: 1').tree)).toEqual({ a: 1n });
  });

  it('knows where keys and values stand', () => {
    const document = load('a:\n  - b: x\n    c: y\n');
    expect(document.keyPosition(['a', 0, 'c'])).toEqual({ line: 3, column: 5 });
    expect(document.valuePosition(['a', 0, 'c'])).toEqual({ line: 3, column: 8 });
    expect(document.keyPosition(['a', 0])).toEqual({ line: 2, column: 5 });
    expect(document.keyPosition(['a', 0, 'gone', 'deeper'])).toEqual({ line: 2, column: 5 });
  });

  it('knows where a place in a text stands', () => {
    const document = load(
      [
        'plain: one two',
        'quoted: "one two"',
        'literal: |2',
        '    one',
        '  two',
        'folded: >',
        '  one',
        '  two',
      ].join('\n'),
    );
    expect(document.positionInText(['plain'], 4)).toEqual({ line: 1, column: 12 });
    expect(document.positionInText(['quoted'], 4)).toEqual({ line: 2, column: 14 });
    expect(document.positionInText(['literal'], 3)).toEqual({ line: 4, column: 6 });
    expect(document.positionInText(['literal'], 7)).toEqual({ line: 5, column: 4 });
    // Folding moves text about: where it starts is all that can be told.
    expect(document.positionInText(['folded'], 4)).toEqual({ line: 6, column: 9 });
  });
});
