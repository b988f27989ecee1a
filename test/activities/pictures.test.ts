// Pictures over several builds of a dataset: who takes them over, what is exported beside the rows, and what a prune leaves.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { exportFile, openExport } from '../../src/client/look/export-dataset.ts';
import { ownIdentity } from '../../src/server/processes.ts';
import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { findPrunable, prune } from '../../src/store/prune.ts';
import { Workplace } from '../support/build-harness.ts';
import { buildByActivities } from '../support/built-by-activities.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';

const ROWS = 6;
let workplace: Workplace;
let mock: MockModelServer;
beforeEach(async () => {
  workplace = new Workplace();
  mock = await startMockModelServer();
  onTestFinished(() => mock.close());
  onTestFinished(() => workplace.dispose());
});

interface Wanted {
  readonly cover?: string;
  readonly caption?: string;
  readonly dropped?: boolean;
  readonly painter?: string;
}

/** Builds covers, each of the number of its row, and captions of what is on them. Returns how many calls each column cost. */
async function build({
  cover = 'Paint',
  caption = 'What?',
  dropped = false,
  painter = 'painter',
}: Wanted = {}) {
  const model = (alias: string, name: string) => ({
    ...{ alias, model: name, provider: 'mock', skip_health_check: true },
  });
  const seeds = Array.from({ length: ROWS }, (_, n) => JSON.stringify({ n }));
  writeFileSync(join(workplace.directory, 'numbers.jsonl'), seeds.join('\n'));
  workplace.write({
    seed_config: { source: { seed_type: 'local', path: 'numbers.jsonl' } },
    model_configs: [model('painter', painter), model('writer', 'mock')],
    columns: [
      {
        ...{ name: 'cover', column_type: 'image', model_alias: 'painter', drop: dropped },
        prompt: `${cover} {{ n }}`,
      },
      {
        ...{ name: 'caption', column_type: 'llm-text', model_alias: 'writer', prompt: `${caption} {{ n }}` },
        multi_modal_context: [{ modality: 'image', column_name: 'cover' }],
      },
    ],
    rowloom: {
      row_group_size: 3,
      providers: [{ name: 'mock', endpoint: mock.endpoint, provider_type: 'openai' }],
    },
  });
  mock.reset();
  const dataset = await buildByActivities(workplace.directory, ROWS);
  const asked = Object.keys(mock.stats().cells).map((cell) => cell.split('/')[0]);
  const count = (column: string) => asked.filter((name) => name === column).length;
  return { dataset, covers: count('cover'), captions: count('caption') };
}

const filesOf = (dataset: DatasetStore) => readdirSync(dataset.path('images/cover')).sort();

async function exported(dataset: DatasetStore, name = 'out/rows.jsonl') {
  const place = { target: dataset.name, cwd: workplace.directory };
  const path = join(workplace.directory, name);
  await exportFile(await openExport(place as never), { path, format: 'jsonl', isOverwriting: true });
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line): { cover?: readonly string[] } => JSON.parse(line));
}

const inExport = (name: string) => readFileSync(join(workplace.directory, 'out', name));

async function pruneAll(dataset: DatasetStore): Promise<void> {
  await prune(dataset, await findPrunable(dataset, { keep: 1 }), ownIdentity() as never);
}

it('are copied beside what is exported, those that its rows name and no others', async () => {
  await build({ cover: 'Draw' });
  const { dataset } = await build();
  const rows = await exported(dataset);
  expect(rows).toHaveLength(ROWS);
  const names = rows.map(({ cover }) => cover![0]!);
  for (const name of names) expect(inExport(name)).toEqual(readFileSync(dataset.path(name)));
  expect(readdirSync(join(workplace.directory, 'out/images/cover')).sort()).toEqual(
    names.map((name) => name.slice('images/cover/'.length)).sort(),
  );
  expect(filesOf(dataset)).toHaveLength(2 * ROWS);
});

it('are not exported where their column is dropped', async () => {
  const { dataset } = await build({ dropped: true });
  expect(Object.keys((await exported(dataset))[0]!)).not.toContain('cover');
  expect(readdirSync(join(workplace.directory, 'out'))).toEqual(['rows.jsonl']);
});

it('are exported whole or not at all: one that is damaged is named, and how it is made again', async () => {
  const { dataset } = await build();
  const [file] = filesOf(dataset);
  const path = dataset.path(`images/cover/${file}`);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  await expect(exported(dataset)).rejects.toThrow(/images\/cover\/.*it is damaged\. Empty that file/);
  writeFileSync(path, '');
  expect(await build()).toMatchObject({ covers: 1, captions: 0 });
  await exported(dataset);
});

it('are taken over by builds that do not change them, and found again after an edit that is undone', async () => {
  const first = await build();
  expect(first).toMatchObject({ covers: ROWS, captions: ROWS });
  const before = await exported(first.dataset);
  expect(await build({ caption: 'Which?' })).toMatchObject({ covers: 0, captions: ROWS });
  expect(await build({ cover: 'Draw' })).toMatchObject({ covers: ROWS, captions: ROWS });
  const undone = await build();
  expect(undone).toMatchObject({ covers: 0, captions: 0 });
  expect((await exported(undone.dataset)).map(({ cover }) => cover)).toEqual(
    before.map(({ cover }) => cover),
  );
});

it('stay with their cells in a prune, and go with them', async () => {
  await build({ cover: 'Draw' });
  const { dataset } = await build();
  const rows = await exported(dataset);
  await pruneAll(dataset);
  expect(filesOf(dataset)).toEqual(rows.map(({ cover }) => cover![0]!.slice('images/cover/'.length)).sort());
  expect(await exported(dataset)).toEqual(rows);
  expect(await build()).toMatchObject({ covers: 0, captions: 0 });
  expect(await build({ cover: 'Draw' })).toMatchObject({ covers: ROWS });
});

it('of a column that is dropped, or no longer there, stay while a kept version has them', async () => {
  const { dataset } = await build({ dropped: true });
  await pruneAll(dataset);
  expect(filesOf(dataset)).toHaveLength(ROWS);
  expect(await build({ dropped: false })).toMatchObject({ covers: 0, captions: 0 });
});

it('that are gone are made again, and what was made from them is not', async () => {
  const { dataset } = await build();
  const rows = await exported(dataset);
  rmSync(dataset.path(rows[4]!.cover![0]!));
  expect(await build()).toMatchObject({ covers: 1, captions: 0 });
  expect((await exported(dataset)).map(({ cover }) => cover)).toEqual(rows.map(({ cover }) => cover));
});

it('that the endpoint names by an address are fetched once, and taken over without a look at the address', async () => {
  expect(await build({ painter: 'painter-by-url' })).toMatchObject({ covers: ROWS, captions: ROWS });
  const again = await build({ painter: 'painter-by-url', caption: 'Which?' });
  expect(again).toMatchObject({ covers: 0, captions: ROWS });
  expect(filesOf(again.dataset)).toHaveLength(ROWS);
});
