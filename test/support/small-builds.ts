// Builds without Temporal and without a model: each cell that is wanted gets an answer that follows from its input, or
// fails. What is opened, taken over, committed and published is done by the store itself.

import { type CellCounts, countCells } from '../../src/client/wish/count-cells.ts';
import { cellInput } from '../../src/columns/llm/by-kind.ts';
import type { ChatColumn } from '../../src/columns/llm/declare-chat.ts';
import { graphColumns } from '../../src/config/graph-columns.ts';
import { ExecutionGraph } from '../../src/graph/execution-graph.ts';
import { groupCount, rowsOfGroup } from '../../src/graph/row-groups.ts';
import type { RowRange } from '../../src/graph/types.ts';
import { isMade, type Plan, type PlanColumn } from '../../src/plan.ts';
import { adoptRowGroup } from '../../src/rows/adopt-row-group.ts';
import { makeGroupDigests } from '../../src/rows/group-digests.ts';
import { makeInline } from '../../src/rows/inline.ts';
import { planDigest as planDigestOf } from '../../src/rows/plan-digest.ts';
import { openRoots } from '../../src/rows/roots.ts';
import { makeCellFolder } from '../../src/store/cell-files.ts';
import { commitRowGroup } from '../../src/store/commit.ts';
import { DATASET_VERSION, DatasetStore } from '../../src/store/dataset-store.ts';
import { Edition } from '../../src/store/editions.ts';
import type { StoreFiles } from '../../src/store/files/port.ts';
import type { Drop } from '../../src/store/groups.ts';
import { createPart } from '../../src/store/parts.ts';
import { type CellRecord, identityOf } from '../../src/store/records.ts';
import type { Value } from '../../src/values.ts';
import { call, cellRecord } from '../unit/store/records.ts';
import { startOf } from '../unit/store/support.ts';
import { MemoryWorld } from './memory-files.ts';

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
    return countCells({ dataset: this.dataset, plan: asked.plan, settings, seedSource: null, readsAll });
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
    const { order } = ExecutionGraph.create(graphColumns(plan, settingsOf(asked)));
    const roots = await openRoots({ plan, files: dataset.files });
    const digests = makeGroupDigests({ plan, order, seedKeyOf: roots.seedKeyOf });
    const digestOf = (rowGroup: number) => digests.groupDigest(rowsOfGroup(rowGroup, shape));
    const keepsIn = (rowGroup: number) => digests.keeps(rowsOfGroup(rowGroup, shape));
    const edition = new Edition(dataset, { epoch, planDigest, digestOf, keepsIn });
    const { open } = await edition.start(groupCount(shape));
    const calls: Record<string, number> = {};
    for (const rowGroup of open.slice(0, stopsAfter)) {
      const place = { dataset, plan, order, roots, digests, rowGroup, rows: rowsOfGroup(rowGroup, shape) };
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
    const { plan, order, rows } = place;
    const adopted = await adoptRowGroup(place);
    const inline = makeInline(plan);
    const columns = order.map((name) => plan.columns.find((column) => column.name === name)!);
    const drops: Drop[] = [...adopted.dropped].map(([row, { column, error }]) => ({
      ...{ row, column, kind: error.kind, message: error.message },
    }));
    const values = new Map<number, Record<string, Value>>();
    const chosen = new Map<string, Map<number, string>>();
    const written = new Map<string, CellRecord[]>();
    for (const { name, kind } of columns) {
      if (kind === 'expression') continue;
      chosen.set(name, new Map());
      written.set(name, []);
    }
    for (let row = rows.first; row <= rows.last; row += 1) {
      if (adopted.dropped.has(row)) continue;
      const cells: Record<string, Value> = {};
      for (const column of columns) {
        const { name } = column;
        if (column.kind === 'expression') cells[name] = inline.evaluate(name, row, cells);
        else {
          const found = adopted.columns.get(name)?.chosen.get(row);
          const cell = found ?? this.#ask({ plan, column, row, cells, calls });
          written.get(name)!.push(cell);
          if (cell.status === 'failed') {
            drops.push({ row, column: name, ...cell.error! });
            break;
          }
          cells[name] = cell.value;
          chosen.get(name)!.set(row, identityOf(cell));
        }
      }
      if (!drops.some((drop) => drop.row === row)) values.set(row, cells);
    }
    await this.#write(written, { rowGroup: place.rowGroup, rows, epoch });
    const completeRows = [...values.keys()];
    const valuesOf = (name: string) => completeRows.map((row) => values.get(row)![name] ?? null);
    return { completeRows, drops, valuesOf, chosen };
  }

  #ask(of: {
    readonly plan: Plan;
    readonly column: PlanColumn;
    readonly row: number;
    readonly cells: { readonly [column: string]: Value };
    readonly calls: Record<string, number>;
  }): CellRecord {
    const { plan, column, row, cells, calls } = of;
    if (!isMade(column)) throw new Error(`Row ${row} has no root "${column.name}"`);
    calls[column.name] = (calls[column.name] ?? 0) + 1;
    this.#at += 1;
    const { digest } = cellInput({ plan, column: column as ChatColumn, row, values: cells });
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
