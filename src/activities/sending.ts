import type { CellKey, Sending, Sent } from '../columns/calls.ts';
import { loadMedia } from '../columns/media/load-media.ts';
import { CellError } from '../errors.ts';
import type { LocalMedia } from '../local-media.ts';
import { cancelled } from '../models/failures.ts';
import type { Services } from '../models/http/services.ts';
import type { Model } from '../models/models.ts';
import type { ModelTraits } from '../models/traits.ts';
import type { CallLimiter } from '../models/waiting-line.ts';
import { DeadThreadError, runInThread } from '../threads.ts';
import type { ToolServers } from '../tools/tool-servers.ts';

/** Whom calls ask. */
export interface Way {
  /** The limiter's. */
  readonly key: string;
  readonly limiter: CallLimiter;
  readonly traits: ModelTraits;
  readonly host: string | null;
  /** Null where no model is asked. */
  readonly model: Pick<Model, 'client' | 'name' | 'timeoutMs'> | null;
  /** Where a service is asked. */
  readonly services?: Pick<Services, 'post'>;
  /** Where tools are called: the server of that name. */
  readonly tools?: { readonly servers: Pick<ToolServers, 'list' | 'call'>; readonly name: string };
}

export interface SendingOptions {
  readonly column: string;
  /** Ends the call in flight. */
  readonly cut: AbortSignal;
  /** The files that cells name. */
  readonly local: LocalMedia;
}

/** How one request goes its way. */
export class WaySending implements Sending {
  readonly #options: SendingOptions;
  readonly #way: Way;
  readonly #mayHaveSchema: boolean;
  readonly #first: CellKey;
  /** Whether it was sent with its schema. */
  hasSchema = false;

  constructor(
    options: SendingOptions,
    of: { readonly way: Way; readonly mayHaveSchema: boolean; readonly cells: readonly CellKey[] },
  ) {
    this.#options = options;
    this.#way = of.way;
    this.#mayHaveSchema = of.mayHaveSchema;
    this.#first = of.cells[0]!;
  }

  get signal(): AbortSignal {
    return this.#options.cut;
  }

  async inThread<Output>(file: URL, input: unknown): Promise<Sent<Output>> {
    try {
      return { answer: await runInThread(file, input, { signal: this.signal }), cost: null };
    } catch (error) {
      if (this.signal.aborted) throw cancelled();
      if (!(error instanceof DeadThreadError)) throw error;
      throw new CellError('CrashedThread', `Making it crashed the worker thread: ${error.message}`);
    }
  }

  async chat({ messages, parameters, tools, responseSchema }: Parameters<Sending['chat']>[0]) {
    const { traits } = this.#way;
    this.hasSchema =
      responseSchema !== null && this.#mayHaveSchema && traits.sendsSchema(this.#options.column);
    const { client, request } = this.#request();
    const schema = this.hasSchema ? responseSchema : null;
    const loaded = await loadMedia(messages, this.#options.local);
    const answer = await client.chat({
      ...{ ...request, messages: loaded, parameters, responseSchema: schema },
      ...(tools === undefined ? {} : { tools }),
    });
    return { answer, cost: answer };
  }

  async embed({ inputs, parameters }: Parameters<Sending['embed']>[0]) {
    const { client, request } = this.#request();
    const { vectors, promptTokens, status } = await client.embed({ ...request, inputs, parameters });
    return { answer: vectors, cost: { promptTokens, completionTokens: 0, status } };
  }

  async picture({ messages, parameters }: Parameters<Sending['picture']>[0]) {
    const { client, request } = this.#request();
    const loaded = await loadMedia(messages, this.#options.local);
    const answer = await client.picture({ ...request, messages: loaded, parameters });
    return { answer, cost: answer };
  }

  fetch(url: string): Promise<Buffer> {
    const { client, request } = this.#request();
    return client.fetch(url, request);
  }

  async listTools(timeoutMs: number) {
    const { servers, name } = this.#tools();
    return servers.list(name, { timeoutMs, signal: this.signal });
  }

  async callTool(request: Parameters<Sending['callTool']>[0]) {
    const { servers, name } = this.#tools();
    const answer = await servers.call(name, { ...request, signal: this.signal });
    return { answer, cost: { promptTokens: 0, completionTokens: 0, status: 200 } };
  }

  async post(request: Parameters<Sending['post']>[0]) {
    const { services } = this.#way;
    if (services === undefined)
      throw new TypeError('Cannot ask a service under the limiter of something else');
    const cell = { column: this.#options.column, row: this.#first.row };
    const answer = await services.post({ ...request, signal: this.signal, cell });
    return { answer, cost: { promptTokens: 0, completionTokens: 0, status: 200 } };
  }

  #tools() {
    const { tools } = this.#way;
    if (tools === undefined) throw new TypeError('Cannot call a tool under the limiter of something else');
    return tools;
  }

  #request() {
    const { model } = this.#way;
    if (model === null) throw new TypeError('Cannot ask a model under the limiter of something else');
    const { client, name, timeoutMs } = model;
    const { column, cut } = this.#options;
    const cell = { column, row: this.#first.row };
    return { client, request: { model: name, timeoutMs, signal: cut, cell } };
  }
}
