// Connections to one endpoint: kept for the next call, through the proxy that the environment names, and never with bytes
// of one call left for the next.
//
// HTTP does not say which call an answer belongs to: what comes first after a request is taken for its answer. An endpoint
// that answers one call twice would so put an answer into another cell. Three things keep that from happening:
//   - A connection rests after an answer before it is used again; what comes meanwhile ends it.
//   - An endpoint that was seen to send such bytes once gets a new connection for each call from then on.
//   - What comes later still is told by the id of the answer: two answers of one connection have two (client.ts).

import { EventEmitter } from 'node:events';
import { BlockList, isIP } from 'node:net';
import { Agent, Client, type Dispatcher, errors, Pool, ProxyAgent } from 'undici';
import { ConfigError } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';

export type Environment = { readonly [name: string]: string | undefined };

/** Long enough for what a server writes right after an answer, short enough to cost few further connections. */
const REST_MS = 100;

/** This machine: never reached through a proxy. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\])$/.test(
    hostname,
  );
}

/** `call` learns which connection it got. */
export interface Request extends Dispatcher.DispatchOptions {
  readonly call: { connection: object };
}

/** As many connections as there are calls in flight, and those at rest: the limiters bound the calls. */
export class Connections {
  readonly #proxy: URL | null;
  /** The last one is in use, the first one too while calls are in flight on it. */
  readonly #opened: Dispatcher[];
  #isKept: boolean;

  /** Throws `ConfigError` for a proxy that is no URL. */
  constructor(endpoint: URL, environment: Environment) {
    this.#proxy = proxyOf(endpoint, environment);
    // Those that undici has for SOCKS know no rest.
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
    // Calls in flight end as they may.
    this.#opened.at(-1)!.close();
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
    // Each call has a deadline of its own.
    const options = { factory, headersTimeout: 0, bodyTimeout: 0 };
    return this.#proxy === null ? new Agent(options) : new ProxyAgent({ ...options, uri: this.#proxy.href });
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

  /** A pool gives no call to a client until it says `drain`. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const pass = () => EventEmitter.prototype.emit.call(this, event, ...values);
    if (event !== 'drain' || !this.stats.connected) return pass();
    setTimeout(pass, REST_MS).unref();
    return true;
  }
}

/** Loopback has none, nor what NO_PROXY names. As for curl and httpx one may be named without `http://`. */
function proxyOf(endpoint: URL, environment: Environment): URL | null {
  const spellings = (name: string) =>
    [name.toLowerCase(), name].map((spelling) => findOwn(environment, spelling));
  if (isLoopback(endpoint) || isExcepted(endpoint, spellings('NO_PROXY').join())) return null;
  const names = endpoint.protocol === 'https:' ? ['HTTPS_PROXY', 'HTTP_PROXY'] : ['HTTP_PROXY'];
  for (const name of [...names, 'ALL_PROXY']) {
    const address =
      spellings(name)
        .find((given) => given !== undefined)
        ?.trim() ?? '';
    if (address === '') continue;
    const url = address.includes('://') ? address : `http://${address}`;
    if (URL.canParse(url)) return new URL(url);
    const message = `${name} is no address of a proxy such as http://proxy.example.com:8080`;
    throw new ConfigError([{ file: null, line: null, column: null, level: 'error', message }]);
  }
  return null;
}

/** `*`, `example.com` and `.example.com` with all below, either with a port, an address, a network as `10.0.0.0/8`. */
function isExcepted({ protocol, hostname, port }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  const portOf = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const network = /^(.+)\/(\d+)$/.exec(entry);
      if (network !== null) return isInside(host, network[1]!, Number(network[2]));
      // An IPv6 address with a port stands in brackets.
      const [, name = entry, only = portOf] =
        isIP(entry) === 6 ? [] : (/^(.+?)(?::(\d+))?$/.exec(entry) ?? []);
      const bare = name.replace(/^\*?\.(?=.)|^\[|\]$/g, '');
      return bare === '*' || (only === portOf && bare !== '' && (host === bare || host.endsWith(`.${bare}`)));
    });
}

function isInside(host: string, network: string, bits: number): boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  try {
    block.addSubnet(network, bits, family);
    return block.check(host, family);
  } catch {
    return false;
  }
}
