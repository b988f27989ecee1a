// Builds a document in this process: the real plan, roots, assembler, makers and HTTP client, without Temporal or a store.

import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { CellCalls } from '../../src/activities/calls.ts';
import { pictureFiles } from '../../src/activities/picture-files.ts';
import { declarationOf } from '../../src/columns/kinds.ts';
import type { Cell } from '../../src/columns/maker.ts';
import type { OpenCells } from '../../src/columns/open-columns.ts';
import { columnOrder } from '../../src/config/graph-columns.ts';
import { type PreparedConfig, prepareConfig } from '../../src/config/prepare.ts';
import { openDocument } from '../../src/documents/open-document.ts';
import { CellError } from '../../src/errors.ts';
import type { LocalMedia } from '../../src/local-media.ts';
import { Services } from '../../src/models/http/services.ts';
import type { ModelClient } from '../../src/models/model-client.ts';
import { PlainLimiter } from '../../src/models/plain-limiter.ts';
import { createOpenAIClient } from '../../src/models/providers/openai/client.ts';
import { ModelTraits } from '../../src/models/traits.ts';
import { bundleModule } from '../../src/modules/bundle.ts';
import { type Functions, openFunctions } from '../../src/modules/functions.ts';
import type { UserModule } from '../../src/modules/stored-modules.ts';
import { PERSONA_FILES, personaFolder } from '../../src/personas/persona-file.ts';
import { cellColumns, type Plan, ROW_ID_COLUMN, type Settings } from '../../src/plan.ts';
import { processBatch } from '../../src/processors/process-batch.ts';
import { openRows } from '../../src/rows/open-rows.ts';
import { type AssembledRow, foundIn, type Source } from '../../src/rows/row.ts';
import { openSeeds } from '../../src/seeds/open-seeds.ts';
import type { ReadSource } from '../../src/seeds/seed-source.ts';
import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { MemoryWorld } from '../../src/store/files/memory.ts';
import type { StoreFiles } from '../../src/store/files/port.ts';
import type { CellRecord } from '../../src/store/records.ts';
import { formatJson, type Value } from '../../src/values.ts';
import { CONFORMANCE_TOOLS } from './conformance-tools.ts';
import { NO_FILES } from './one-cell.ts';

export interface BuiltDocument {
  /** Those of the output, in its order. */
  readonly columns: ReturnType<typeof cellColumns>;
  /** Those that are made and dropped, sorted. */
  readonly dropped: readonly string[];
  /** Of the rows that are whole, as JSON has them. */
  readonly cells: { readonly [column: string]: readonly unknown[] };
  /** Why the other rows are not. */
  readonly failures: readonly string[];
  /** What processors keep in files of their own. */
  readonly processed: { readonly [name: string]: readonly unknown[] };
}

/** What stands for the model's server in documents. */
const MOCK = 'http://mock.invalid';
const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

export interface PreparedDocument {
  readonly folder: string;
  readonly prepared: PreparedConfig;
  readonly seedSource: ReadSource | null;
}

/** Prepares a document below `folder`, whose `home` names its providers. Throws `ConfigError`. */
export async function prepareDocument(
  file: string,
  { folder, rows, endpoint }: { readonly folder: string; readonly rows: number; readonly endpoint?: string },
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
      const isMock = source.seed_type === 'hf' && source.endpoint === MOCK && endpoint !== undefined;
      const asked = isMock ? { ...source, endpoint: new URL(endpoint).origin } : source;
      const opened = await openSeeds(asked, places);
      if ('source' in opened) seedSource = opened.source;
      return opened;
    },
  });
  return { folder, prepared, seedSource };
}

/** What makers reach beside the plan. */
interface Reach {
  readonly folder: string;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly functions: Functions;
  readonly client: ModelClient;
  readonly services: Pick<Services, 'post'>;
  readonly files: StoreFiles;
  readonly local: LocalMedia;
  readonly moduleOf: (hash: string) => Promise<UserModule>;
}

export async function buildDocument(
  { folder, prepared: { plan, modules, settings: prepared }, seedSource }: PreparedDocument,
  { rows, endpoint }: { readonly rows: number; readonly endpoint: string },
): Promise<BuiltDocument> {
  const files = new MemoryWorld().files({ root: 'conformance' });
  // What cells name by a path is looked for where the documents are.
  files.place = (path = '') => join(folder, path);
  const order = columnOrder(plan);
  const moduleOf = async (hash: string) => modules.find((module) => module.hash === hash)!;
  const functions = openFunctions({ moduleOf });
  const persons = personaFolder({ environment: {}, home: `${folder}/home` });
  const opened = await openRows({ plan, order, functions, files, seedSource, personaFolder: persons });
  const { assembler, roots, local } = opened;
  const made = await roots.make({ first: 0, last: rows - 1 });
  const cells = new Map<string, CellRecord>();
  const client = createOpenAIClient({ endpoint, apiKey: null, headers: {} });
  const services = new Services({});
  const asked: Pick<Services, 'post'> = {
    post: ({ url, ...request }) =>
      services.post({ ...request, url: url.replace(MOCK, new URL(endpoint).origin) }),
  };
  const settings = { ...prepared, maxConversationRestarts: 0, maxConversationCorrectionSteps: 0 };
  const reach = { folder, plan, settings, functions, client, services: asked, files, local, moduleOf };
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
      if (missing.size === 0) return await finish(assembled, reach);
      for (const [open, list] of missing) await makeCells(open, { ...reach, list, cells });
    }
  } finally {
    await client.close();
    await services.close();
  }
}

async function makeCells(
  { column, maker }: OpenCells,
  of: Reach & { readonly list: readonly Cell<unknown>[]; readonly cells: Map<string, CellRecord> },
): Promise<void> {
  const { plan, client, services, files, local, cells } = of;
  const limiter = new PlainLimiter(8);
  const traits = new ModelTraits({ hasAnswered: () => true });
  let count = 0;
  const calls = new CellCalls({
    ...{ column: column.name, readVersion: declarationOf(column.kind).readVersion, settings: of.settings },
    ...{ returned: null, files: NO_FILES, local, module: of.moduleOf },
    pictures: pictureFiles({ files } as DatasetStore, column.name, (error) => {
      throw error;
    }),
    async wayTo(ref) {
      const plain = { key: 'one', limiter, traits, host: null, model: null };
      if ('tools' in ref) return { ...plain, tools: { servers: CONFORMANCE_TOOLS, name: ref.tools } };
      if (!('model' in ref)) return { ...plain, services };
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
      const left = some.filter(({ row }) => !cells.has(`${column.name}/${row}`));
      const { kind, message } = error;
      await calls.keep(
        left,
        left.map(() => ({ status: 'failed', error: { kind, message } })),
      );
    }
  }
}

async function finish(
  assembled: readonly AssembledRow[],
  { folder, plan, functions }: Reach,
): Promise<BuiltDocument> {
  const asJson = (value: Value): unknown => JSON.parse(formatJson(value).replaceAll(folder, '.'));
  const whole = assembled.filter(({ failure }) => failure === null);
  const valuesOf = (name: string) => whole.map(({ values }) => values[name] ?? null);
  const batch = { completeRows: whole.map(({ row }) => row), valuesOf };
  const written = await processBatch(batch, { plan, functions, signal: NEVER });
  const columns = cellColumns(plan).filter(({ name, drop }) => !drop && name !== ROW_ID_COLUMN);
  const cells = await Promise.all(
    columns.map(async ({ name }) => [name, (await written.valuesOf(name)).map(asJson)] as const),
  );
  return {
    columns,
    dropped: cellColumns(plan)
      .filter(({ drop }) => drop)
      .map(({ name }) => name)
      .sort(),
    cells: Object.fromEntries(cells),
    failures: assembled.flatMap(({ row, failure }) =>
      failure === null ? [] : [`row ${row}, column "${failure.column}": ${failure.error.message}`],
    ),
    processed: Object.fromEntries(written.processed.map(({ name, rows }) => [name, rows.map(asJson)])),
  };
}
