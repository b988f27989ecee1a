// The calls of one build in one process: who may call, what becomes of the calls, and what ends them.

import { availableParallelism, homedir } from 'node:os';
import { cwd as currentFolder } from 'node:process';
import { openToolServer } from '../config/tool-servers.ts';
import { ConfigError, ModelError, WHY_GONE } from '../errors.ts';
import type { Services } from '../models/http/services.ts';
import { createModels, type Models } from '../models/models.ts';
import { type Prices, readPrices } from '../models/prices.ts';
import { ModelTraits } from '../models/traits.ts';
import { type LimiterRef, modelKeyOf, type Plan, plainKeyOf, type Settings } from '../plan.ts';
import { type BuildRef, type Control, SAME_COMMAND } from '../protocol.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { CrashedFlights } from '../store/flights.ts';
import type { CellRecord } from '../store/records.ts';
import { askForTools } from '../tools/check-tools.ts';
import type { ToolServer } from '../tools/tool-server.ts';
import { ToolServers } from '../tools/tool-servers.ts';
import { Fence } from './fence.ts';
import { Flights } from './flights.ts';
import { Gate } from './gate.ts';
import { Outcomes } from './outcomes.ts';
import type { BuildWorkflow, ServingProcess } from './process.ts';
import type { Way } from './sending.ts';
import { Spending } from './spending.ts';
import { tellStop } from './tell-stop.ts';

/** Room to end tidily: to write the complete rows, and for a Temporal server on the same disk to be told. */
const MIN_FREE_BYTES = 8 * 1024 * 1024;
/** Queues of users have no cap of their own. */
const MAX_CALLS_TO_A_QUEUE = 4;
/** Data Designer has no cap: what is asked at once follows from the models'. */
const MAX_CALLS_TO_A_TOOL_SERVER = 64;

export interface BuildCallsOptions {
  readonly ref: BuildRef;
  readonly dataset: DatasetStore;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly process: ServingProcess;
  /** Told about once a second once the workflow has ended or a newer build has the dataset. */
  readonly onOver: () => void;
}

export class BuildCalls {
  readonly #options: BuildCallsOptions;
  readonly #workflow: BuildWorkflow;
  readonly gate: Gate;
  readonly fence: Fence;
  readonly outcomes: Outcomes;
  readonly flights: Flights;
  /** Of the tools in use. */
  readonly tools: ToolServers;
  readonly spending: Spending;
  readonly #ways = new Map<string, Way>();
  #services: Promise<Services> | undefined;
  #opening: Promise<Models> | undefined;
  #models: Models | undefined;
  #limits: Control['limits'] = { maxParallelRequests: {} };
  #isStopping = false;
  #isDisposed = false;

  static async open(options: BuildCallsOptions): Promise<BuildCalls> {
    const { dataset, plan, settings } = options;
    const models = Object.keys(plan.models).map((alias) => modelKeyOf(alias, { plan, settings }));
    const [crashed, prices] = await Promise.all([CrashedFlights.read(dataset), readPrices(models, settings)]);
    return new BuildCalls(options, { crashed, prices });
  }

  private constructor(
    options: BuildCallsOptions,
    { crashed, prices }: { readonly crashed: CrashedFlights; readonly prices: Prices },
  ) {
    const { ref, dataset, settings, process } = options;
    this.#options = options;
    this.#workflow = process.workflowOf(ref);
    this.fence = new Fence(() => dataset.hasNewerEpoch(ref.epoch), {
      onFenced: () => this.gate.end(),
    });
    this.gate = new Gate({
      askControl: () => this.#askControl(),
      onControl: (control) => this.#heed(control),
      onTick: () => this.#lookAround(),
    });
    this.flights = new Flights({
      ...{ dataset, epoch: ref.epoch, crashed, company: process.company, fence: this.fence },
      mayStart: () => this.mayStart(),
      onBroken: ({ message }) => this.stop(message),
    });
    this.tools = new ToolServers({
      environment: process.environment,
      find: (name) => this.#findToolServer(name),
    });
    this.spending = new Spending({
      ...{ dataset, epoch: ref.epoch, settings, prices },
      onReached: (what, remedy) => this.stop(what, remedy),
    });
    this.outcomes = new Outcomes(settings, (reason) => this.stop(reason, 'correct what fails'));
  }

  mayStart(): boolean {
    return this.gate.state === 'open';
  }

  /** The models of the build, opened by who first asks for them. Throws `ConfigError` where this process has no key for one. */
  openModels(): Promise<Models> {
    this.#opening ??= this.#createModels().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #createModels(): Promise<Models> {
    const { plan, settings, process } = this.#options;
    const { environment, limiters, connect } = process;
    const models = await createModels({
      ...{ plan, settings, environment, limiters, mayStart: () => this.mayStart() },
      ...(connect === undefined ? {} : { connect }),
    });
    this.#models = models;
    this.#applyLimits();
    if (this.#isDisposed) await models.close();
    return models;
  }

  /**
   * Asks the servers of tools what they have. Throws `ConfigError` where that is not what columns want; one that does not answer
   * is waited for once a cell needs it.
   */
  async checkTools(): Promise<void> {
    const { signal } = new AbortController();
    for (const [alias, { use, timeoutMs }] of Object.entries(this.#options.settings.tools?.aliases ?? {})) {
      try {
        const chosen = await askForTools(use, { servers: this.tools, timeoutMs, signal });
        if ('problem' in chosen) throw ConfigError.about(null, `tools "${alias}": ${chosen.problem}`);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        if (error.failure === 'denied') throw ConfigError.about(null, error.message);
      }
    }
  }

  /** HTTP is loaded with the first call: builds whose models are simulated need none. */
  #openServices(): Promise<Services> {
    const { environment } = this.#options.process;
    this.#services ??= import('../models/http/services.ts').then(
      (module) => new module.Services(environment),
    );
    return this.#services;
  }

  /** Whom calls under a limiter ask. Throws as {@link openModels}. */
  async wayTo(ref: LimiterRef): Promise<Way> {
    if ('model' in ref) {
      const model = (await this.openModels()).forAlias(ref.model);
      const key = modelKeyOf(ref.model, this.#options);
      return { key, limiter: model.limiter, traits: model.traits, host: model.client.host, model };
    }
    const key = plainKeyOf(ref);
    const way = this.#ways.get(key) ?? this.#openWay(ref, key);
    this.#ways.set(key, way);
    return way;
  }

  #openWay(ref: PlainRef, key: string): Way {
    const isOfHost = 'host' in ref;
    const tools = 'tools' in ref ? { servers: this.tools, name: ref.tools } : null;
    const limiter = this.#options.process.limiters.plain(key, capOf(ref));
    const asker = { mayStart: () => this.mayStart() };
    return {
      key,
      limiter: {
        acquire: (signal) => limiter.acquire(signal, asker),
        get answered() {
          return limiter.answered;
        },
      },
      traits: new ModelTraits({ hasAnswered: () => limiter.answered > 0 }),
      host: isOfHost ? ref.host : null,
      model: null,
      ...(tools === null ? {} : { tools }),
      ...(isOfHost
        ? { services: { post: async (request) => (await this.#openServices()).post(request) } }
        : {}),
    };
  }

  /**
   * Ends the build with a reason for people, and what they have to do before the same command can go on: no new calls
   * from now on, complete rows are written.
   */
  stop(what: string, remedy?: string): void {
    const reason = remedy === undefined ? what : `${what} · ${remedy}, ${SAME_COMMAND}`;
    this.gate.end();
    if (this.#isStopping) return;
    this.#isStopping = true;
    // A process that is killed while it stops was not killed by a cell: people have lost patience.
    this.flights.dispose();
    const isOver = async () => this.#isDisposed || this.fence.look();
    void tellStop(this.#workflow, { reason, isOver, onUnheard: this.#options.process.onUnheard });
  }

  /** A cell failed for good. */
  cellFailed(column: string, { row, error }: Pick<CellRecord, 'row' | 'error'>): void {
    if (!this.#options.settings.endsAtFailuresOf?.includes(column)) return;
    this.stop(`Column "${column}" failed in row ${row}: ${error?.message}`, 'correct that');
  }

  dispose(): void {
    this.#isDisposed = true;
    this.gate.dispose();
    this.flights.dispose();
    void this.#models?.close();
    void this.tools.close();
    void this.#services?.then((services) => services.close());
  }

  /** Throws `ConfigError` where this process cannot ask it. */
  #findToolServer(name: string): Promise<ToolServer> {
    const { settings, process } = this.#options;
    const found = settings.tools?.servers.find((server) => server.name === name);
    if (found === undefined) throw new RangeError(`No MCP provider "${name}" in the settings`);
    const { environment } = process;
    return openToolServer(found, { environment, home: environment.HOME ?? homedir(), cwd: currentFolder() });
  }

  async #askControl(): Promise<Control | null> {
    const control = await this.#workflow.askControl();
    if (control === null) this.#options.onOver();
    return control;
  }

  #heed({ limits }: Control): void {
    this.#limits = limits;
    this.#applyLimits();
    const silent = this.#models?.waitedFor().find(({ givesUpInMs }) => givesUpInMs <= 0);
    if (silent === undefined) return;
    const { model, host, silentMs, why } = silent;
    const lasted = `has accepted no call for ${Math.round(silentMs / 1_000)} s`;
    this.stop(`Model "${model}" at ${host} ${lasted}: ${why}`, 'see that it answers');
  }

  #applyLimits(): void {
    for (const [alias, max] of Object.entries(this.#limits.maxParallelRequests))
      this.#models?.setMax(alias, max);
  }

  #lookAround(): void {
    const { process, onOver } = this.#options;
    process.limiters.noteSilence();
    if (this.fence.isFenced) onOver();
    // What cannot be looked at now is looked at again in a second; a call in between finds out for itself.
    this.fence.look().catch(() => undefined);
    this.#checkPlace().catch(() => undefined);
    this.spending.look().catch(() => undefined);
  }

  /** Nothing more may be paid for where the dataset's folder was moved, removed or unmounted, or its disk is full. */
  async #checkPlace(): Promise<void> {
    const fault = await this.#findFaultOfPlace();
    if (fault !== undefined) this.stop(`Cannot write "${this.#options.dataset.directory}": ${fault}`);
  }

  async #findFaultOfPlace(): Promise<string | undefined> {
    const { dataset, ref } = this.#options;
    const found = await dataset.find();
    if (found === undefined) return `the dataset's folder is gone: ${WHY_GONE}`;
    if (found.id !== ref.datasetId) return 'another dataset stands in its place';
    const freeBytes = await dataset.files.freeBytes();
    if (freeBytes >= MIN_FREE_BYTES) return undefined;
    const left = `${Math.floor(freeBytes / 1024 / 1024)} of the ${MIN_FREE_BYTES / 1024 / 1024} MB that a build keeps free`;
    return `the disk is full, ${left} are left`;
  }
}

type PlainRef = Exclude<LimiterRef, { readonly model: string }>;

function capOf(ref: PlainRef): number {
  if ('host' in ref) return ref.max;
  if ('threads' in ref) return availableParallelism();
  return 'tools' in ref ? MAX_CALLS_TO_A_TOOL_SERVER : MAX_CALLS_TO_A_QUEUE;
}
