// Connections to one endpoint: kept for the next call, through the proxy that the environment names, and never with bytes
// of one call left for the next.
//
// HTTP does not say which call an answer belongs to: what comes first after a request is taken for its answer. An endpoint
// that answers one call twice would so put an answer into another cell. Three things keep that from happening:
//   - A connection rests after an answer before it is used again; what comes meanwhile ends it.
//   - An endpoint that was seen to send such bytes once gets a new connection for each call from then on.
//   - What comes later still is told by the id of the answer: two answers of one connection have two (provider-endpoint.ts).

import { EventEmitter } from 'node:events';
import { Client, type Dispatcher, errors, Pool } from 'undici';
import { dispatcherThrough } from '../../dispatchers.ts';
import { type Environment, proxyOf } from '../../proxies.ts';

/** Long enough for what a server writes right after an answer, short enough to cost few further connections. */
const REST_MS = 100;

/** `call.connection` is set to the connection that the request got. */
export interface Request extends Dispatcher.DispatchOptions {
  readonly call: { connection: object };
}

export interface ConnectionOptions {
  readonly environment: Environment;
  /** Further calls wait for one that becomes free; null: each call that finds none free opens one. */
  readonly maxConnections: number | null;
}

/** The connections to one endpoint. */
export class Connections {
  readonly #proxy: URL | null;
  /** The last one takes new calls; one before it only ends those that were in flight on it. */
  readonly #opened: Dispatcher[];
  #isKept: boolean;

  readonly #max: number | null;

  /** Throws `ConfigError` for a proxy that is no URL. */
  constructor(endpoint: URL, { environment, maxConnections }: ConnectionOptions) {
    this.#max = maxConnections;
    this.#proxy = proxyOf(endpoint, environment);
    // Through SOCKS undici makes its own connections, which do not rest: kept, one could bring an answer one call late.
    this.#isKept = !/^socks/.test(this.#proxy?.protocol ?? '');
    this.#opened = [this.#open()];
  }

  dispatch(request: Request, handler: Dispatcher.DispatchHandler): void {
    this.#opened.at(-1)!.dispatch({ ...request, reset: !this.#isKept }, handler);
  }

  /** From now on each call has a connection of its own. */
  distrust(): void {
    if (!this.#isKept) return;
    this.#isKept = false;
    // Calls in flight go on. Where `close` below ends them first, this rejects, which is no error.
    this.#opened
      .at(-1)!
      .close()
      .catch(() => undefined);
    this.#opened.push(this.#open());
  }

  /** Ends calls in flight too. */
  async close(): Promise<void> {
    await Promise.all(this.#opened.map((dispatcher) => dispatcher.destroy()));
  }

  #open(): Dispatcher {
    const onExcess = () => this.distrust();
    const factory = (origin: string | URL, options: object) =>
      new Pool(origin, { ...options, factory: (url, each) => new RestingClient(url, each, onExcess) });
    // A call's own deadline ends it (http-endpoint.ts); undici's limits would end one that may take longer.
    const options = { factory, connections: this.#max, headersTimeout: 0, bodyTimeout: 0 };
    return dispatcherThrough(this.#proxy, options);
  }
}

/** One connection: free for its next call only when it has been quiet for a while since the last one. */
class RestingClient extends Client {
  constructor(url: string | URL, options: object, onExcess: () => void) {
    super(url, options);
    this.on('disconnect', (_origin, _targets, error) => {
      if (error instanceof errors.HTTPParserError || error.message === 'bad response') onExcess();
    });
  }

  override dispatch(request: Request, handler: Dispatcher.DispatchHandler): boolean {
    request.call.connection = this;
    return super.dispatch(request, handler);
  }

  /** A pool gives a client its next call when it says `drain`: said later, the connection rests until then. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const pass = () => EventEmitter.prototype.emit.call(this, event, ...values);
    if (event !== 'drain' || !this.stats.connected) return pass();
    setTimeout(pass, REST_MS).unref();
    return true;
  }
}
