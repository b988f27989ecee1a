// What processors write of the rows of a build, and what an edit of one costs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EmbeddedServer, ensureServer } from '../../src/server/embedded-server.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { WishPlace } from '../support/wish-place.ts';

let serverFolder: string;
let server: EmbeddedServer;
let mock: MockModelServer;
let place: WishPlace;
let duckdb: Awaited<ReturnType<DuckDBInstance['connect']>>;

beforeAll(async () => {
  serverFolder = mkdtempSync(join(tmpdir(), 'rowloom-processors-'));
  const directory = serverFolder;
  server = await ensureServer({ directory, environment: process.env, say: () => undefined, lingerMs: 300 });
  mock = await startMockModelServer();
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
});

afterAll(async () => {
  duckdb.closeSync();
  await mock.close();
  await server.release();
  rmSync(serverFolder, { recursive: true, force: true });
});

beforeEach(() => {
  mock.reset();
  place = new WishPlace({ mock, address: server.address });
});

afterEach(() => place.dispose());

/** What the document does with its rows. */
function setTemplate(template: object): void {
  Object.assign(place.document, {
    processors: [
      { name: 'to chat', processor_type: 'schema_transform', template },
      { name: 'tidy', processor_type: 'drop_columns', column_names: ['prod*'] },
    ],
  });
}

async function rowsOf(folder: string, columns = '*'): Promise<readonly unknown[][]> {
  const files = place.path('tickets', folder, '*.parquet');
  return (
    await duckdb.runAndReadAll(`select ${columns} from '${files}' order by filename, file_row_number`)
  ).getRowsJson() as unknown[][];
}

it('writes a record a row, edits it without a call, and goes on with more rows', async () => {
  setTemplate({ from: '{{ maker }}', about: ['{{ product }}'], weight: 1 });
  const first = await place.run(['-n', '7']);
  expect(first.code).toBe(0);
  const records = await rowsOf('processors-files/to%20chat', '"from", about, weight');
  const products = await rowsOf('dropped-columns-parquet-files', 'product');
  expect(records).toEqual(products.map(([product]) => ['Norrvik', [product], '1']));
  expect(records).toHaveLength(7);

  setTemplate({ kind: 'made by {{ maker }}' });
  const edited = await place.run(['-n', '7']);
  expect(edited).toMatchObject({ code: 0, calls: {} });
  expect(edited.talk).toContain('processor to chat: template changed');
  expect(edited.talk).toContain('no call to make');
  expect(await rowsOf('processors-files/to%20chat', 'kind')).toEqual(Array(7).fill(['made by Norrvik']));

  const extended = await place.run(['-n', '12']);
  expect(extended.code).toBe(0);
  expect(new Set(Object.values(extended.calls))).toEqual(new Set([5]));
  expect(await rowsOf('processors-files/to%20chat', 'kind')).toHaveLength(12);
});

it('stops with the row that cannot be rendered, keeps what was paid for, and goes on once it is mended', async () => {
  setTemplate({ half: '{{ 1 / (maker | length - 7) }}' });
  const stopped = await place.run(['-n', '5']);
  expect(stopped.code).toBe(1);
  expect(stopped.talk).toMatch(/Cannot go on with row 0: processor "to chat": .*what was made is kept/);
  setTemplate({ half: '{{ 1 / 2 }}' });
  const mended = await place.run(['-n', '5']);
  expect(mended).toMatchObject({ code: 0, calls: {} });
  expect(await rowsOf('processors-files/to%20chat', 'half')).toEqual(Array(5).fill(['0.5']));
});
