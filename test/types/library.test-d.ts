// What a program can write with the public API alone. Checked by tsc alone.

import {
  type BuildSnapshot,
  type Calls,
  type ColumnSpec,
  type CommittedRowGroup,
  connect,
  type DatasetPlace,
  type DatasetStatus,
  type ExportSource,
  exportLines,
  type Failure,
  listFailures,
  openExport,
  type Question,
  type ResolvedServer,
  type RowView,
  type RunDatasetOptions,
  type RunEnd,
  type RunEvents,
  readRow,
  readStatus,
  resolveServer,
  runDataset,
  type Summary,
  startDataset,
  type Wish,
} from '../../src/index.ts';

const place: DatasetPlace = { target: 'tickets', cwd: '.' };

const events: Partial<RunEvents> = {
  onSnapshot: (snapshot: BuildSnapshot, calls: Calls | null) => console.log(snapshot.rows, calls?.inFlight),
  onRowGroup: async ({ dataset, rowGroup, path }: CommittedRowGroup) => console.log(dataset, rowGroup, path),
};

const options: RunDatasetOptions = {
  target: 'tickets.yaml',
  rows: 'all',
  redo: [{ column: 'body', rows: [{ first: 3, last: 5 }] }],
  ask: async ({ cells }: Question) => (cells > 1_000 ? 'no' : 'regenerate'),
  onWish: (wish: Wish) => console.log(wish.counts.columns.body?.missing),
  events,
};

const end: RunEnd = await runDataset(options);
if (end.how === 'ended') {
  const summary: Summary = end.summary;
  for (const { rowGroup, error } of end.callbackFailures) console.log(rowGroup, error);
  console.log(summary.rowCount, summary.usage.body?.promptTokens);
}
await startDataset({ target: 'tickets.yaml', address: 'localhost:7233' });

const source: ExportSource = await openExport(place);
for await (const line of exportLines(source, 'csv')) console.log(line);
const status: DatasetStatus = await readStatus(place);
const row: RowView = await readRow(place, status.rows - 1);
for await (const failure of await listFailures(place)) console.log((failure as Failure).message, row.values);

const server: ResolvedServer = await resolveServer({
  environment: process.env,
  directory: '.rowloom',
  say: console.error,
});
await (await connect(server)).close();

/** A column that several datasets share. */
export const TONE: ColumnSpec<never, never> = {
  column_type: 'sampler',
  sampler_type: 'category',
  params: { values: ['calm', 'angry'] },
};

// @ts-expect-error What to make has to be said.
await runDataset({ rows: 3 });
