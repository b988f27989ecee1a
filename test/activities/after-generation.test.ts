// Processors after generation over whole builds: what people see, what an extension and an edit cost, and who takes it over.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { exportLines, openExport } from '../../src/client/look/export-dataset.ts';
import { reportDataset } from '../../src/client/tell/dataset-report.ts';
import { datasetRows } from '../../src/seeds/dataset-rows.ts';
import { ownIdentity } from '../../src/server/processes.ts';
import { costOf } from '../../src/store/call-usage.ts';
import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { writeFinishedRows } from '../../src/store/finished-rows.ts';
import { summarize } from '../../src/store/look.ts';
import { findPrunable, prune } from '../../src/store/prune.ts';
import { listVersions } from '../../src/store/published.ts';
import { parseParquet } from '../../src/store/read-parquet.ts';
import { Workplace } from '../support/build-harness.ts';
import { buildByActivities } from '../support/built-by-activities.ts';

let workplace: Workplace;
beforeEach(() => {
  workplace = new Workplace();
  onTestFinished(() => workplace.dispose());
  workplace.write({
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid' },
      { name: 'kind', column_type: 'sampler', sampler_type: 'category', params: { values: ['a', 'b'] } },
      { name: 'note', column_type: 'llm-text', model_alias: 'writer', prompt: 'About {{ kind }} {{ id }}' },
      { name: 'hidden', column_type: 'expression', expr: '{{ id }}', drop: true },
    ],
    model_configs: [{ alias: 'writer', model: 'made-up', provider: 'local', skip_health_check: true }],
    rowloom: {
      row_group_size: 4,
      providers: [{ name: 'local', provider_type: 'simulated' }],
      processors: [
        {
          ...{ name: 'rank', stage: 'after_generation', processor_function: './own.ts#rank' },
          side_effect_columns: [{ name: 'place', output_format: { type: 'integer' } }],
        },
      ],
    },
  });
});

/** Keeps the notes about a, last one first, and numbers them. */
function writeFunction(mark = ''): void {
  const code = `
    export async function* rank(rows: AsyncIterable<{ kind: string; note: string }>) {
      const kept: { kind: string; note: string }[] = [];
      for await (const row of rows) if (row.kind === 'a') kept.push(row);
      ${mark === 'fails' ? "throw new Error('too few');" : ''}
      for (const [place, row] of kept.reverse().entries()) yield { ...row, note: '${mark}' + row.note, place };
    }`;
  writeFileSync(join(workplace.directory, 'own.ts'), code);
}

const build = (rows: number) => buildByActivities(workplace.directory, rows);

async function lines({ name }: DatasetStore) {
  const place = { ...{ target: name, cwd: workplace.directory }, version: null };
  const source = await openExport(place as never);
  const rows: { [column: string]: unknown }[] = [];
  for await (const line of exportLines(source, 'jsonl')) rows.push(JSON.parse(line));
  return rows;
}

const filesIn = (dataset: DatasetStore, folder: string) => dataset.files.list(`current/${folder}`);
const metadataOf = (dataset: DatasetStore) => JSON.parse(readFileSync(dataset.path('metadata.json'), 'utf8'));

async function calls(dataset: DatasetStore): Promise<number> {
  return costOf((await summarize(dataset)).usage.note!).calls;
}

it('make the output of all rows, under the names that Data Designer gives it, and leave the groups as they were', async () => {
  writeFunction();
  const dataset = await build(22);
  const rows = await lines(dataset);
  expect(rows.map(({ place }) => place)).toEqual(rows.map((_, place) => place));
  expect(rows.every(({ kind }) => kind === 'a')).toBe(true);
  expect(Object.keys(rows[0]!)).toEqual(['id', 'kind', 'note', 'place']);
  const expected = Array.from({ length: Math.ceil(rows.length / 4) }, (_, n) => `batch_0000${n}.parquet`);
  expect((await filesIn(dataset, 'parquet-files')).sort()).toEqual(expected);
  expect(await filesIn(dataset, 'generated-parquet-files')).toHaveLength(6);
  expect(metadataOf(dataset)).toMatchObject({
    actual_num_records: 22,
    post_generation_state: 'complete',
    post_generation_processed: true,
    file_paths: { 'parquet-files': expected.map((name) => `parquet-files/${name}`) },
  });
  const first = readFileSync(dataset.path('parquet-files/batch_00000.parquet'));
  expect(await parseParquet(first, 'first')).toHaveLength(4);

  const seeds: unknown[] = [];
  const source = { seed_type: 'dataset' as const, name: 'tickets', columns: ['place'], filter: null };
  const directory = join(dataset.directory, '..');
  for await (const row of datasetRows({ source, directory, warn: () => undefined })) seeds.push(row?.place);
  expect(seeds).toEqual(rows.map(({ place }) => BigInt(place as number)));
});

it('cost no call when the dataset is extended or they are edited, and go with a prune', async () => {
  writeFunction();
  await build(9);
  const extended = await build(22);
  expect(await calls(extended)).toBe(22);
  const rows = await lines(extended);
  writeFunction('! ');
  const edited = await build(22);
  expect(await calls(edited)).toBe(22);
  expect(await lines(edited)).toEqual(rows.map((row) => ({ ...row, note: `! ${row.note}` })));
  const view = await findPrunable(edited, { keep: 1 });
  await prune(edited, view, ownIdentity() as never);
  expect(await listVersions(edited)).toHaveLength(1);
  expect(await lines(edited)).toHaveLength(rows.length);
});

it('end the build where they fail, while the output that was there stays', async () => {
  writeFunction();
  const rows = await lines(await build(9));
  writeFunction('fails');
  const failed = await build(12);
  expect(await failed.findEnd(2)).toMatchObject({
    isComplete: false,
    reason: expect.stringMatching(/processor "rank": The function threw Error: too few \(own\.ts:5/),
  });
  expect(await lines(failed)).toEqual(rows);
  writeFunction();
  const mended = await build(12);
  expect(await calls(mended)).toBe(12);
  expect((await lines(mended)).length).toBeGreaterThan(rows.length - 1);
});

it('say where the rows are as long as they have not run', async () => {
  writeFunction('fails');
  const dataset = await build(9);
  const place = { target: dataset.name, cwd: workplace.directory };
  await expect(reportDataset(place)).rejects.toThrow(/^Cannot report on "tickets": processor "rank"/);
  await expect(lines(dataset)).rejects.toThrow(
    /Cannot export "tickets": processor "rank" makes its rows at the end.*generated-parquet-files/,
  );
  expect(metadataOf(dataset)).toMatchObject({
    post_generation_state: 'started',
    post_generation_processed: false,
  });
});

it('are those of one attempt where two are at it, as after a worker was lost', async () => {
  writeFunction('fails');
  const dataset = await build(9);
  const epoch = 1;
  const plan = await dataset.readPlan((await dataset.readEpoch(epoch)).planDigest);
  const attempt = { epoch, plan, key: 'same', check: () => Promise.resolve() };
  const rowOf = (note: string) => ({ id: note, kind: 'a', note, place: 1n });
  async function* slow() {
    yield Array.from({ length: 4 }, () => rowOf('slow'));
    await writeFinishedRows(dataset, { ...attempt, rows: fast() });
    yield Array.from({ length: 5 }, () => rowOf('slow'));
  }
  async function* fast() {
    yield Array.from({ length: 9 }, () => rowOf('fast'));
  }
  await writeFinishedRows(dataset, { ...attempt, rows: slow() });
  expect((await lines(dataset)).map(({ note }) => note)).toEqual(Array(9).fill('fast'));
});
