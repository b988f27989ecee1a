// The rows of a document without a server: the conductors, activities and makers of a `run` in this process, with a store
// in memory. Nothing outlives it, so nothing has to be handed over, and no activity is tried again but slices whose
// model does not answer.

import { type Build, makeBuild } from '../activities/build.ts';
import { prepareDatasetActivity } from '../activities/prepare-dataset.ts';
import {
  type BuildWorkflow,
  openProcess,
  type ProcessOptions,
  type ServingProcess,
} from '../activities/process.ts';
import { RowloomError } from '../errors.ts';
import { DatasetConductor, type GroupStart } from '../graph/dataset-conductor.ts';
import { addColumnTotals } from '../graph/totals.ts';
import type { WaitedFor } from '../models/limiters.ts';
import { type UserModule, writeModule } from '../modules/stored-modules.ts';
import { finishedColumns, type Plan, type Settings } from '../plan.ts';
import { processFinishedRows } from '../processors/after-generation/make.ts';
import { processorOf } from '../processors/kinds.ts';
import type { Totals } from '../protocol.ts';
import type { SeedSource } from '../seeds/seed-source.ts';
import { MemoryWorld } from '../store/files/memory.ts';
import type { StoreFiles } from '../store/files/port.ts';
import { nestedRow } from '../store/read-parquet.ts';
import { Store } from '../store/store.ts';
import type { ValueObject } from '../values.ts';
import { Bell } from './bell.ts';
import { GroupRun } from './group-run.ts';
import { type EndedRow, lookAtRows } from './row-content.ts';

export interface PreviewOptions extends Pick<ProcessOptions, 'environment' | 'connect'> {
  /** The dataset's name. */
  readonly name: string;
  readonly plan: Plan;
  readonly planDigest: string;
  readonly settings: Settings;
  readonly modules: readonly UserModule[];
  readonly seedSource: SeedSource | null;
}

export class Preview {
  /** Of the dataset, in memory: the pictures of its cells are there. */
  readonly files: StoreFiles;
  readonly #build: Build;
  readonly #process: ServingProcess;
  readonly #conductor = new DatasetConductor();
  readonly #groups = new Map<number, GroupRun>();
  readonly #needsBatch: boolean;
  readonly #bell = new Bell();
  #reason: string | null = null;
  #bug: { readonly error: unknown } | undefined;

  /** Makes no call. Throws `StoreError` where a file that the document needs cannot be read. */
  static async open({ seedSource, name, modules, ...options }: PreviewOptions): Promise<Preview> {
    const { plan, planDigest, environment, connect } = options;
    const store = new Store({ id: 'preview', access: 'build', files: new MemoryWorld().files() });
    const { seed, rowGroupSize } = plan;
    const dataset = await store.createDataset(name, { seed, rowGroupSize });
    for (const module of modules) await writeModule(dataset.files, module);
    const { id: datasetId } = await dataset.read();
    const ref = { storeId: store.id, dataset: name, datasetId, epoch: 1, planDigest };
    // Rows are shown one by one, so they are made one by one; nobody reads traces.
    const { isTraced, sliceSize, ...more } = options.settings;
    const settings = { ...more, sliceSize: sliceSize ?? 1 };
    let preview: Preview | undefined;
    const workflow: BuildWorkflow = {
      askControl: async () => ({
        phase: (preview?.reason ?? null) === null ? 'running' : 'stopping',
        limits: { maxParallelRequests: {} },
      }),
      stop: async (reason) => preview?.stop(reason),
    };
    const process = openProcess({
      ...{ store, environment, workflowOf: () => workflow },
      ...(connect === undefined ? {} : { connect }),
    });
    const content = { ref, dataset, plan, settings };
    const build = await makeBuild(content, { process, seedSource, onOver: () => undefined });
    preview = new Preview(build, process);
    return preview;
  }

  private constructor(build: Build, process: ServingProcess) {
    this.#build = build;
    this.#process = process;
    this.files = build.dataset.files;
    this.#needsBatch = build.plan.processors.some(({ kind }) => processorOf(kind).needsBatch === true);
  }

  /** Why it ended before all rows were made; null where nothing ended it. */
  get reason(): string | null {
    return this.#reason;
  }

  /** The calls and cells so far, by column. */
  get columns(): Totals['columns'] {
    return [...this.#groups.values()].reduce((sum, { columns }) => addColumnTotals(sum, columns), {});
  }

  /** The models that do not answer now. */
  get waitedFor(): readonly WaitedFor[] {
    return this.#process.limiters.waitedFor();
  }

  /** Makes nothing more. The first reason counts. */
  stop(reason: string): void {
    this.#reason ??= reason;
    this.#halt(reason);
    this.#bell.ring();
  }

  #halt(why: string): void {
    this.#conductor.stop(why);
    for (const group of this.#groups.values()) group.halt();
  }

  /**
   * The rows in their order, each once it is whole or dropped. Nothing more is made or waited for when the signal fires, or
   * when the loop over them is left: calls in flight are cut. Called once. Throws `ConfigError` before any call where a key is missing.
   */
  async *rows(stopSignal: AbortSignal): AsyncGenerator<EndedRow, void> {
    const { calls, plan, settings } = this.#build;
    const onAbort = () => this.stop('stopped');
    stopSignal.addEventListener('abort', onAbort);
    try {
      this.#conductor.prepare(await prepareDatasetActivity(this.#build));
      for (let row = 0; row < settings.rows && !stopSignal.aborted; ) {
        this.#start();
        const group = this.#groups.get(Math.floor(row / plan.rowGroupSize));
        const isReady = group?.isOver === true || (!this.#needsBatch && group?.hasEnded(row) === true);
        if (this.#bug !== undefined) throw this.#bug.error;
        if (group !== undefined && isReady) {
          const last = this.#needsBatch ? group.rows.last : row;
          yield* await this.#look(group, { first: row, last });
          row = last + 1;
        } else if (this.#conductor.isDone) return;
        else await this.#bell.rung();
      }
    } finally {
      stopSignal.removeEventListener('abort', onAbort);
      this.#halt('nobody waits for more rows');
      calls.gate.cutNow();
      calls.dispose();
    }
  }

  /** What processors after generation make of finished rows; null where the plan has none. Throws `ProcessorError`. */
  async finish(rows: readonly ValueObject[], signal: AbortSignal): Promise<readonly ValueObject[] | null> {
    const { plan, functions } = this.#build;
    if (plan.afterGeneration === undefined) return null;
    const columns = finishedColumns({ ...plan, afterGeneration: [] });
    async function* pieces() {
      yield rows.map((row) => nestedRow(row, columns));
    }
    const finished: ValueObject[] = [];
    for await (const piece of processFinishedRows(pieces(), { plan, functions, signal }))
      finished.push(...piece);
    return finished;
  }

  /** Opens the groups that there is room for. */
  #start(): void {
    for (const start of this.#conductor.next()) void this.#runGroup(start);
  }

  /** Never rejects. */
  async #runGroup(start: GroupStart): Promise<void> {
    const { rowGroup } = start;
    try {
      const group = await GroupRun.open(this.#build, start, {
        onChange: () => this.#bell.ring(),
        onPassOn: (columns) => {
          this.#conductor.passOn(rowGroup, columns);
          this.#tellLimits();
        },
      });
      this.#groups.set(rowGroup, group);
      this.#tellLimits();
      if (this.#conductor.phase === 'stopping') group.halt();
      await group.generate();
      const { columns } = group;
      const { isComplete } = group.conductor;
      this.#conductor.finished({ rowGroup, isComplete, totals: { rows: 0, dropped: 0, columns } });
    } catch (error) {
      if (error instanceof RowloomError) {
        this.#conductor.failed(rowGroup, error.message);
        this.stop(error.message);
      } else this.#bug ??= { error };
    }
    this.#tellLimits();
    this.#bell.ring();
  }

  /** Tells open groups whose turn it is at the columns in order. */
  #tellLimits(): void {
    for (const group of this.#groups.values()) {
      const maxCells = group.isOver ? undefined : this.#conductor.takeNews(group.rowGroup);
      if (maxCells !== undefined) group.setMaxCells(maxCells);
    }
  }

  async #look(group: GroupRun, of: { readonly first: number; readonly last: number }) {
    try {
      return await lookAtRows(this.#build, group, of);
    } catch (error) {
      if (!(error instanceof RowloomError)) throw error;
      this.stop(error.message);
      return [];
    }
  }
}
