// A Temporal server of a test file, and builds on it whose activities are scripted.

import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.ts';
import { RowMask } from '../../src/graph/row-mask.ts';
import type { ConductorLimits, GraphColumn, RowRange, SliceTask } from '../../src/graph/types.ts';
import {
  type BuildProgress,
  type BuildRef,
  type BuildRowGroupInput,
  datasetWorkflowId,
  FAILURE,
  type GenerateSliceInput,
  type GenerateSliceResult,
  type PreparedDataset,
  QUERY,
  rowGroupWorkflowId,
  sliceTaskQueue,
} from '../../src/protocol.ts';
import { findTemporalBinary } from '../../src/server/find-temporal-binary.ts';
import { bundleWorkflows } from '../../src/worker.ts';
import { type ColumnSketch, graphOf } from './graph.ts';

/** Without the first every step waits for a tick of 50 ms; the second lets a group open twice within a second. */
const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.workflowIdReuseMinimalInterval=0',
];

/** What a test says about the cells of a slice: rows that are dropped, rows left over; all others are made. Or it throws. */
export interface SliceScript {
  readonly dropped?: readonly number[];
  readonly leftover?: readonly number[];
}

export interface StageOptions {
  readonly columns: { readonly [name: string]: ColumnSketch };
  readonly rows?: number;
  readonly rowGroupSize?: number;
  /** Groups to open; all by default. */
  readonly groups?: readonly RowRange[];
  readonly window?: number;
  readonly limits?: Partial<ConductorLimits>;
  readonly onSlice?: (
    task: SliceTask,
    attempt: number,
  ) => undefined | SliceScript | Promise<undefined | SliceScript>;
  readonly maxCachedWorkflows?: number;
}

export class WorkflowServer {
  readonly #environment: TestWorkflowEnvironment;
  readonly #bundle: WorkflowBundleOption;
  #builds = 0;

  private constructor(environment: TestWorkflowEnvironment, bundle: WorkflowBundleOption) {
    this.#environment = environment;
    this.#bundle = bundle;
  }

  /** `config`: dynamic config values of the server, as `key=value`. */
  static async start(config: readonly string[] = []): Promise<WorkflowServer> {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: 'temporal_sdk_core=OFF,temporal_client=OFF' } },
    });
    const path = await findTemporalBinary({ environment: process.env, say: () => undefined });
    const extraArgs = [...DYNAMIC_CONFIG, ...config].flatMap((value) => ['--dynamic-config-value', value]);
    const [environment, bundle] = await Promise.all([
      TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path },
          extraArgs,
          log: { format: 'pretty', level: 'error' },
        },
      }),
      bundleWorkflows(),
    ]);
    return new WorkflowServer(environment, bundle);
  }

  get client(): Client {
    return this.#environment.client;
  }

  async stop(): Promise<void> {
    await this.#environment.teardown();
  }

  /** Runs workers for one build while `work` lasts. */
  async stage<Result>(options: StageOptions, work: (stage: Stage) => Promise<Result>): Promise<Result> {
    this.#builds += 1;
    const stage = new Stage(this.client, `b${this.#builds}`, options);
    const shared = { connection: this.#environment.nativeConnection, activities: stage.registered };
    const conducting = await Worker.create({
      ...shared,
      taskQueue: stage.taskQueue,
      workflowBundle: this.#bundle,
      maxCachedWorkflows: options.maxCachedWorkflows ?? 0,
      maxHeartbeatThrottleInterval: 500,
    });
    const generating = await Worker.create({
      ...shared,
      taskQueue: sliceTaskQueue(stage.taskQueue),
      maxHeartbeatThrottleInterval: 500,
    });
    return conducting.runUntil(generating.runUntil(work(stage)));
  }
}

/** One build: what its activities were asked, and how to talk to its workflows. */
export class Stage {
  readonly build: BuildRef;
  readonly taskQueue: string;
  /** A test may put others in their place while the build runs. */
  readonly activities: Activities;
  /** One line for each call of an activity, in order of arrival. */
  readonly log: string[] = [];
  /** Cells that were made twice: paid for twice. */
  readonly repeated: string[] = [];
  readonly #client: Client;
  readonly #options: StageOptions;
  readonly #graph: readonly GraphColumn[];
  readonly #made = new Map<string, Set<number>>();
  readonly #attempts = new Map<string, number>();

  constructor(client: Client, name: string, options: StageOptions) {
    const graph = graphOf(options.columns);
    this.#client = client;
    this.#options = options;
    this.#graph = graph.order.map((column) => graph.column(column));
    this.build = { storeId: 'store', dataset: 'tickets', datasetId: name, epoch: 1, planDigest: 'plan' };
    this.taskQueue = `queue-${name}`;
    this.activities = {
      prepareDataset: async () => this.#prepared(),
      openRowGroup: async ({ rows, rowGroup }) => {
        this.log.push(`open ${rowGroup}`);
        return { rows, dropped: RowMask.empty(rows).toHex(), columns: this.#opened(rows) };
      },
      generateSlice: (input) => this.#generateSlice(input),
      commitRowGroup: async ({ rowGroup, rows, isComplete, dropped }) => {
        const { count } = RowMask.fromHex(rows, dropped);
        this.log.push(`commit ${rowGroup}${isComplete ? '' : ' incomplete'}`);
        const all = rows.last - rows.first + 1;
        return { rows: isComplete ? all - count : 0, dropped: count };
      },
      finishDataset: async ({ isComplete, reason }) => {
        this.log.push('finish');
        return { isComplete, reason, rows: 0, dropped: 0 };
      },
    };
  }

  /** What the workers run: whatever `activities` holds when it is called. */
  get registered(): object {
    const names = Object.keys(this.activities) as (keyof Activities)[];
    return Object.fromEntries(names.map((name) => [name, (input: never) => this.activities[name](input)]));
  }

  async startDataset(): Promise<WorkflowHandle> {
    return this.#client.workflow.start('generateDataset', {
      args: [{ build: this.build, taskQueue: this.taskQueue }],
      workflowId: datasetWorkflowId(this.build),
      taskQueue: this.taskQueue,
    });
  }

  /** Starts the workflow of group 0 without a parent. */
  async startRowGroup(): Promise<WorkflowHandle> {
    const { graph, limits, rows } = this.#prepared();
    const input: BuildRowGroupInput = {
      build: this.build,
      taskQueue: this.taskQueue,
      rowGroup: 0,
      rows: { first: 0, last: rows - 1 },
      graph,
      limits,
      phase: 'running',
    };
    return this.#client.workflow.start('buildRowGroup', {
      args: [input],
      workflowId: rowGroupWorkflowId(this.build, 0),
      taskQueue: this.taskQueue,
    });
  }

  groupHandle(rowGroup: number): WorkflowHandle {
    return this.#client.workflow.getHandle(rowGroupWorkflowId(this.build, rowGroup));
  }

  async progress(): Promise<BuildProgress> {
    return this.#client.workflow
      .getHandle(datasetWorkflowId(this.build))
      .query<BuildProgress>(QUERY.progress);
  }

  /** Lines of the log that begin so. */
  logged(start: string): readonly string[] {
    return this.log.filter((line) => line.startsWith(start));
  }

  #prepared(): PreparedDataset {
    const { rows = 10, rowGroupSize = rows, window = 2, limits, groups } = this.#options;
    return {
      graph: this.#graph,
      rows,
      rowGroupSize,
      groups: groups ?? [{ first: 0, last: Math.ceil(rows / rowGroupSize) - 1 }],
      aliases: ['writer'],
      window,
      limits: { sliceRows: 5, maxSlicesInFlight: 40, maxSlicesWithLeftovers: 48, maxCells: {}, ...limits },
      trustedRows: 0,
      trustedDrops: 0,
    };
  }

  #opened(rows: RowRange) {
    const columns = this.#graph.map(({ name, strategy }) => {
      const made =
        strategy === 'root'
          ? RowMask.full(rows).toHex()
          : this.#hexOf(rows, this.#made.get(name) ?? new Set());
      return [name, { made, part: `${name}/base` }] as const;
    });
    return Object.fromEntries(columns);
  }

  async #generateSlice({ task }: GenerateSliceInput): Promise<GenerateSliceResult> {
    const { column, rows, mask, isLeftover } = task;
    const name = `${column} ${rows.first}-${rows.last}${isLeftover ? ' again' : ''}`;
    const attempt = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, attempt);
    this.log.push(name);
    const { dropped = [], leftover = [] } = (await this.#options.onSlice?.(task, attempt)) ?? {};
    const cells = RowMask.fromHex(rows, mask).rows();
    const made = cells.filter((row) => !dropped.includes(row) && !leftover.includes(row));
    for (const row of made) this.#noteMade(column, row);
    return {
      part: `${column}/${rows.first}.${this.log.length}`,
      made: this.#hexOf(rows, made),
      dropped: this.#hexOf(
        rows,
        dropped.filter((row) => cells.includes(row)),
      ),
      leftover: this.#hexOf(
        rows,
        leftover.filter((row) => cells.includes(row)),
      ),
      usage: {
        made: made.length,
        failed: 0,
        calls: made.length,
        failedCalls: 0,
        promptTokens: 0,
        completionTokens: 0,
      },
    };
  }

  #noteMade(column: string, row: number): void {
    const made = this.#made.get(column) ?? new Set();
    this.#made.set(column, made);
    if (made.has(row)) this.repeated.push(`${column} ${row}`);
    made.add(row);
  }

  #hexOf(rows: RowRange, members: Iterable<number>): string {
    return RowMask.of(
      rows,
      [...members].filter((row) => rows.first <= row && row <= rows.last),
    ).toHex();
  }
}

/** Something that waits until the test lets it go. */
export function hold(): { readonly released: Promise<undefined>; release(): void } {
  let release: () => void = () => undefined;
  const released = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  return { released, release };
}

/** What a leftover throws: retried after this long. */
export function notYet(nextRetryDelay: '10 milliseconds' | '1 hour'): ApplicationFailure {
  return ApplicationFailure.create({ message: 'Not yet', type: FAILURE.modelUnavailable, nextRetryDelay });
}
