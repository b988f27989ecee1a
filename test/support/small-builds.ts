// Builds without Temporal and without a model: each cell that is wanted gets an answer that follows from its input, or
// fails. What is opened, taken over, committed and published is done by the store itself.

import { type CellCounts, countCells } from '../../src/client/wish/count-cells.ts';
import type { Keyed } from '../../src/columns/maker.ts';
import { columnOrder } from '../../src/config/graph-columns.ts';
import { CellError } from '../../src/errors.ts';
import { groupCount, rowsOfGroup } from '../../src/graph/row-groups.ts';
import type { RowRange } from '../../src/graph/types.ts';
import type { Plan } from '../../src/plan.ts';
import { adoptRowGroup } from '../../src/rows/adopt-row-group.ts';
import { openRows } from '../../src/rows/open-rows.ts';
import { planDigest as planDigestOf } from '../../src/rows/plan-digest.ts';
import { foundIn, type Source } from '../../src/rows/row.ts';
import { makeCellFolder } from '../../src/store/cell-files.ts';
import { commitRowGroup } from '../../src/store/commit.ts';
import { DATASET_VERSION, DatasetStore } from '../../src/store/dataset-store.ts';
import { Edition } from '../../src/store/editions.ts';
import { MemoryWorld } from '../../src/store/files/memory.ts';
import type { StoreFiles } from '../../src/store/files/port.ts';
import { rowsOfRanges } from '../../src/store/groups.ts';
import { createPart } from '../../src/store/parts.ts';
import { type CellRecord, identityOf } from '../../src/store/records.ts';
import { call, cellRecord } from '../unit/store/records.ts';
import { startOf } from '../unit/store/support.ts';
import { NO_FUNCTIONS } from './plans.ts';

export interface Asked {
  readonly plan: Plan;
  readonly rows: number;
}

export interface SmallBuild {
  readonly epoch: number;
  /** The groups that had to be opened. */
  readonly opened: readonly number[];
  /** Cells that were asked for, by column. */
  readonly calls: { readonly [column: string]: number };
}

/** What a model says to an input; undefined for an input that it refuses. */
export type Answer = (digest: string) => string | undefined;

const NO_ANSWER = { kind: 'UnusableAnswer', message: 'No answer' } as const;

export class SmallBuilds {
  readonly dataset: DatasetStore;
  readonly #answer: Answer;
  /** When the next record is made: later ones are newer. */
  #at = 0;

  private constructor(dataset: DatasetStore, answer: Answer) {
    this.dataset = dataset;
    this.#answer = answer;
  }

  /** `decorate` sees every step that is done in the dataset's folder. */
  static async create(
    answer: Answer,
    decorate: (files: StoreFiles) => StoreFiles = (files) => files,
  ): Promise<SmallBuilds> {
    const files = decorate(new MemoryWorld().files({ root: 'small' }));
    const dataset = new DatasetStore({ name: 'small', files });
    await dataset.makeFolders();
    const record = {
      ...{ v: DATASET_VERSION, id: 'id', storeId: 'store', name: 'small', seed: 's', rowGroupSize: 3 },
      createdAt: 0,
    };
    await files.create('dataset.json', JSON.stringify(record));
    return new SmallBuilds(dataset, answer);
  }

  /** What a start would make, as the client tells it before. */
  count(asked: Asked, { readsAll }: { readonly readsAll: boolean }): Promise<CellCounts> {
    const settings = settingsOf(asked);
    const plan = { plan: asked.plan, functions: NO_FUNCTIONS, personaFolder: '' };
    return countCells({ dataset: this.dataset, ...plan, settings, seedSource: null, readsAll });
  }

  /** `stopsAfter`: ends, as a killed one does, when it has committed so many groups. */
  async build(asked: Asked, { stopsAfter }: { readonly stopsAfter?: number } = {}): Promise<SmallBuild> {
    const { dataset } = this;
    const { plan, rows } = asked;
    const planDigest = planDigestOf(plan);
    await dataset.writePlan(planDigest, plan);
    const newest = await dataset.newestEpoch();
    const start = startOf({ datasetId: 'id', rows, planDigest, settings: settingsOf(asked) });
    const { epoch } = (await dataset.takeEpoch(newest, start))!;
    const shape = { rows, rowGroupSize: plan.rowGroupSize };
    const opened = await openRows({
      ...{ plan, order: columnOrder(plan), functions: NO_FUNCTIONS, files: dataset.files },
    });
    const { digests } = opened;
    const digestOf = (rowGroup: number) => digests.groupDigest(rowsOfGroup(rowGroup, shape));
    const keepsIn = (rowGroup: number) => digests.keeps(rowsOfGroup(rowGroup, shape));
    const edition = new Edition(dataset, { epoch, planDigest, digestOf, keepsIn });
    const { open } = await edition.start(groupCount(shape));
    const calls: Record<string, number> = {};
    for (const rowGroup of open.slice(0, stopsAfter)) {
      const place = { ...opened, dataset, plan, rowGroup, rows: rowsOfGroup(rowGroup, shape) };
      const made = await this.#make(place, { epoch, calls });
      await commitRowGroup(dataset, edition, {
        ...{ plan, planDigest, rowGroup, rows: place.rows, isComplete: true },
        digest: digests.groupDigest(place.rows),
        definitions: digests.definitions(place.rows),
        readContent: async () => made,
      });
      await edition.publish({ isFinished: false });
    }
    if (stopsAfter === undefined) {
      await edition.publish({ isFinished: true });
      await dataset.endBuild(epoch, { isComplete: true, reason: null, at: 0 });
    }
    return { epoch, opened: open, calls };
  }

  async #make(
    place: Parameters<typeof adoptRowGroup>[0],
    { epoch, calls }: { readonly epoch: number; readonly calls: Record<string, number> },
  ) {
    const { assembler, rows } = place;
    const adopted = await adoptRowGroup(place);
    const stored = assembler.columns.flatMap(({ column, shape }) =>
      shape === 'inline' ? [] : [column.name],
    );
    const chosen = new Map(stored.map((name) => [name, new Map<number, string>()]));
    const written = new Map(stored.map((name): [string, CellRecord[]] => [name, []]));
    const find: Source['find'] = (open, row, input) => {
      const { name } = open.column;
      const found = adopted.columns.get(name)?.chosen.get(row.row);
      const keyed = row.failure === null ? input?.() : undefined;
      if (found === undefined && (keyed === undefined || keyed instanceof CellError)) return undefined;
      const cell =
        found ?? this.#ask({ column: name, row: row.row, digest: (keyed as Keyed<unknown>).digest, calls });
      written.get(name)!.push(cell);
      if (cell.status === 'ok') chosen.get(name)!.set(row.row, identityOf(cell));
      return foundIn(open, cell);
    };
    const alive = rowsOfRanges([rows]).filter((row) => !adopted.dropped.has(row));
    const source: Source = { decides: true, find };
    const assembled = await assembler.assemble({ rows: alive, source, hasAllSides: true });
    await this.#write(written, { rowGroup: place.rowGroup, rows, epoch });
    const complete = assembled.filter(({ failure }) => failure === null);
    const failures = [
      ...adopted.dropped,
      ...assembled.flatMap(({ row, failure }) => (failure === null ? [] : [[row, failure] as const])),
    ];
    return {
      completeRows: complete.map(({ row }) => row),
      drops: failures.map(([row, { column, error }]) => ({
        ...{ row, column, kind: error.kind, message: error.message },
      })),
      valuesOf: (name: string) => complete.map(({ values }) => values[name] ?? null),
      chosen,
    };
  }

  #ask(of: {
    readonly column: string;
    readonly row: number;
    readonly digest: string;
    readonly calls: Record<string, number>;
  }): CellRecord {
    const { column, row, digest, calls } = of;
    calls[column] = (calls[column] ?? 0) + 1;
    this.#at += 1;
    const text = this.#answer(digest);
    const made = { row, in: digest, at: this.#at, calls: [call(`${this.#at}:1`)] };
    return text === undefined
      ? cellRecord({ ...made, status: 'failed', value: null, error: NO_ANSWER })
      : cellRecord({ ...made, turns: [{ by: 'model', text }], value: text });
  }

  async #write(
    written: ReadonlyMap<string, readonly CellRecord[]>,
    of: { readonly rowGroup: number; readonly rows: RowRange; readonly epoch: number },
  ): Promise<void> {
    for (const [column, records] of written) {
      await makeCellFolder(this.dataset, { column, rowGroup: of.rowGroup });
      const part = createPart(this.dataset, { ...of, column });
      await Promise.all(records.map((record) => part.append(record)));
      await part.close();
    }
  }
}

function settingsOf({ plan, rows }: Asked) {
  const { settings } = startOf();
  const model = { provider: 'p', maxParallelRequests: 1, timeoutMs: 1, skipHealthCheck: true };
  const models = Object.fromEntries(Object.keys(plan.models).map((alias) => [alias, model]));
  return { ...settings, rows, models };
}
