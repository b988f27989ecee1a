// The Temporal server of one directory, shared by all commands that run there. Whoever needs it and finds no
// living watchdog starts one; the watchdog does the rest. A user holds one connection to the watchdog; when
// that breaks, the watchdog is dead and the user starts the next, which takes the same database and ports.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ServerError } from '../errors.ts';
import { LOADER, ownFile } from '../own-files.ts';
import type { Environment } from '../proxies.ts';
import { findTemporalBinary } from './find-temporal-binary.ts';
import {
  findLivingClaim,
  findServerState,
  HOST,
  lastLogLine,
  NAMESPACE,
  type ServerState,
  serverFiles,
} from './server-files.ts';
import type { WatchdogOptions } from './watchdog.ts';

export interface EmbeddedServerOptions {
  /** `.rowloom/`: made if it is not there. */
  readonly directory: string;
  readonly environment: Environment;
  /** Told of downloads and of restarts, in whole lines. */
  readonly say: (line: string) => void;
  /** How long the server outlives its last user. Counts for the one who starts it; 3 s unless set. */
  readonly lingerMs?: number;
}

const LINGER_MS = 3_000;
const START_LIMIT_MS = 60_000;
const POLL_INTERVAL_MS = 10;
const FAILED_RESTART_PAUSE_MS = 1_000;
const LOG_LIMIT_BYTES = 10_000_000;

const WATCHDOG = fileURLToPath(ownFile('server/watchdog'));

/** Resolves when the server of the directory answers. Throws a ServerError that says why it cannot be started. */
export async function ensureServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const share = new EmbeddedServer({ ...options, directory: makeDirectory(options.directory) });
  await share.attach();
  return share;
}

/** The real path: two names of one directory must not lead to two servers on one database. */
function makeDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, '.gitignore'), '*\n');
    return realpathSync(path);
  } catch (error) {
    throw new ServerError(`Cannot start the embedded Temporal server: ${(error as Error).message}`);
  }
}

/** A share in the embedded server. While it is held, a server that dies is started again on the same database and ports. */
export class EmbeddedServer {
  readonly namespace = NAMESPACE;
  readonly #options: EmbeddedServerOptions;
  #server: ServerState | undefined;
  #socket: Socket | undefined;
  #isReleased = false;

  constructor(options: EmbeddedServerOptions) {
    this.#options = options;
  }

  /** `host:port` of the gRPC endpoint. */
  get address(): string {
    return `${HOST}:${this.#server?.port}`;
  }

  get uiUrl(): string {
    return `http://${HOST}:${this.#server?.uiPort}`;
  }

  /** The server's process, which changes when it is started again. */
  get pid(): number {
    return this.#server?.pid ?? 0;
  }

  /** Gives the share back. A process that ends gives it back too, however it ends. */
  async release(): Promise<void> {
    this.#isReleased = true;
    this.#socket?.destroy();
  }

  /** Starts a watchdog unless one lives, and resolves when it says that the server answers. */
  async attach(): Promise<void> {
    const { directory } = this.#options;
    let watchdog: ChildProcess | undefined;
    let deadline = Date.now() + START_LIMIT_MS;
    for (; Date.now() < deadline; await sleep(POLL_INTERVAL_MS)) {
      if (this.#isReleased) return;
      const claim = findLivingClaim(directory);
      const state = findServerState(directory);
      if (claim !== undefined) {
        const isListening = state?.watchdog === claim.number;
        if (isListening && (await this.#connect(state, deadline - Date.now()))) return;
      } else if (watchdog === undefined || watchdog.exitCode === 0 || watchdog.signalCode !== null) {
        const askedAt = Date.now();
        watchdog = await this.#spawnWatchdog();
        // A download of the server takes minutes on a slow network, and has limits of its own.
        deadline += Date.now() - askedAt;
      } else if (watchdog.exitCode !== null) {
        throw startFailure(directory, lastLogLine(directory));
      }
    }
    throw startFailure(directory, `no answer within ${START_LIMIT_MS / 1000} s`);
  }

  async #spawnWatchdog(): Promise<ChildProcess> {
    const { directory, environment, say, lingerMs = LINGER_MS } = this.#options;
    // `.rowloom` may have been removed since this command connected.
    makeDirectory(directory);
    const options: WatchdogOptions = {
      directory,
      lingerMs,
      binary: await findTemporalBinary({ directory, environment, say }),
    };
    const log = openLog(serverFiles(directory).log);
    // Of the environment only what a program needs to run: the server gets none of the user's keys and settings.
    const { PATH, HOME, TMPDIR } = environment;
    const watchdog = spawn(process.execPath, [...LOADER, WATCHDOG, JSON.stringify(options)], {
      stdio: ['ignore', log, log],
      env: { PATH, HOME, TMPDIR },
      // Node looks for `tsx` from there.
      cwd: dirname(WATCHDOG),
      // A process group of its own: Ctrl-C here does not reach it.
      detached: true,
    });
    closeSync(log);
    watchdog.unref();
    return watchdog;
  }

  /** Joins the watchdog's users; false if it goes away, or says nothing in `limitMs`. */
  #connect(state: ServerState, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(state.controlPort, state.host);
      const timer = setTimeout(() => socket.destroy(), limitMs);
      socket.on('error', () => {});
      let text = '';
      socket.setEncoding('utf8').on('data', (more: string) => {
        const lines = (text + more).split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) {
          clearTimeout(timer);
          this.#serverAnswers(JSON.parse(line) as ServerState);
          this.#socket = socket;
          // An open socket would keep a command alive that has nothing more to do.
          socket.unref();
          resolve(true);
        }
      });
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(false);
        if (this.#socket === socket && !this.#isReleased) void this.#attachAgain();
      });
    });
  }

  #serverAnswers(server: ServerState): void {
    const isRestart = this.#server !== undefined && this.#server.pid !== server.pid;
    this.#server = server;
    if (isRestart) this.#options.say(`the Temporal server had ended and was started again: ${this.uiUrl}`);
  }

  async #attachAgain(): Promise<void> {
    for (let lastFailure = ''; !this.#isReleased; await sleep(FAILED_RESTART_PAUSE_MS)) {
      try {
        await this.attach();
        break;
      } catch (error) {
        const { message } = error as Error;
        if (message !== lastFailure) this.#options.say(message);
        lastFailure = message;
      }
    }
    if (this.#isReleased) this.#socket?.destroy();
  }
}

function startFailure(directory: string, reason: string): ServerError {
  const { log, database } = serverFiles(directory);
  return new ServerError(
    `Cannot start the embedded Temporal server: ${reason}\n` +
      `  its log: ${log}\n` +
      `  to go on: name another server with --address, or delete ${database}*: no cell is lost by that`,
  );
}

function openLog(path: string): number {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > LOG_LIMIT_BYTES) renameSync(path, `${path}.old`);
  return openSync(path, 'a');
}
