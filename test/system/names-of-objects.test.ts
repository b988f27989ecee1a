// A document whose names are those that every JavaScript object has already, from its columns to its models.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedServer, ensureServer } from '../../src/server/embedded-server.ts';
import type { ValueObject } from '../../src/values.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { WishPlace } from '../support/wish-place.ts';

const [SEED, CATEGORY, SUBCATEGORY, EXPRESSION, TEXT, STRUCTURED, JUDGE] = [
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
] as const;
const NAMES = [SEED, CATEGORY, SUBCATEGORY, EXPRESSION, TEXT, STRUCTURED, JUDGE];

/** The same for each name. */
const forEach = <Item>(itemOf: (name: string) => Item) =>
  Object.fromEntries(NAMES.map((name) => [name, itemOf(name)]));

const MODEL = { prompt: 'x {{ constructor }} {{ toString }}', model_alias: '__proto__' };
const DOCUMENT = {
  rowloom: {
    row_group_size: 2,
    providers: ['__proto__', ...NAMES].map((name) => ({ name, provider_type: 'simulated' })),
  },
  model_configs: ['__proto__', ...NAMES].map((name) => ({ alias: name, model: name, provider: name })),
  seed_config: { source: { seed_type: 'local', path: 'names.csv' } },
  columns: [
    { name: CATEGORY, column_type: 'sampler', sampler_type: 'category', params: { values: NAMES } },
    {
      name: SUBCATEGORY,
      column_type: 'sampler',
      sampler_type: 'subcategory',
      params: { category: CATEGORY, values: forEach((name) => [`of ${name}`]) },
    },
    {
      name: EXPRESSION,
      column_type: 'expression',
      expr: '{{ constructor }} {{ propertyIsEnumerable.valueOf }}',
    },
    { name: TEXT, column_type: 'llm-text', ...MODEL, model_alias: 'constructor' },
    {
      name: STRUCTURED,
      column_type: 'llm-structured',
      ...MODEL,
      model_alias: 'toString',
      output_format: { type: 'object', properties: forEach(() => ({ type: 'string' })), required: NAMES },
    },
    {
      name: JUDGE,
      column_type: 'llm-judge',
      ...MODEL,
      scores: NAMES.map((name) => ({ name, description: name, options: forEach(() => 'so') })),
    },
  ],
};

let folder: string;
let server: EmbeddedServer;
let mock: MockModelServer;
let place: WishPlace;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rowloom-names-'));
  const quiet = { environment: process.env, say: () => undefined, lingerMs: 300 };
  server = await ensureServer({ directory: folder, ...quiet });
  mock = await startMockModelServer();
  place = new WishPlace({ mock, address: server.address });
  writeFileSync(join(place.directory, 'names.csv'), `${SEED}\nFerrari\n`);
  writeFileSync(join(place.directory, 'names.json'), JSON.stringify(DOCUMENT));
});

afterAll(async () => {
  place.dispose();
  await mock.close();
  await server.release();
  rmSync(folder, { recursive: true, force: true });
});

async function command(...args: string[]): Promise<string> {
  const { code, talk, output } = await place.command(args);
  expect(code, talk).toBe(0);
  return output.join('\n') + talk;
}

it('makes every row, extends it, makes a column again, and tells of it', async () => {
  const run = ['run', 'names.json', '--address', server.address, '--name', 'constructor', '--yes'];
  expect(await command(...run, '-n', '3')).toContain('done      3 rows · 0 dropped · 9 calls');
  expect(await command(...run, '-n', '5')).toContain('done      5 rows · 6 new calls');
  expect(await command(...run, '--redo', TEXT, '--rows', '1')).toContain('1 call made, 14 kept');

  const exported = (await command('export', 'constructor')).trim().split('\n');
  const rows = exported.map((line) => JSON.parse(line) as ValueObject);
  expect(rows).toHaveLength(5);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(NAMES);
    expect(row).toMatchObject({ [SEED]: 'Ferrari', [SUBCATEGORY]: `of ${row[CATEGORY]}` });
    const { [STRUCTURED]: structured, [JUDGE]: judge, [EXPRESSION]: expression } = row;
    expect(structured).toEqual(forEach(() => expect.any(String)));
    expect(judge).toEqual(forEach(() => ({ reasoning: expect.any(String), score: expect.any(String) })));
    expect(expression).toBe(`Ferrari ${(structured as ValueObject).valueOf}`);
  }

  const status = JSON.parse(await command('status', 'constructor', '--json'));
  expect(status.columns.map(({ name }: { readonly name: string }) => name)).toEqual(
    NAMES.filter((name) => name !== EXPRESSION),
  );
  expect(await command('show', 'constructor', '1')).toContain(`${SEED} `);
});
