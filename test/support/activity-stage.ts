// A build in a temporary folder whose activities run one by one, without a server, and whose model a test scripts.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { onTestFinished } from 'vitest';
import { Builds } from '../../src/activities/builds.ts';
import { type Activities, createActivities } from '../../src/activities/index.ts';
import type { CommittedRowGroup } from '../../src/activities/process.ts';
import { takeEpoch } from '../../src/client/build/start-build.ts';
import { type AcceptedWish, acceptWish, openWish } from '../../src/client/wish/wish.ts';
import { ConfigError } from '../../src/errors.ts';
import { ExecutionGraph } from '../../src/graph/execution-graph.ts';
import { GroupConductor } from '../../src/graph/group-conductor.ts';
import type { RowRange, SliceTask } from '../../src/graph/types.ts';
import type { ChatRequest, ModelAnswer, ModelClient } from '../../src/models/model-client.ts';
import type {
  BuildRef,
  CommitRowGroupResult,
  Control,
  GenerateSliceResult,
  OpenRowGroupInput,
  OpenRowGroupResult,
} from '../../src/protocol.ts';
import { formatLine } from '../../src/store/lines.ts';
import { PartCache } from '../../src/store/part-cache.ts';
import type { CellRecord } from '../../src/store/records.ts';
import { temporaryFolder } from '../unit/store/support.ts';
import { NO_PICTURE_CALLS } from './no-pictures.ts';

/** What the model answers: text, or a `ModelError` thrown. `nth` counts the calls of the cell, from 1. */
export type Script = (request: ChatRequest, nth: number) => Said | Promise<Said>;
export type Said = string | Partial<ModelAnswer>;

export interface ActivityStageOptions {
  /** The seed data: one row of the dataset each. */
  readonly topics: readonly string[];
  /** By default "7" for `body` and {"n": 7} for `note`. */
  readonly script?: Script;
  readonly maxParallelRequests?: number;
  readonly correctionSteps?: number;
  /** Whether too many failures end the build. */
  readonly hasEarlyShutdown?: boolean;
  /** Whether the first call goes alone. */
  readonly hasProbe?: boolean;
  readonly isTraced?: boolean;
  readonly restarts?: number;
  /** What the model may call for `body`, which has a trace then. */
  readonly tools?: {
    /** Beside `tool_alias` and `providers`. */
    readonly config?: object;
    /** Of Data Designer's file of the user. */
    readonly servers: readonly { readonly name: string; readonly [field: string]: unknown }[];
  };
  /** More of what stands under `rowloom:`. */
  readonly rowloom?: object;
}

/** topic (seed) → body (text) → size (its number, inline) → note (structured). The topic "nothing" makes an empty prompt. */
const COLUMNS = [
  {
    name: 'body',
    column_type: 'llm-text',
    model_alias: 'writer',
    prompt: '{% if topic != "nothing" %}Write about {{ topic }}{% endif %}',
  },
  { name: 'size', column_type: 'expression', expr: '{{ body }}', dtype: 'int' },
  {
    name: 'note',
    column_type: 'llm-structured',
    model_alias: 'writer',
    prompt: 'Note {{ size }}',
    output_format: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  },
];

/** Where one attempt at an activity runs; a cancelled one is of no more use. */
export function activityEnvironment(attempt = 1, activityId = 'one'): MockActivityEnvironment {
  return new MockActivityEnvironment({ attempt, activityId }, { logger: new DefaultLogger('ERROR') });
}

export class ActivityStage {
  /** Every call of the model, as "column row". */
  readonly asked: string[] = [];
  /** The reasons with which a worker ended the build. */
  readonly stops: string[] = [];
  /** The row groups that the process was told of. */
  readonly committed: CommittedRowGroup[] = [];
  /** What the worker said to people. */
  readonly warnings: string[] = [];
  readonly wish: AcceptedWish;
  readonly rows: RowRange;
  build: BuildRef;
  /** Whether the server answers nothing. */
  isServerAway = false;
  /** Whether this worker has the key of the model. */
  canConnect = true;
  control: Control = { phase: 'running', limits: { maxParallelRequests: {} } };
  #script: Script;
  readonly #home: string;
  #process: { readonly builds: Builds; readonly activities: Activities };

  private constructor(
    wish: AcceptedWish,
    build: BuildRef,
    { script, home }: { readonly script: Script; readonly home: string },
  ) {
    this.wish = wish;
    this.build = build;
    this.rows = { first: 0, last: wish.settings.rows - 1 };
    this.#script = script;
    this.#home = home;
    this.#process = this.#startProcess();
  }

  static async create(options: ActivityStageOptions): Promise<ActivityStage> {
    const {
      topics,
      script = () => '',
      maxParallelRequests = 8,
      correctionSteps = 1,
      hasEarlyShutdown = false,
      hasProbe = false,
      isTraced = false,
      restarts = 0,
      tools,
      rowloom = {},
    } = options;
    const cwd = await temporaryFolder();
    mkdirSync(join(cwd, 'home'));
    writeFileSync(join(cwd, 'topics.jsonl'), topics.map((topic) => JSON.stringify({ topic })).join('\n'));
    const model = {
      ...{ alias: 'writer', model: 'made-up', provider: 'local', skip_health_check: !hasProbe },
      inference_parameters: { max_parallel_requests: maxParallelRequests },
    };
    const [body, ...others] = COLUMNS;
    const { servers = [], config = {} } = tools ?? {};
    mkdirSync(join(cwd, 'home/.data-designer'));
    writeFileSync(
      join(cwd, 'home/.data-designer/mcp_providers.yaml'),
      JSON.stringify({ providers: servers }),
    );
    const withTools = {
      columns: [{ ...body, tool_alias: 'kb', with_trace: 'all_messages' }, ...others],
      tool_configs: [{ tool_alias: 'kb', providers: servers.map(({ name }) => name), ...config }],
    };
    const document = {
      ...(tools === undefined ? { columns: COLUMNS } : withTools),
      seed_config: { source: { seed_type: 'local', path: 'topics.jsonl' } },
      model_configs: [model],
      rowloom: {
        providers: [{ name: 'local', provider_type: 'simulated' }],
        max_conversation_correction_steps: correctionSteps,
        max_conversation_restarts: restarts,
        disable_early_shutdown: !hasEarlyShutdown,
        ...rowloom,
      },
    };
    writeFileSync(join(cwd, 'tickets.yaml'), JSON.stringify(document));
    const wish = await acceptWish(
      await openWish({
        ...{ target: 'tickets.yaml', rows: topics.length, cwd, home: join(cwd, 'home'), environment: {} },
        ...{ isSimulated: false, isNew: false, keep: false, redo: [], isTraced },
      }),
    );
    const stage = new ActivityStage(wish, await nextBuild(wish, 0), { script, home: join(cwd, 'home') });
    await stage.run('prepareDataset', {});
    return stage;
  }

  get builds(): Builds {
    return this.#process.builds;
  }

  /** What the model does from now on. */
  set script(script: Script) {
    this.#script = script;
  }

  /** As if the process had been killed and another one had started: nothing is left of it but the store. */
  restart(): void {
    loseOwner(this.wish.dataset.path('flights'));
    this.#process = this.#startProcess();
  }

  /** Starts the dataset once more, in a new process. */
  async startAgain(): Promise<void> {
    this.build = await nextBuild(this.wish, this.build.epoch);
    this.restart();
    await this.run('prepareDataset', {});
  }

  /** Runs an activity with the input that the workflows would give it. */
  run<Name extends keyof Activities>(
    name: Name,
    input: Omit<Parameters<Activities[Name]>[0], 'build'>,
    environment = activityEnvironment(),
  ): ReturnType<Activities[Name]> {
    const activity = this.#process.activities[name] as (input: unknown) => ReturnType<Activities[Name]>;
    return environment.run(activity, { build: this.build, ...input }) as ReturnType<Activities[Name]>;
  }

  open(continues?: OpenRowGroupInput['continues']): Promise<OpenRowGroupResult> {
    return this.run('openRowGroup', { rowGroup: 0, rows: this.rows, ...(continues && { continues }) });
  }

  /** What goes on in the row group's workflow; a column is one slice. */
  async conduct(continues?: OpenRowGroupInput['continues']): Promise<GroupConductor> {
    const opened = await this.open(continues);
    const limits = { sliceRows: 100, maxSlicesInFlight: 40, maxSlicesWithLeftovers: 48, maxCells: {} };
    return new GroupConductor({ graph: ExecutionGraph.create(opened.graph), opened, limits });
  }

  generate(task: SliceTask, environment?: MockActivityEnvironment): Promise<GenerateSliceResult> {
    return this.run('generateSlice', { rowGroup: 0, task }, environment);
  }

  /** Makes all that is left. */
  async generateAll(conductor: GroupConductor): Promise<void> {
    for (let tasks = conductor.next(); tasks.length > 0; tasks = conductor.next()) {
      for (const task of tasks) conductor.finished(task, await this.generate(task));
    }
  }

  commit(conductor: GroupConductor): Promise<CommitRowGroupResult> {
    const { isComplete, dropped } = conductor;
    const parts = conductor.parts.all();
    return this.run('commitRowGroup', { rowGroup: 0, rows: this.rows, isComplete, dropped, parts });
  }

  /** The statuses of a part's records, as "row status". */
  async statusesIn(part: string | null): Promise<readonly string[]> {
    return (await this.recordsIn(part)).map(({ row, status }) => `${row} ${status}`);
  }

  async recordsIn(part: string | null): Promise<readonly CellRecord[]> {
    return part === null ? [] : (await new PartCache(0).read(this.wish.dataset, part)).records;
  }

  #startProcess() {
    const workflow = {
      askControl: async () => {
        if (this.isServerAway) throw new Error('No server');
        return this.control;
      },
      stop: async (reason: string) => {
        if (this.isServerAway) throw new Error('No server');
        this.stops.push(reason);
      },
    };
    const builds = new Builds({
      store: this.wish.store,
      workflowOf: () => workflow,
      environment: { HOME: this.#home },
      onRowGroup: async (group) => void this.committed.push(group),
      connect: () => {
        if (this.canConnect) return this.#model();
        const place = { file: null, line: null, column: null, level: 'error' } as const;
        throw new ConfigError([{ ...place, message: 'MY_KEY is not set' }]);
      },
    });
    onTestFinished(() => builds.dispose());
    return { builds, activities: createActivities({ builds, warn: (text) => this.warnings.push(text) }) };
  }

  #model(): ModelClient {
    return {
      host: 'local',
      embed: () => Promise.reject(new Error('It is a chat')),
      ...NO_PICTURE_CALLS,
      close: async () => undefined,
      chat: async (request): Promise<ModelAnswer> => {
        const name = `${request.cell.column} ${request.cell.row}`;
        this.asked.push(name);
        const nth = this.asked.filter((other) => other === name).length;
        const said = await this.#script(request, nth);
        const usual = request.cell.column === 'body' ? '7' : '{"n": 7}';
        return {
          ...{
            text: said === '' ? usual : String(said),
            reasoning: null,
            toolCalls: [],
            finish: 'stop',
            status: 200,
          },
          ...{ finishReason: 'stop', refusal: null, promptTokens: 10, completionTokens: 2 },
          ...(typeof said === 'string' ? {} : said),
        };
      },
    };
  }
}

/** Has the files of calls in flight name a process that is gone, out of reach of the one that still has them open. */
function loseOwner(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const [header = '', ...lines] = readFileSync(path, 'utf8').split('\n');
    const json = JSON.parse(header.slice(9));
    const lost = formatLine(JSON.stringify({ ...json, owner: { ...json.owner, pid: 1, start: 'long ago' } }));
    rmSync(path);
    writeFileSync(join(folder, `lost-${name}`), lost + lines.join('\n'));
  }
}

async function nextBuild(wish: AcceptedWish, newest: number): Promise<BuildRef> {
  const server = {
    namespace: 'default',
    isEmbedded: false,
    connectionOptions: { address: 'localhost:7233' },
    environment: {},
  };
  const connected = { server } as Parameters<typeof takeEpoch>[0]['connected'];
  const start = (await takeEpoch({ wish, connected, newest, kind: 'run' }))!;
  const { datasetId, epoch, planDigest } = start;
  return { storeId: wish.store.id, dataset: wish.dataset.name, datasetId, epoch, planDigest };
}
