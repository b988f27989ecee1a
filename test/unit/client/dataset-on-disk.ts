// The dataset `trips` in `artifacts/`, half built: rows 0 to 3 are committed without row 2, of rows 4 to 7 there are
// some cells. Unless a test says otherwise, another machine builds it.

import { join } from 'node:path';
import type { ChatColumn } from '../../../src/columns/llm/declare-chat.ts';
import { isMade, type PlanColumn } from '../../../src/plan.ts';
import { makeCellFolder } from '../../../src/store/cell-files.ts';
import { commitRowGroup } from '../../../src/store/commit.ts';
import type { DatasetStore, EpochRecord } from '../../../src/store/dataset-store.ts';
import { Edition } from '../../../src/store/editions.ts';
import { gatherRecords, storedColumns } from '../../../src/store/gather.ts';
import { createPart } from '../../../src/store/parts.ts';
import { type CellRecord, identityOf } from '../../../src/store/records.ts';
import { openStore } from '../../../src/store/store.ts';
import { formatJson, type Value } from '../../../src/values.ts';
import { cellInput } from '../../support/chat-columns.ts';
import {
  expressionColumn,
  judgeColumn,
  MODEL,
  planWith,
  samplerColumn,
  seedColumn,
  structuredColumn,
  textColumn,
} from '../../support/plans.ts';
import { answerTurn, call, cellRecord } from '../store/records.ts';
import { startOf, temporaryFolder } from '../store/support.ts';

const COLUMNS: readonly PlanColumn[] = [
  seedColumn('city'),
  samplerColumn('code', 'poisson', { type: { kind: 'int' } }),
  textColumn('story', {
    needs: ['city'],
    prompt: 'Write a story from {{ city or "nowhere" }} of no more words than fit on a postcard',
    systemPrompt: 'You travel',
  }),
  structuredColumn(
    'rating',
    {},
    {
      alias: 'grader',
      type: {
        kind: 'struct',
        fields: [
          { name: 'score', type: { kind: 'float' } },
          { name: 'tags', type: { kind: 'list', item: { kind: 'text' } } },
          { name: 'extra', type: { kind: 'json' } },
        ],
      },
    },
  ),
  judgeColumn('verdict', [], { alias: 'grader', drop: true }),
  expressionColumn('label', '{{ city }}!'),
];

const PLAN = planWith(COLUMNS, {
  models: {
    writer: { ...MODEL, model: 'made-up-writer', temperature: 0.5 },
    grader: { ...MODEL, model: 'made-up-grader' },
  },
  seed: 'trips',
  rowGroupSize: 4,
});

const CITIES = ['Ulm', 'Łódź', '', 'São "Paulo", SP', '東京', 'Oslo'];

function tripValue(column: string, row: number): Value {
  switch (column) {
    case 'city':
      return CITIES[row] ?? '';
    case 'code':
      return 9_007_199_254_740_993n + BigInt(row);
    case 'story':
      return row === 3 ? 'First line\nsecond \u001b[31mline' : `A short trip number ${row}`;
    case 'rating':
      return { score: row, tags: ['warm', 'long'], extra: { '9': null, note: row === 0 ? [] : 'kept' } };
    case 'verdict':
      return { realism: { reasoning: 'It reads well', score: '3' } };
    default:
      return `${CITIES[row]}!`;
  }
}

function answerOf(value: Value): string {
  return typeof value === 'string' ? value : formatJson(value);
}

/** Cells that there are not; those with an error have failed. */
const MISSING: { readonly [cell: string]: CellRecord['error'] } = {
  'rating 2': { kind: 'UnusableAnswer', message: 'The answer is no JSON' },
  'verdict 2': null,
  'verdict 4': null,
  'story 5': { kind: 'TriesExhausted', message: 'The endpoint answered 503' },
  'rating 5': null,
  'verdict 5': null,
};

/** Makes it below a new folder, which it returns. */
export async function tripsOnDisk(
  change: Partial<EpochRecord> = {},
  completeRows: readonly number[] = [0, 1, 3],
): Promise<string> {
  const cwd = await temporaryFolder();
  const store = await openStore(join(cwd, 'artifacts'), { access: 'build' });
  const dataset = await store.createDataset('trips', { seed: 'trips', rowGroupSize: 4 });
  await dataset.writePlan('plan', PLAN);
  await startTrips(dataset, change);
  for (const { name, kind } of COLUMNS) {
    if (kind === 'expression') continue;
    await writeCells(dataset, name, { first: 0, last: 3 });
    await writeCells(dataset, name, { first: 4, last: 5 });
  }
  await commitTrips(dataset, { rowGroup: 0, isComplete: true, completeRows });
  return cwd;
}

/** Begins the next build of the dataset, with all that earlier ones have as its plan wants it. */
export async function startTrips(dataset: DatasetStore, change: Partial<EpochRecord> = {}): Promise<Edition> {
  const { id } = await dataset.read();
  const at = Date.UTC(2026, 10, 4, 9, 1);
  const newest = await dataset.newestEpoch();
  const document = '../trips.yaml';
  const start = startOf({ datasetId: id, host: 'elsewhere', rows: 8, document, at, ...change });
  await dataset.takeEpoch(newest, start);
  const edition = await editionOf(dataset);
  await edition.start(Math.ceil(start.rows / 4));
  return edition;
}

/** The edition of the newest start. */
async function editionOf(dataset: DatasetStore): Promise<Edition> {
  const { epoch, planDigest } = (await dataset.findLatestStart())!;
  return new Edition(dataset, { epoch, planDigest, digestOf: () => planDigest });
}

/** The digest that its cell has; the verdict's is of an input that the plan no longer has. */
function inputOf(name: string, row: number): string {
  const column = COLUMNS.find((found) => found.name === name);
  if (column === undefined || !isMade(column) || name === 'verdict') return `another input of ${name}`;
  return cellInput({
    plan: PLAN,
    column: column as ChatColumn,
    row,
    values: { city: tripValue('city', row) },
  }).digest;
}

async function writeCells(
  dataset: DatasetStore,
  column: string,
  rows: { readonly first: number; readonly last: number },
): Promise<void> {
  const isModel = !['city', 'code'].includes(column);
  const place = { column, rowGroup: Math.floor(rows.first / 4) };
  await makeCellFolder(dataset, place);
  const part = createPart(dataset, { ...place, rows, epoch: 1 });
  const calls = (status?: number) => (isModel ? [call(part.nextCallId(), status)] : []);
  for (let row = rows.first; row <= rows.last; row += 1) {
    const error = MISSING[`${column} ${row}`];
    const host = isModel ? 'models.test' : null;
    const made = { row, host, in: inputOf(column, row) };
    if (error === undefined) {
      const turns = isModel ? [answerTurn(answerOf(tripValue(column, row)))] : [];
      await part.append(cellRecord({ ...made, calls: calls(), turns, value: tripValue(column, row) }));
    } else if (error !== null) {
      const failed = { ...made, value: null, error };
      await part.append(cellRecord({ ...failed, status: 'retry', calls: calls(503), counts: true }));
      const turns = error.kind === 'UnusableAnswer' ? [answerTurn('I would say\n  four of five')] : [];
      await part.append(cellRecord({ ...failed, status: 'failed', calls: calls(503), turns, at: 2_000 }));
    }
  }
  await part.close();
}

/** Commits the rows of a group that are complete; the others are dropped, or left open by a stop. */
export async function commitTrips(
  dataset: DatasetStore,
  of: { readonly rowGroup: number; readonly isComplete: boolean; readonly completeRows: readonly number[] },
): Promise<void> {
  const { rowGroup, isComplete, completeRows } = of;
  const rows = { first: rowGroup * 4, last: rowGroup * 4 + 3 };
  const edition = await editionOf(dataset);
  await commitRowGroup(dataset, edition, {
    plan: PLAN,
    planDigest: 'plan',
    digest: 'plan',
    definitions: {},
    rowGroup,
    rows,
    isComplete,
    async readContent() {
      const columns = storedColumns(PLAN);
      const records = await gatherRecords(dataset, { columns, rowGroup, rows, chosenBy: undefined });
      const chosen = new Map<string, Map<number, string>>();
      for (const [column, found] of records) {
        const accepted = found.filter(({ status }) => status === 'ok');
        chosen.set(column, new Map(accepted.map((record) => [record.row, identityOf(record)])));
      }
      const dropped = [0, 1, 2, 3].filter((row) => !completeRows.includes(row));
      return {
        completeRows,
        chosen,
        drops:
          rowGroup === 0 ? dropped.map((row) => ({ row, column: 'rating', ...MISSING['rating 2']! })) : [],
        valuesOf: (column) => completeRows.map((row) => tripValue(column, row)),
      };
    },
  });
}

/** Opens it to change what a test is about. */
export async function openTrips(cwd: string): Promise<DatasetStore> {
  return (await openStore(join(cwd, 'artifacts'), { access: 'build' })).openDataset('trips');
}
