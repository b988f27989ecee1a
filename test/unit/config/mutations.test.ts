// Documents and seed files changed at random: nested values replaced, bytes of either file cut out, doubled or replaced.
// `ROWLOOM_RUNS=10000` takes more of them.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../../../src/errors.ts';
import { prepareDocument } from '../../support/conformance-build.ts';

const RUNS = Number(process.env.ROWLOOM_RUNS ?? 150);
/** Of CPU, that a document may take: by the clock a busy machine is slower. */
const LIMIT_MS = 2_000;

const CONFORMANCE = `${import.meta.dirname}/../../../conformance`;
const DOCUMENTS = readdirSync(`${CONFORMANCE}/documents`).sort();
const SEED_FILES = readdirSync(`${CONFORMANCE}/seeds`, { recursive: true, encoding: 'utf8' })
  .filter((name) => statSync(`${CONFORMANCE}/seeds/${name}`).isFile())
  .sort();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rowloom-mutations-'));
  for (const name of ['seeds', 'home'])
    cpSync(`${CONFORMANCE}/${name}`, join(folder, name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Path = readonly (string | number)[];

/** All places in a tree. */
function pathsOf(tree: unknown, path: Path = []): Path[] {
  if (typeof tree !== 'object' || tree === null) return [[...path]];
  const below = Object.entries(tree).flatMap(([key, item]) =>
    pathsOf(item, [...path, Array.isArray(tree) ? Number(key) : key]),
  );
  return [[...path], ...below];
}

function replaced(tree: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof tree !== 'object' || tree === null) return tree; // An earlier change took the place away.
  const copy = (Array.isArray(tree) ? [...tree] : { ...tree }) as Record<string | number, unknown>;
  copy[key] = replaced(copy[key], rest, value);
  return copy;
}

const nonsense = fc.constantFrom<unknown[]>(
  ...[
    null,
    true,
    -1,
    0.5,
    1e300,
    '',
    'x',
    '{{',
    '{{ nothing }}',
    '{{ name }}',
    '{% if',
    'toString',
    '__proto__',
  ],
  ...[[], {}, ['a'], [null], { a: 1 }, [[]], { constructor: 1 }, 'tier', 'uuid', 'llm-text', 'constructor'],
);
/** A place is a share of the length. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const values = fc.array(fc.record({ place, value: nonsense }), { minLength: 1, maxLength: 3 });
const bytes = fc.array(
  fc.record({
    ...{ place, length: fc.integer({ min: 0, max: 12 }), copies: fc.integer({ min: 0, max: 2 }) },
    text: fc.constantFrom(
      '',
      '\0',
      '"',
      '{',
      '\n',
      '\r',
      ',',
      ':',
      '\ufeff',
      '\xff',
      '- ',
      '&a ',
      '*a',
      '1e999',
    ),
  }),
  { minLength: 1, maxLength: 3 },
);
const mutation = fc.record({
  document: fc.constantFrom(...DOCUMENTS),
  change: fc.oneof(
    fc.record({ of: fc.constant('values' as const), values }),
    fc.record({ of: fc.constant('text' as const), bytes }),
    fc.record({ of: fc.constant('seeds' as const), bytes, seed: fc.constantFrom(...SEED_FILES) }),
  ),
});

type Bytes = typeof bytes extends fc.Arbitrary<infer Changes> ? Changes : never;

function mangled(content: Buffer, changes: Bytes): Buffer {
  return changes.reduce<Buffer>((before, { place: share, length, copies, text }) => {
    const at = Math.floor(share * before.length);
    const part = before.subarray(at, at + length);
    const parts = [before.subarray(0, at), ...Array<Buffer>(copies).fill(part), Buffer.from(text, 'latin1')];
    return Buffer.concat([...parts, before.subarray(at + length)]);
  }, content);
}

describe('a document changed at random', () => {
  it('is either prepared or refused with messages that all have a place', async () => {
    await fc.assert(
      fc.asyncProperty(mutation, async ({ document, change }) => {
        const original = readFileSync(`${CONFORMANCE}/documents/${document}`);
        let content: string | Buffer = original;
        if (change.of === 'text') content = mangled(original, change.bytes);
        else if (change.of === 'values') {
          let tree: unknown = parse(original.toString());
          for (const { place: share, value } of change.values) {
            const paths = pathsOf(tree);
            tree = replaced(tree, paths[Math.floor(share * paths.length)]!, value);
          }
          content = stringify(tree);
        } else {
          const seeds = readFileSync(`${CONFORMANCE}/seeds/${change.seed}`);
          writeFileSync(join(folder, 'seeds', change.seed), mangled(seeds, change.bytes));
        }
        writeFileSync(join(folder, document), content);
        const before = process.cpuUsage();
        try {
          await prepareDocument(document, { folder, rows: 4 });
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.violations.some(({ level }) => level === 'error')).toBe(true);
          for (const { message, line, column } of error.violations) {
            expect(message).not.toMatch(/undefined|\[object|NaN/);
            for (const number of [line, column]) if (number !== null) expect(number).toBeGreaterThan(0);
          }
        } finally {
          if (change.of === 'seeds')
            cpSync(`${CONFORMANCE}/seeds/${change.seed}`, join(folder, 'seeds', change.seed));
          rmSync(join(folder, document));
        }
        const { user, system } = process.cpuUsage(before);
        expect((user + system) / 1_000).toBeLessThan(LIMIT_MS);
      }),
      { numRuns: RUNS },
    );
  }, 600_000);
});
