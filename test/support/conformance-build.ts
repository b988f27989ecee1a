// Builds a document in this process: the real plan, roots, assembler, makers and HTTP client, without Temporal or a store.

import { setMaxListeners } from 'node:events';
import { CellCalls } from '../../src/activities/calls.ts';
import { declarationOf } from '../../src/columns/kinds.ts';
import type { Cell } from '../../src/columns/maker.ts';
import type { OpenCells } from '../../src/columns/open-columns.ts';
import { columnOrder } from '../../src/config/graph-columns.ts';
import { type PreparedConfig, prepareConfig } from '../../src/config/prepare.ts';
import { openDocument } from '../../src/documents/open-document.ts';
import { CellError } from '../../src/errors.ts';
import { PlainLimiter } from '../../src/models/plain-limiter.ts';
import { createOpenAIClient } from '../../src/models/providers/openai/client.ts';
import { ModelTraits } from '../../src/models/traits.ts';
import { bundleModule } from '../../src/modules/bundle.ts';
import { PERSONA_FILES } from '../../src/personas/persona-file.ts';
import { cellColumns, type Plan, ROW_ID_COLUMN } from '../../src/plan.ts';
import { processBatch } from '../../src/processors/process-batch.ts';
import { openRows } from '../../src/rows/open-rows.ts';
import { type AssembledRow, foundIn, type Source } from '../../src/rows/row.ts';
import { openSeeds } from '../../src/seeds/open-seeds.ts';
import type { ReadSource } from '../../src/seeds/seed-source.ts';
import { MemoryWorld } from '../../src/store/files/memory.ts';
import type { CellRecord } from '../../src/store/records.ts';
import { formatJson, type Value } from '../../src/values.ts';
import { NO_PICTURES } from './no-pictures.ts';
import { NO_FILES } from './one-cell.ts';
import { LOCAL, NO_FUNCTIONS } from './plans.ts';

export interface BuiltDocument {
  /** Those of the output, in its order. */
  readonly columns: ReturnType<typeof cellColumns>;
  /** Of the rows that are whole, as JSON has them. */
  readonly cells: { readonly [column: string]: readonly unknown[] };
  /** Why the other rows are not. */
  readonly failures: readonly string[];
  /** What processors keep in files of their own. */
  readonly processed: { readonly [name: string]: readonly unknown[] };
}

const SETTINGS = { maxConversationRestarts: 0, maxConversationCorrectionSteps: 0 };
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

export interface PreparedDocument {
  readonly prepared: PreparedConfig;
  readonly seedSource: ReadSource | null;
}

/** Prepares a document below `folder`, whose `home` names its providers. Throws `ConfigError`. */
export async function prepareDocument(
  file: string,
  { folder, rows }: { readonly folder: string; readonly rows: number },
): Promise<PreparedDocument> {
  let seedSource: ReadSource | null = null;
  const prepared = await prepareConfig({
    ...{ file, cwd: folder, home: `${folder}/home`, directory: `${folder}/no-datasets` },
    ...{ rows, rowsBefore: null, recorded: null, datasetName: 'conformance' },
    ...{
      environment: { MOCK_KEY: 'none' },
      openDocument,
      bundleModule,
      personas: PERSONA_FILES,
      isSimulated: false,
    },
    async openSeeds(source, places) {
      const opened = await openSeeds(source, places);
      if ('source' in opened) seedSource = opened.source;
      return opened;
    },
  });
  return { prepared, seedSource };
}

export async function buildDocument(
  { prepared: { plan }, seedSource }: PreparedDocument,
  { rows, endpoint }: { readonly rows: number; readonly endpoint: string },
): Promise<BuiltDocument> {
  const files = new MemoryWorld().files({ root: 'conformance' });
  const order = columnOrder(plan);
  const { assembler, roots } = await openRows({ plan, order, functions: NO_FUNCTIONS, files, seedSource });
  const made = await roots.make({ first: 0, last: rows - 1 });
  const cells = new Map<string, CellRecord>();
  const client = createOpenAIClient({ endpoint, apiKey: null, headers: {} });
  try {
    for (;;) {
      const missing = new Map<OpenCells, Cell<unknown>[]>();
      const find: Source['find'] = (open, row, input) => {
        const root = made.get(row.row)!;
        if (open.shape === 'root') {
          if (root.failure !== null) return root.failure.error;
          return foundIn(open, root.cells[open.column.name]!);
        }
        const record = cells.get(`${open.column.name}/${row.row}`);
        if (record !== undefined) return foundIn(open, record);
        const keyed = row.failure === null ? input?.() : undefined;
        if (keyed === undefined || keyed instanceof CellError || open.shape !== 'cells')
          return keyed as CellError;
        const cell = { ...keyed, row: row.row, history: [], older: [] };
        missing.set(open, [...(missing.get(open) ?? []), cell]);
        return undefined;
      };
      const source: Source = { decides: true, find };
      const numbers = Array.from({ length: rows }, (_, row) => row);
      const assembled = await assembler.assemble({ rows: numbers, source, hasAllSides: true });
      if (missing.size === 0) return await finish(plan, assembled);
      for (const [open, list] of missing) await makeCells(open, { list, plan, client, cells });
    }
  } finally {
    await client.close();
  }
}

async function makeCells(
  { column, maker }: OpenCells,
  of: {
    readonly list: readonly Cell<unknown>[];
    readonly plan: Plan;
    readonly client: ReturnType<typeof createOpenAIClient>;
    readonly cells: Map<string, CellRecord>;
  },
): Promise<void> {
  const { plan, client, cells } = of;
  const limiter = new PlainLimiter(8);
  const traits = new ModelTraits({ hasAnswered: () => true });
  let count = 0;
  const calls = new CellCalls({
    ...{ column: column.name, readVersion: declarationOf(column.kind).readVersion, settings: SETTINGS },
    ...{ returned: null, files: NO_FILES, local: LOCAL, pictures: NO_PICTURES },
    module: () => Promise.reject(new Error('No modules')),
    async wayTo(ref) {
      if (!('model' in ref)) return { key: 'one', limiter, traits, host: null, model: null };
      const name = plan.models[ref.model]!.model;
      const model = { client, limiter, name, timeoutMs: 10_000, traits };
      return { key: 'one', limiter, traits, host: client.host, model };
    },
    fly: () => limiter,
    historyOf: () => [],
    append: async (records) => {
      for (const record of records) cells.set(`${column.name}/${record.row}`, record);
    },
    ...{ nextCallId: () => `n:${++count}`, now: Date.now, sleep: async () => undefined },
    ...{ stop: NEVER, cut: NEVER },
  });
  for (let first = 0; first < of.list.length; first += maker.batch) {
    const some = of.list.slice(first, first + maker.batch);
    try {
      await maker.make(some, calls);
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
    }
  }
}

async function finish(plan: Plan, assembled: readonly AssembledRow[]): Promise<BuiltDocument> {
  const whole = assembled.filter(({ failure }) => failure === null);
  const valuesOf = (name: string) => whole.map(({ values }) => values[name] ?? null);
  const batch = { completeRows: whole.map(({ row }) => row), valuesOf };
  const written = await processBatch(batch, { plan, functions: NO_FUNCTIONS, signal: NEVER });
  const columns = cellColumns(plan).filter(({ name, drop }) => !drop && name !== ROW_ID_COLUMN);
  const cells = await Promise.all(
    columns.map(async ({ name }) => [name, (await written.valuesOf(name)).map(asJson)] as const),
  );
  return {
    columns,
    cells: Object.fromEntries(cells),
    failures: assembled.flatMap(({ row, failure }) =>
      failure === null ? [] : [`row ${row}, column "${failure.column}": ${failure.error.message}`],
    ),
    processed: Object.fromEntries(written.processed.map(({ name, rows }) => [name, rows.map(asJson)])),
  };
}

function asJson(value: Value): unknown {
  return JSON.parse(formatJson(value));
}
