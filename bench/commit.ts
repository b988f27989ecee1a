// What the commit of a row group of 1,000 rows × 10 columns costs: its time, the memory it takes beyond what the cells
// take, and how long it keeps the event loop from other work. Prints a JSON line for each of three groups; exit 1 when
// one is over its bounds.
//
//   npx tsx bench/commit.ts [rows] [characters a text]

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RowRange } from '../src/graph/types.ts';
import type { ColumnType } from '../src/plan.ts';
import { makeCellFolder } from '../src/store/cell-files.ts';
import { commitRowGroup } from '../src/store/commit.ts';
import type { DatasetStore } from '../src/store/dataset-store.ts';
import { Edition } from '../src/store/editions.ts';
import { gatherRecords } from '../src/store/gather.ts';
import { createPart } from '../src/store/parts.ts';
import { type CellRecord, identityOf, RECORD_VERSION } from '../src/store/records.ts';
import { openStore } from '../src/store/store.ts';
import { formatJson, type Value } from '../src/values.ts';
import { planWith, textColumn } from '../test/support/plans.ts';

const rowCount = Number(process.argv[2] ?? 1_000);
const textLength = Number(process.argv[3] ?? 1_500);
const SLICE_ROWS = 32;
/** The first one also starts the worker thread. */
const GROUPS = 3;
/** Far below what delays a beat or an answer, and what a window of groups may take. */
const BOUNDS = { longestStallMs: 100, rssGrowthMb: 256 };

const JUDGE: ColumnType = {
  kind: 'struct',
  fields: ['clarity', 'depth'].map((name) => ({
    name,
    type: {
      kind: 'struct',
      fields: [
        { name: 'score', type: { kind: 'int' } },
        { name: 'reasoning', type: { kind: 'text' } },
      ],
    },
  })),
};

const columns = Array.from({ length: 10 }, (_, index) =>
  textColumn(`column_${index}`, {
    drop: index === 9,
    type: index % 3 === 2 ? JUDGE : { kind: 'text' },
  }),
);
const plan = planWith(columns, { models: {}, seed: 'bench', rowGroupSize: rowCount });

function cellValue(type: ColumnType, row: number): Value {
  const text = `Sentence ${row} about something. `.repeat(Math.ceil(textLength / 30)).slice(0, textLength);
  if (type.kind === 'text') return text;
  const score = { score: BigInt(row % 5), reasoning: text.slice(0, textLength / 4) };
  return { clarity: score, depth: score };
}

const directory = await mkdtemp(join(tmpdir(), 'rowloom-bench-'));
try {
  const store = await openStore(directory, { access: 'build' });
  const dataset = await store.createDataset('bench', {
    seed: 'bench',
    rowGroupSize: rowCount,
  });
  const edition = new Edition(dataset, { epoch: 1, planDigest: 'bench', digestOf: () => 'bench' });
  await edition.start(GROUPS);
  for (let rowGroup = 0; rowGroup < GROUPS; rowGroup += 1) {
    const writeMs = await writeGroup(dataset, rowGroup);
    const measured = await commitGroup(dataset, edition, rowGroup);
    console.log(JSON.stringify({ rowGroup, writeMs, ...measured }));
    const { longestStallMs, rssGrowthMb } = measured;
    if (longestStallMs > BOUNDS.longestStallMs || rssGrowthMb > BOUNDS.rssGrowthMb) process.exitCode = 1;
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

function rowsOf(rowGroup: number): RowRange {
  return { first: rowGroup * rowCount, last: (rowGroup + 1) * rowCount - 1 };
}

async function writeGroup(dataset: DatasetStore, rowGroup: number): Promise<number> {
  const started = performance.now();
  const rows = rowsOf(rowGroup);
  for (const { name: column, type } of columns) {
    await makeCellFolder(dataset, { column, rowGroup });
    for (let first = rows.first; first <= rows.last; first += SLICE_ROWS) {
      const last = Math.min(first + SLICE_ROWS - 1, rows.last);
      const part = createPart(dataset, { column, rows: { first, last }, rowGroup, epoch: 1 });
      const records = Array.from({ length: last - first + 1 }, (_, offset) =>
        cellRecord(cellValue(type, first + offset), { row: first + offset, callId: part.nextCallId() }),
      );
      await Promise.all(records.map((record) => part.append(record)));
      await part.close();
    }
  }
  return rounded(performance.now() - started);
}

function cellRecord(value: Value, { row, callId }: { row: number; callId: string }): CellRecord {
  return {
    v: RECORD_VERSION,
    row,
    in: 'b'.repeat(32),
    read: 1,
    status: 'ok',
    turns: [{ by: 'model', text: typeof value === 'string' ? value : formatJson(value) }],
    value,
    finish: 'stop',
    calls: [{ id: callId, promptTokens: 100, completionTokens: 300, status: 200, ms: 900 }],
    error: null,
    host: 'localhost',
    at: 1,
  };
}

async function commitGroup(dataset: DatasetStore, edition: Edition, rowGroup: number) {
  const rows = rowsOf(rowGroup);
  const gatherStarted = performance.now();
  const records = await gatherRecords(dataset, {
    columns: columns.map(({ name }) => name),
    rowGroup,
    rows,
    chosenBy: undefined,
  });
  const gatherMs = rounded(performance.now() - gatherStarted);
  const chosen = new Map<string, Map<number, string>>();
  const values = new Map<string, readonly Value[]>();
  for (const [column, found] of records) {
    chosen.set(column, new Map(found.map((record) => [record.row, identityOf(record)])));
    values.set(
      column,
      found.map(({ value }) => value),
    );
  }
  const completeRows = Array.from({ length: rowCount }, (_, offset) => rows.first + offset);

  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  const group = await commitRowGroup(dataset, edition, {
    plan,
    planDigest: 'bench',
    rowGroup,
    rows,
    isComplete: true,
    digest: 'bench',
    definitions: {},
    readContent: async () => ({
      completeRows,
      drops: [],
      chosen,
      valuesOf: (column) => values.get(column) ?? [],
    }),
  });
  const commitMs = rounded(performance.now() - started);
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  clearInterval(sampling);
  return {
    gatherMs,
    commitMs,
    commitCpuMs: rounded((user + system) / 1_000),
    longestStallMs: rounded(delay.max / 1e6),
    p99StallMs: rounded(delay.percentile(99) / 1e6),
    rssBeforeMb: rounded(before / 2 ** 20),
    rssGrowthMb: rounded((peak - before) / 2 ** 20),
    parquetBytes: group.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

function rounded(number: number): number {
  return Math.round(number * 10) / 10;
}
