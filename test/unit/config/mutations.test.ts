import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../../../src/errors.ts';
import { prepareFiles } from './prepared.ts';

const root = new URL('../../../', import.meta.url);
const example = parse(readFileSync(new URL('examples/tickets.yaml', root), 'utf8')) as object;
const products = readFileSync(new URL('examples/products.csv', root), 'utf8');

/** All places in a tree. */
function pathsOf(tree: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof tree !== 'object' || tree === null) return [[...path]];
  const below = Object.entries(tree).flatMap(([key, item]) =>
    pathsOf(item, [...path, Array.isArray(tree) ? Number(key) : key]),
  );
  return [[...path], ...below];
}

function replaced(tree: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy = (Array.isArray(tree) ? [...tree] : { ...(tree as object) }) as Record<
    string | number,
    unknown
  >;
  copy[key] = replaced(copy[key], rest, value);
  return copy;
}

const nonsense = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    0.5,
    1e300,
    '',
    'x',
    '{{',
    '{{ nothing }}',
    '{{ body }}',
    'toString',
    '__proto__',
    [],
    {},
  ),
  fc.constantFrom(
    ['a'],
    [null],
    { a: 1 },
    [[]],
    { constructor: 1 },
    'tier',
    'uuid',
    'llm-text',
    'constructor',
  ),
);

describe('a document changed at random', () => {
  it('is either prepared or refused with messages that all have a place', async () => {
    const change = fc.record({ path: fc.constantFrom(...pathsOf(example)), value: nonsense });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const tree = changes.reduce<unknown>((before, { path, value }) => {
          try {
            return replaced(before, path, value);
          } catch {
            return before; // An earlier change took the place away.
          }
        }, example);
        const files = { 'config.yaml': stringify(tree), 'examples/products.csv': products };
        try {
          await prepareFiles(files);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.violations.some(({ level }) => level === 'error')).toBe(true);
          for (const { message, line, column } of error.violations) {
            expect(message).not.toMatch(/undefined|\[object|NaN/);
            if (line !== null) expect(column).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
