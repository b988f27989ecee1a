import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_COST, NO_MODEL } from '../../../src/store/call-usage.ts';
import { makeCellFolder } from '../../../src/store/cell-files.ts';
import { commitRowGroup } from '../../../src/store/commit.ts';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { formatDocument } from '../../../src/store/documents.ts';
import { Edition } from '../../../src/store/editions.ts';
import { gatherRecords } from '../../../src/store/gather.ts';
import { findFailures, findRows, findVersion, type RowLook, summarize } from '../../../src/store/look.ts';
import { editionFolder } from '../../../src/store/names.ts';
import { describeEdition } from '../../../src/store/outputs.ts';
import { createPart } from '../../../src/store/parts.ts';
import { type CellRecord, identityOf } from '../../../src/store/records.ts';
import { openStore } from '../../../src/store/store.ts';
import type { Value } from '../../../src/values.ts';
import { readRows } from '../../support/read-output.ts';
import {
  call,
  cellRecord,
  collect,
  diskError,
  faultyFileSystem,
  startOf,
  testDataset,
  textPlan,
} from './support.ts';

const PLAN = textPlan(['topic', 'body', 'note!']);
const FAILED_ROW = 3;
const OPEN_FAILED_ROW = 12;

function editionOf(dataset: DatasetStore): Edition {
  return new Edition(dataset, { epoch: 1, planDigest: 'plan', digestOf: () => 'digest' });
}

/** Group 0 is committed without row 3; of group 1 there are some cells. */
async function datasetInTheMiddle(plan = PLAN): Promise<DatasetStore> {
  const dataset = await testDataset();
  const { id } = await dataset.read();
  await dataset.takeEpoch(0, startOf({ datasetId: id, rows: 20 }));
  await dataset.writePlan('plan', plan);
  const edition = editionOf(dataset);
  await edition.start(2);
  for (const { name: column } of plan.columns) {
    for (const rowGroup of [0, 1]) {
      const rows = { first: rowGroup * 10, last: rowGroup === 0 ? 9 : 13 };
      await makeCellFolder(dataset, { column, rowGroup });
      const part = createPart(dataset, { column, rows, rowGroup, epoch: 1 });
      for (let row = rows.first; row <= rows.last; row += 1) {
        const calls = [call(part.nextCallId())];
        const isFailed = column === 'body' && [FAILED_ROW, OPEN_FAILED_ROW].includes(row);
        const error = { kind: 'RefusedCall', message: 'Refused' } as const;
        await part.append(
          isFailed
            ? cellRecord({
                row,
                calls,
                status: 'failed',
                turns: [{ by: 'model', text: 'no' }],
                value: null,
                error,
              })
            : cellRecord({ row, calls, value: `${column} ${row}` }),
        );
      }
      await part.close();
    }
  }
  await commitRowGroup(dataset, edition, {
    plan,
    planDigest: 'plan',
    digest: 'digest',
    definitions: {},
    rowGroup: 0,
    rows: { first: 0, last: 9 },
    isComplete: true,
    async readContent() {
      const rows = { first: 0, last: 9 };
      const columns = plan.columns.map(({ name }) => name);
      const records = await gatherRecords(dataset, { columns, rowGroup: 0, rows, chosenBy: undefined });
      const completeRows = [0, 1, 2, 4, 5, 6, 7, 8, 9];
      const chosen = new Map<string, Map<number, CellRecord>>();
      for (const [column, found] of records) {
        const accepted = found.filter(({ status }) => status === 'ok');
        chosen.set(column, new Map(accepted.map((record) => [record.row, record])));
      }
      return {
        completeRows,
        chosen: new Map(
          [...chosen].map(([column, cells]) => [
            column,
            new Map([...cells].map(([row, cell]) => [row, identityOf(cell)])),
          ]),
        ),
        drops: [{ row: FAILED_ROW, column: 'body', kind: 'RefusedCall', message: 'Refused' }],
        valuesOf: (column) => completeRows.map((row) => chosen.get(column)?.get(row)?.value as Value),
      };
    },
  });
  return dataset;
}

async function findRow(dataset: DatasetStore, row: number): Promise<RowLook | undefined> {
  return (await collect(findRows(dataset, [{ first: row, last: row }], await findVersion(dataset))))[0];
}

/** The same dataset on a disk that takes no write at all. */
async function looked(dataset: DatasetStore): Promise<DatasetStore> {
  const fileSystem = faultyFileSystem(() => diskError('EROFS'));
  const store = await openStore(dirname(dataset.directory), { access: 'look', fileSystem });
  return store.openDataset(dataset.name);
}

describe('looking at a dataset', () => {
  it('sums it up while it is built, without a write', async () => {
    const summary = await summarize(await looked(await datasetInTheMiddle()));
    expect(summary).toMatchObject({
      state: 'building',
      asked: { epoch: 1, rows: 20 },
      published: 1,
      rowCount: 9,
      dropped: 1,
      groups: { asked: 2, complete: 1, partial: 0 },
      cells: { topic: 13, body: 12, note: 13 },
      usage: { body: { [NO_MODEL]: { ...NO_COST, calls: 14, promptTokens: 98, completionTokens: 42 } } },
    });
    expect(summary.sizeBytes).toBeGreaterThan(100);
  });

  it('sums up one that was never built', async () => {
    const summary = await summarize(await testDataset());
    expect(summary).toMatchObject({
      rowCount: 0,
      state: 'new',
      cells: {},
      usage: {},
      groups: { asked: 0, complete: 0 },
    });
  });

  it('shows a row of the output with what made it, dropped columns too', async () => {
    const row = await findRow(await looked(await datasetInTheMiddle()), 5);
    expect(row).toMatchObject({
      row: 5,
      state: 'complete',
      drop: null,
      values: { topic: 'topic 5', body: 'body 5', note: 'note 5' },
      cells: { body: { chosen: true, host: 'localhost', calls: [{ promptTokens: 7 }] } },
    });
    expect(Object.keys(row?.values ?? {})).toEqual(['topic', 'body', 'note']);
  });

  it('shows dropped columns by their cells where the plan keeps them in no file', async () => {
    const dataset = await looked(await datasetInTheMiddle({ ...PLAN, preservesDropped: false }));
    expect(await dataset.files.list('dropped-columns-parquet-files')).toEqual([]);
    expect(await findRow(dataset, 5)).toMatchObject({
      state: 'complete',
      values: { topic: 'topic 5', body: 'body 5', note: 'note 5' },
    });
  });

  it('shows why a row was dropped, and its last answer', async () => {
    expect(await findRow(await datasetInTheMiddle(), FAILED_ROW)).toMatchObject({
      state: 'dropped',
      drop: { column: 'body', kind: 'RefusedCall' },
      values: { topic: 'topic 3' },
      cells: { body: { status: 'failed', turns: [{ by: 'model', text: 'no' }] } },
    });
  });

  it('shows what there is of a row that is not done, and nothing of one that was not asked for', async () => {
    const dataset = await datasetInTheMiddle();
    expect(await findRow(dataset, 11)).toMatchObject({ state: 'open', values: { topic: 'topic 11' } });
    expect(await findRow(dataset, 15)).toMatchObject({ state: 'open', values: {}, cells: {} });
    expect(await findRow(dataset, 20)).toBeUndefined();
  });

  it('finds the failures of committed groups and of open ones', async () => {
    const found = await collect(findFailures(await looked(await datasetInTheMiddle())));
    expect(found.map(({ row, column, kind, answer }) => [row, column, kind, answer])).toEqual([
      [FAILED_ROW, 'body', 'RefusedCall', 'no'],
      [OPEN_FAILED_ROW, 'body', 'RefusedCall', 'no'],
    ]);
  });

  it('finds what an expression failed for in a group that was stopped', async () => {
    const dataset = await datasetInTheMiddle();
    const drop = { row: 11, column: 'shout', kind: 'TemplateRenderError', message: 'Cannot divide' } as const;
    await commitRowGroup(dataset, editionOf(dataset), {
      ...{ plan: PLAN, planDigest: 'plan', rowGroup: 1, rows: { first: 10, last: 19 } },
      ...{ isComplete: false, digest: 'digest', definitions: {} },
      readContent: async () => ({ completeRows: [], chosen: new Map(), drops: [drop], valuesOf: () => [] }),
    });
    const found = await collect(findFailures(await looked(dataset)));
    expect(found.map(({ row, column, message }) => [row, column, message])).toEqual([
      [FAILED_ROW, 'body', 'Refused'],
      [OPEN_FAILED_ROW, 'body', 'Refused'],
      [11, 'shout', 'Cannot divide'],
    ]);
    await dataset.writePlan('edited', PLAN);
    const { id } = await dataset.read();
    await dataset.takeEpoch(1, startOf({ datasetId: id, rows: 20, planDigest: 'edited' }));
    expect((await collect(findFailures(dataset))).map(({ row }) => row)).not.toContain(11);
  });

  it('reads the rows in order', async () => {
    const dataset = await looked(await datasetInTheMiddle());
    const rows = await collect(readRows(dataset));
    expect(rows.map(({ body }) => body)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9].map((row) => `body ${row}`));
  });

  it('tells other tools what there is, in the keys they know', async () => {
    const dataset = await datasetInTheMiddle();
    await dataset.writePlanDocument('plan', { data_designer: { columns: [] } });
    await describeEdition(dataset, { epoch: 1, plan: PLAN, planDigest: 'plan', rows: 20 });
    expect(JSON.parse(await readFile(dataset.path('metadata.json'), 'utf8'))).toEqual({
      dataset_name: 'tickets',
      config_hash: 'plan',
      config_hash_algo: 'sha256',
      config_hash_version: 3,
      buffer_size: 10,
      target_num_records: 20,
      actual_num_records: 9,
      num_completed_batches: 1,
      total_num_batches: 2,
      preserve_dropped_columns: true,
      file_paths: { 'parquet-files': ['parquet-files/batch_00000.parquet'] },
    });
    expect(JSON.parse(await readFile(dataset.path('builder_config.json'), 'utf8'))).toEqual({
      data_designer: { columns: [] },
    });
  });

  it('tells them of any number of files that processors after generation made', async () => {
    const dataset = await datasetInTheMiddle();
    await dataset.writePlanDocument('plan', { data_designer: { columns: [] } });
    const files = Array.from({ length: 200_000 }, (_, n) => ({
      name: `parquet-files/${n}`,
      sizeBytes: 1,
      sha256: '',
    }));
    const finished = formatDocument({ v: 1, key: '', rows: 200_000, files });
    await dataset.files.create(`${editionFolder(1)}/finished.json`, finished);
    await describeEdition(dataset, { epoch: 1, plan: PLAN, planDigest: 'plan', rows: 20 });
    const { file_paths } = JSON.parse(await readFile(dataset.path('metadata.json'), 'utf8'));
    expect(file_paths['parquet-files']).toHaveLength(200_001);
  });
});
