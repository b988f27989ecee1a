// A Temporal server of a test file, and builds on it whose activities are scripted.

import { tmpdir } from 'node:os';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.ts';
import { planSizes } from '../../src/graph/row-groups.ts';
import { RowMask } from '../../src/graph/row-mask.ts';
import type { ConductorLimits, GraphColumn, RowRange, SliceTask } from '../../src/graph/types.ts';
import {
  type BuildProgress,
  type BuildRef,
  type BuildRowGroupInput,
  type ContinuedRowGroup,
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
import { workflowBundle } from '../../src/worker.ts';
import { type ColumnSketch, graphOf } from './graph.ts';

/** Without the first two every step waits for 50 ms and every timer for 1 s; the last lets a group open twice within 1 s. */
const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxTimeShift="10ms"',
  'history.workflowIdReuseMinimalInterval=0',
];

/** What a test says about the cells of a slice: rows that are dropped, rows left over; all others are made. Or it throws. */
export interface SliceScript {
  readonly dropped?: readonly number[];
  readonly leftover?: readonly number[];
  readonly afterMs?: number;
  /** The first call asks for the activity of somebody else's worker, the second one makes what it is told here. */
  readonly isElsewhere?: boolean;
}

export interface StageOptions {
  readonly columns: { readonly [name: string]: ColumnSketch };
  readonly rows?: number;
  readonly rowGroupSize?: number;
  /** Groups to open; all by default. */
  readonly groups?: readonly RowRange[];
  readonly window?: number;
  /** 5 by default; null for what the engine would choose. */
  readonly sliceSize?: number | null;
  readonly limiters?: PreparedDataset['limiters'];
  /** Of a group that is started without a parent. */
  readonly limits?: Partial<ConductorLimits>;
  readonly onSlice?: (
    task: SliceTask,
    attempt: number,
  ) => undefined | SliceScript | Promise<undefined | SliceScript>;
  /** What somebody else's worker does with a file of rows, at each try. */
  readonly onElsewhere?: (rows: string) => void | Promise<void>;
}

const TASK_QUEUE = 'workflow-tests';
const THEIR_QUEUE = 'their-worker';
const ACTIVITIES = [
  'prepareDataset',
  'openRowGroup',
  'generateSlice',
  'commitRowGroup',
  'finishDataset',
] as const;

export interface ServerOptions {
  /** Dynamic config values of the server, as `key=value`. */
  readonly config?: readonly string[];
  /** None by default: every workflow task replays the whole history, and a step that is not deterministic fails. */
  readonly maxCachedWorkflows?: number;
}

/** The server of a test file, with the workers that serve its builds. */
export class WorkflowServer {
  readonly #environment: TestWorkflowEnvironment;
  readonly #stages: Map<string, Stage>;
  readonly #workers: readonly { readonly worker: Worker; readonly ended: Promise<void> }[];

  private constructor(environment: TestWorkflowEnvironment, stages: Map<string, Stage>, workers: Worker[]) {
    this.#environment = environment;
    this.#stages = stages;
    this.#workers = workers.map((worker) => ({ worker, ended: worker.run() }));
  }

  static async start({ config = [], maxCachedWorkflows = 0 }: ServerOptions = {}): Promise<WorkflowServer> {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: 'temporal_sdk_core=OFF,temporal_client=OFF' } },
    });
    const path = await findTemporalBinary({
      directory: tmpdir(),
      environment: process.env,
      say: () => undefined,
    });
    const extraArgs = [...DYNAMIC_CONFIG, ...config].flatMap((value) => ['--dynamic-config-value', value]);
    const [environment, bundle] = await Promise.all([
      TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path },
          extraArgs,
          log: { format: 'pretty', level: 'error' },
        },
      }),
      workflowBundle(),
    ]);
    const stages = new Map<string, Stage>();
    const shared = {
      connection: environment.nativeConnection,
      activities: activitiesOf(stages),
      // It names the sticky queues too, which are in the histories that are kept.
      identity: TASK_QUEUE,
      maxHeartbeatThrottleInterval: 500,
      // A test that failed may have left an activity waiting.
      shutdownForceTime: '1 second' as const,
    };
    const workers = [
      await Worker.create({ ...shared, taskQueue: TASK_QUEUE, workflowBundle: bundle, maxCachedWorkflows }),
      await Worker.create({ ...shared, taskQueue: sliceTaskQueue(TASK_QUEUE) }),
      await Worker.create({ ...shared, taskQueue: THEIR_QUEUE, activities: theirActivities(stages) }),
    ];
    return new WorkflowServer(environment, stages, workers);
  }

  async stop(): Promise<void> {
    for (const { worker } of this.#workers) worker.shutdown();
    await Promise.allSettled(this.#workers.map(({ ended }) => ended));
    await this.#environment.teardown();
  }

  get client(): Client {
    return this.#environment.client;
  }

  /** A build of its own on this server. */
  stage(options: StageOptions): Stage {
    const stage = new Stage(this.#environment.client, `b${this.#stages.size + 1}`, options);
    this.#stages.set(stage.build.datasetId, stage);
    return stage;
  }
}

/** What the workers run: whatever a build's stage has at the moment of the call. */
function activitiesOf(stages: ReadonlyMap<string, Stage>): object {
  const call = (name: keyof Activities) => [
    name,
    (input: { build: BuildRef }) => stages.get(input.build.datasetId)!.activities[name](input as never),
  ];
  return Object.fromEntries(ACTIVITIES.map(call));
}

/** All that they know is the names of files: here the build is the first word of each. */
function theirActivities(stages: ReadonlyMap<string, Stage>): object {
  return {
    makeThere: ({ rows, ...files }: { rows: string; cells: string }) =>
      stages.get(rows.split('/')[0]!)!.makeElsewhere({ rows, ...files }),
  };
}

/** One build: what its activities were asked, and how to talk to its workflows. */
export class Stage {
  readonly build: BuildRef;
  /** A test may put others in their place while the build runs. */
  readonly activities: Activities;
  /** One line for each call of an activity, in order of arrival. */
  readonly log: string[] = [];
  /** What each opening of a group was told of the run before. */
  readonly continued: (ContinuedRowGroup | undefined)[] = [];
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
    this.activities = {
      prepareDataset: async () => {
        this.log.push('prepare');
        return this.#prepared();
      },
      openRowGroup: async ({ rows, rowGroup, continues }) => {
        this.log.push(`open ${rowGroup}`);
        const bases = [`base ${this.continued.push(continues)}`];
        const dropped = continues?.dropped ?? RowMask.empty(rows).toHex();
        const lost = continues?.lost ?? {};
        return { graph: this.#graph, rows, dropped, lost, columns: this.#opened(rows), bases };
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

  async startDataset(): Promise<WorkflowHandle> {
    return this.#client.workflow.start('generateDataset', {
      args: [{ build: this.build, taskQueue: TASK_QUEUE }],
      workflowId: datasetWorkflowId(this.build),
      taskQueue: TASK_QUEUE,
    });
  }

  /** Starts the workflow of group 0 without a parent. */
  async startRowGroup(): Promise<WorkflowHandle> {
    const { sizing } = this.#prepared();
    const { limits } = planSizes({ ...sizing, caps: {} });
    const input: BuildRowGroupInput = {
      build: this.build,
      taskQueue: TASK_QUEUE,
      rowGroup: 0,
      rows: { first: 0, last: sizing.rows - 1 },
      limits: { ...limits, ...this.#options.limits },
    };
    return this.#client.workflow.start('buildRowGroup', {
      args: [input],
      workflowId: rowGroupWorkflowId(this.build, 0),
      taskQueue: TASK_QUEUE,
    });
  }

  /** The newest run. */
  datasetHandle(): WorkflowHandle {
    return this.#client.workflow.getHandle(datasetWorkflowId(this.build));
  }

  groupHandle(rowGroup: number): WorkflowHandle {
    return this.#client.workflow.getHandle(rowGroupWorkflowId(this.build, rowGroup));
  }

  /** What the workflow of a group was started with. */
  async groupInput(rowGroup: number): Promise<BuildRowGroupInput> {
    const { events } = await this.groupHandle(rowGroup).fetchHistory();
    const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    return defaultPayloadConverter.fromPayload(payload!);
  }

  async progress(): Promise<BuildProgress> {
    return this.datasetHandle().query<BuildProgress>(QUERY.progress);
  }

  async makeElsewhere({ rows, cells }: { rows: string; cells: string }): Promise<readonly string[]> {
    this.log.push(`elsewhere ${rows}`);
    await this.#options.onElsewhere?.(rows);
    return [`${cells}/1.jsonl`];
  }

  /** Lines of the log that begin so. */
  logged(start: string): readonly string[] {
    return this.log.filter((line) => line.startsWith(start));
  }

  #prepared(): PreparedDataset {
    const { rows = 10, rowGroupSize = rows, window = 2, sliceSize = 5, limiters = {} } = this.#options;
    const { groups = [{ first: 0, last: Math.ceil(rows / rowGroupSize) - 1 }] } = this.#options;
    const cellColumns = this.#graph.filter(({ strategy }) => strategy === 'cell').length;
    return {
      groups,
      sizing: { rows, rowGroupSize, cellColumns, window, sliceSize },
      limiters,
      inOrder: this.#graph.flatMap(({ name, inOrder }) => (inOrder ? name : [])),
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

  async #generateSlice({ task, returned }: GenerateSliceInput): Promise<GenerateSliceResult> {
    const { column, rows, mask, isLeftover } = task;
    const files = returned === undefined ? '' : ` with ${returned.join()}`;
    const name = `${column} ${rows.first}-${rows.last}${isLeftover ? ' again' : ''}${files}`;
    const attempt = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, attempt);
    this.log.push(name);
    const script = (await this.#options.onSlice?.(task, attempt)) ?? {};
    const cells = RowMask.fromHex(rows, mask).rows();
    const isAway = script.isElsewhere === true && returned === undefined;
    const { dropped = [], leftover = isAway ? cells : [], afterMs = null } = script;
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
      afterMs,
      elsewhere: isAway
        ? {
            ...{ queue: THEIR_QUEUE, activity: 'makeThere', cells: `cells/${column}` },
            rows: `${this.build.datasetId}/${column}/${rows.first}`,
          }
        : null,
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
