// The dataset `tickets` after three builds, each for another prompt of "body": 4 rows in 2 groups, row 3 is dropped. The
// second build still had a column "tone", and a conversation about row 0 was left open.

import type { Plan } from '../../../src/plan.ts';
import { makeCellFolder } from '../../../src/store/cell-files.ts';
import { commitRowGroup } from '../../../src/store/commit.ts';
import { DATASET_FOLDERS, DatasetStore, type EpochRecord } from '../../../src/store/dataset-store.ts';
import { formatDocument } from '../../../src/store/documents.ts';
import { Edition } from '../../../src/store/editions.ts';
import type { StoreFiles } from '../../../src/store/files/port.ts';
import { gatherRecords, storedColumns } from '../../../src/store/gather.ts';
import { describeEdition } from '../../../src/store/outputs.ts';
import { createPart } from '../../../src/store/parts.ts';
import { identityOf } from '../../../src/store/records.ts';
import { withForm } from '../../support/plans.ts';
import { call, cellRecord, startOf, textPlan } from './support.ts';

export const DROPPED_ROW = 3;
const NO_ANSWER = { kind: 'UnusableAnswer', message: 'The answer is no JSON' } as const;

/** What a build asks for: the prompt of "body", which is the digest of its cells, too. */
export interface TicketsWish {
  readonly prompt: string;
  readonly columns: readonly string[];
}

export const WISHES: readonly TicketsWish[] = [
  { prompt: 'one', columns: ['body'] },
  { prompt: 'two', columns: ['body', 'tone'] },
  { prompt: 'three', columns: ['body'] },
];

/** A dataset in files of a test; in a store's folder it is made by `testDataset`. */
export async function ticketsIn(files: StoreFiles): Promise<DatasetStore> {
  for (const folder of DATASET_FOLDERS) await files.makeFolder(folder);
  const record = { v: 2, id: 'tickets-id', storeId: 'store', name: 'tickets', seed: 's', rowGroupSize: 2 };
  await files.create('dataset.json', formatDocument({ ...record, createdAt: 1 }));
  return new DatasetStore({ name: 'tickets', files });
}

export async function buildAll(dataset: DatasetStore): Promise<void> {
  for (const wish of WISHES) await buildTickets(dataset, wish);
}

/** Builds a wish as a start does: takes over what there is, makes the other groups, finds cells that are there. */
export async function buildTickets(
  dataset: DatasetStore,
  wish: TicketsWish,
  change: Partial<EpochRecord> = {},
): Promise<void> {
  const plan = planOf(wish);
  const planDigest = `plan-${wish.prompt}`;
  await dataset.writePlan(planDigest, plan);
  await dataset.writePlanDocument(planDigest, {});
  const { id } = await dataset.read();
  const newest = await dataset.newestEpoch();
  const at = Date.UTC(2026, 10, 4, 9, newest);
  const asked = startOf({ datasetId: id, rows: 4, planDigest, at, ...change });
  const start = await dataset.takeEpoch(newest, asked);
  const { epoch } = start!;
  const edition = new Edition(dataset, { epoch, planDigest, digestOf: () => planDigest });
  const { open } = await edition.start(2);
  for (const rowGroup of open) await makeGroup(dataset, edition, { wish, plan, planDigest, rowGroup });
  await describeEdition(dataset, { epoch, plan, planDigest, rows: 4 });
  await edition.publish({ isFinished: true });
  await dataset.endBuild(epoch, { isComplete: true, reason: null, at });
  await dataset.leaveEpoch(epoch);
}

function planOf({ prompt, columns }: TicketsWish): Plan {
  const plan = textPlan(columns);
  const sampled = { temperature: null, topP: null, maxTokens: null };
  const writer = { model: 'made-up', providerType: 'openai', ...sampled, extraBody: {} } as const;
  return {
    ...plan,
    rowGroupSize: 2,
    models: { writer },
    columns: plan.columns.map((column) => withForm(column, { prompt })),
  };
}

async function makeGroup(
  dataset: DatasetStore,
  edition: Edition,
  of: {
    readonly wish: TicketsWish;
    readonly plan: Plan;
    readonly planDigest: string;
    readonly rowGroup: number;
  },
): Promise<void> {
  const { wish, plan, planDigest, rowGroup } = of;
  const rows = { first: rowGroup * 2, last: rowGroup * 2 + 1 };
  const { epoch } = edition;
  for (const column of wish.columns) {
    await makeCellFolder(dataset, { column, rowGroup });
    const there = await cellsOf(dataset, column, rowGroup);
    const part = createPart(dataset, { column, rowGroup, rows, epoch });
    const age = { in: wish.prompt, at: epoch * 1_000 };
    for (let row = rows.first; row <= rows.last; row += 1) {
      if (there.some((cell) => cell.row === row && cell.in === wish.prompt && cell.status === 'ok')) continue;
      const calls = () => [call(part.nextCallId())];
      if (row === DROPPED_ROW && column === 'body') {
        // Its cell for the first prompt was made.
        if (epoch === 1) await part.append(cellRecord({ ...age, row, calls: calls(), in: 'before' }));
        await part.append(cellRecord({ ...age, row, calls: calls(), status: 'retry', error: NO_ANSWER }));
        await part.append(
          cellRecord({ ...age, at: age.at + 1, row, calls: calls(), status: 'failed', error: NO_ANSWER }),
        );
      } else {
        await part.append(cellRecord({ ...age, row, calls: calls(), value: ticketText(column, wish, row) }));
      }
      if (row === 0 && epoch === 2) {
        await part.append(cellRecord({ ...age, row, calls: calls(), status: 'call', in: 'open' }));
      }
    }
    await part.close();
  }
  const completeRows = [rows.first, rows.last].filter((row) => row !== DROPPED_ROW);
  await commitRowGroup(dataset, edition, {
    ...{ plan, planDigest, digest: planDigest, definitions: {}, rowGroup, rows, isComplete: true },
    async readContent() {
      const chosen = new Map<string, Map<number, string>>();
      for (const column of storedColumns(plan)) {
        const cells = (await cellsOf(dataset, column, rowGroup)).filter(
          (cell) => cell.status === 'ok' && cell.in === wish.prompt,
        );
        chosen.set(column, new Map(cells.map((cell) => [cell.row, identityOf(cell)])));
      }
      return {
        completeRows,
        chosen,
        drops: completeRows.length === 2 ? [] : [{ row: DROPPED_ROW, column: 'body', ...NO_ANSWER }],
        valuesOf: (column) => completeRows.map((row) => ticketText(column, wish, row)),
      };
    },
  });
}

export function ticketText(column: string, { prompt }: TicketsWish, row: number): string {
  return `${column} ${row} of prompt ${prompt}`;
}

export async function cellsOf(dataset: DatasetStore, column: string, rowGroup: number) {
  const rows = { first: rowGroup * 2, last: rowGroup * 2 + 1 };
  const found = await gatherRecords(dataset, { columns: [column], rowGroup, rows, chosenBy: undefined });
  return found.get(column) ?? [];
}
