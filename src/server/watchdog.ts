// The process that owns the embedded server of one directory: starts it, starts it again when it dies, ends it
// after its last user. Run as `node watchdog.js '<WatchdogOptions as JSON>'`. Its stdout and
// stderr are the log. Node built-ins only: it starts in the time a command waits.
//
// Users are open connections to the control port. The kernel closes them however a user dies, and closes the
// port however the watchdog dies, so neither side keeps lists of who is alive.
//
// claiming  Only the holder of the directory's claim goes on. It kills the server that a killed watchdog left
//           behind, and takes ports: the control port stays bound, so two directories never share a set.
// booting   A server process was started and does not answer yet. It has `BOOT_LIMIT_MS`, and
//           `MAX_FAILED_BOOTS` in a row end the watchdog with exit code 1, the reason in the log's last line.
// serving   The server answers: every user is told `ServerState` as one line of JSON, old ones again after a
//           restart. When the server dies: booting. When there has been no user for `lingerMs`: ending.
// ending    The server was asked to end. If a user came meanwhile: booting. Else the watchdog ends, exit code 0.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isServing } from './probe-server.ts';
import { killAndWait } from './processes.ts';
import {
  claimDirectory,
  DATABASE_NAME,
  findServerState,
  findServers,
  HOST,
  holdsClaim,
  lastLogLine,
  NAMESPACE,
  type ServerState,
  writeServerState,
} from './server-files.ts';

export interface WatchdogOptions {
  /** `.rowloom/`, absolute. */
  readonly directory: string;
  /** The Temporal CLI. */
  readonly binary: string;
  readonly lingerMs: number;
}

/** 7233 is where people's own servers listen. All ports stay below those that systems give to outgoing calls. */
const FIRST_PORT = 7234;
const LAST_PORT = 7433;
const UI_PORT_OFFSET = 1000;
const CONTROL_PORT_OFFSET = 2000;
/** A port comes free a moment after its owner died. Starts name the server by its port, so the same one is waited for. */
const KEEP_PORT_LIMIT_MS = 500;

const BOOT_LIMIT_MS = 30_000;
const MAX_FAILED_BOOTS = 4;
const FAILED_BOOT_PAUSE_MS = 250;
const PROBE_INTERVAL_MS = 20;
const PROBE_LIMIT_MS = 1_000;
/** How late the end of the last user is noticed. A death of the server is noticed at once. */
const WATCH_INTERVAL_MS = 250;
/** The server takes 1.2 s to end by itself. Killing it is safe too: its database is a file. */
const END_LIMIT_MS = 4_000;

const SQLITE_PRAGMAS = ['journal_mode=WAL', 'synchronous=NORMAL'];

/** Without the first, every step waits for a tick of 50 ms. The last lets a build start again within a second. */
const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'matching.rps=10000',
  'frontend.rps=10000',
  'frontend.namespaceRPS=10000',
  'frontend.namespaceCount=5000',
  'history.rps=20000',
  'history.timerProcessorMaxPollRPS=200',
  // Without it a timer of a millisecond takes a second, and with it every update and retry.
  'history.timerProcessorMaxTimeShift="10ms"',
  'history.visibilityProcessorMaxPollRPS=200',
  'history.workflowIdReuseMinimalInterval=0',
];

class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #claim: number;
  readonly #users = new Set<Socket>();
  #ports: Pick<ServerState, 'port' | 'uiPort' | 'controlPort'> | undefined;
  #server: ChildProcess | undefined;
  #announcement: string | undefined;
  #lastUsedAt = Date.now();
  #isAskedToEnd = false;

  constructor(options: WatchdogOptions, claim: number) {
    this.#options = options;
    this.#claim = claim;
    process.on('exit', () => this.#server?.kill('SIGKILL'));
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(name, () => {
        this.#isAskedToEnd = true;
      });
    }
  }

  /** Resolves when there is nothing left to watch. Throws if the server cannot be started. */
  async run(): Promise<void> {
    const { directory } = this.#options;
    for (const orphan of findServers(directory)) await killAndWait(orphan, END_LIMIT_MS);
    await this.#takePorts();
    let failedBoots = 0;
    do {
      if (await this.#boot()) {
        failedBoots = 0;
        await this.#serve();
      } else if (++failedBoots === MAX_FAILED_BOOTS) {
        throw new Error(`the server does not start: ${lastLogLine(directory)}`);
      } else {
        await sleep(FAILED_BOOT_PAUSE_MS);
      }
      await this.#endServer();
    } while (!this.#isOver());
  }

  async #takePorts(): Promise<void> {
    const remembered = findServerState(this.#options.directory)?.port;
    if (remembered !== undefined) {
      for (
        const deadline = Date.now() + KEEP_PORT_LIMIT_MS;
        Date.now() < deadline;
        await sleep(PROBE_INTERVAL_MS)
      ) {
        if (await this.#takePort(remembered)) return;
      }
    }
    for (let port = FIRST_PORT; port <= LAST_PORT; port++) {
      if (await this.#takePort(port)) return;
    }
    throw new Error(`no free port among ${FIRST_PORT}-${LAST_PORT} for the server`);
  }

  async #takePort(port: number): Promise<boolean> {
    const [uiPort, controlPort] = [port + UI_PORT_OFFSET, port + CONTROL_PORT_OFFSET];
    const control = await listen(controlPort);
    if (control === undefined) return false;
    if (!(await isFree(port)) || !(await isFree(uiPort))) {
      control.close();
      return false;
    }
    control.on('connection', (socket) => this.#addUser(socket));
    this.#ports = { port, uiPort, controlPort };
    return true;
  }

  #addUser(socket: Socket): void {
    this.#users.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#users.delete(socket);
      this.#lastUsedAt = Date.now();
    });
    socket.resume();
    if (this.#announcement !== undefined) socket.write(this.#announcement);
  }

  /** Starts the server and waits until it answers; false if it ended or did not answer in time. */
  async #boot(): Promise<boolean> {
    const { directory, binary } = this.#options;
    const { port, uiPort, controlPort } = this.#ports!;
    const server = spawn(binary, serverArguments({ port, uiPort }), {
      // The folder is what the server is found by, and its database is named from there: SQLite takes the name for a URI, in
      // which a folder called "100%25" is another one.
      cwd: directory,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    this.#server = server;
    server.on('error', (error) => console.error(`Cannot run ${binary}: ${error.message}`));
    const state: ServerState = {
      formatVersion: 1,
      watchdog: this.#claim,
      host: HOST,
      port,
      uiPort,
      controlPort,
      pid: server.pid ?? 0,
    };
    writeServerState(directory, state);
    for (const deadline = Date.now() + BOOT_LIMIT_MS; Date.now() < deadline && isRunning(server); ) {
      if (await isServing(`${HOST}:${port}`, { namespace: NAMESPACE, limitMs: PROBE_LIMIT_MS })) {
        this.#announcement = `${JSON.stringify(state)}\n`;
        for (const user of this.#users) user.write(this.#announcement);
        return true;
      }
      await sleep(PROBE_INTERVAL_MS);
    }
    return false;
  }

  async #serve(): Promise<void> {
    while (isRunning(this.#server) && !this.#isOver()) await endsWithin(this.#server, WATCH_INTERVAL_MS);
    this.#announcement = undefined;
  }

  #isOver(): boolean {
    const isUnused = this.#users.size === 0 && Date.now() - this.#lastUsedAt >= this.#options.lingerMs;
    // Without its claim another watchdog owns the directory, or nobody will find the server again.
    return isUnused || this.#isAskedToEnd || !holdsClaim(this.#options.directory, this.#claim);
  }

  async #endServer(): Promise<void> {
    const server = this.#server;
    server?.kill('SIGTERM');
    for (const deadline = Date.now() + END_LIMIT_MS; isRunning(server); ) {
      await endsWithin(server, WATCH_INTERVAL_MS);
      // A command that connects now waits for the next server: the old one is killed instead of asked.
      if (this.#users.size > 0 || Date.now() > deadline) server.kill('SIGKILL');
    }
  }
}

function serverArguments(options: { port: number; uiPort: number }): string[] {
  return [
    ...['server', 'start-dev', '--ip', HOST, '--port', `${options.port}`, '--ui-port', `${options.uiPort}`],
    ...['--namespace', NAMESPACE, '--log-level', 'warn', '--db-filename', DATABASE_NAME],
    ...SQLITE_PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...DYNAMIC_CONFIG.flatMap((setting) => ['--dynamic-config-value', setting]),
  ];
}

function isRunning(server: ChildProcess | undefined): server is ChildProcess {
  return server?.pid !== undefined && server.exitCode === null && server.signalCode === null;
}

/** Waits for the end of a running server, at most that long. */
async function endsWithin(server: ChildProcess, limitMs: number): Promise<void> {
  await once(server, 'exit', { signal: AbortSignal.timeout(limitMs) }).catch(() => {});
}

/** A listener on the port, or undefined if it is taken. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST }, () => resolve(server));
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '') as WatchdogOptions;
  const claim = claimDirectory(options.directory);
  if (claim !== undefined) await new Watchdog(options, claim).run();
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    console.error(`Cannot keep the embedded Temporal server running: ${error.message}`);
    process.exit(1);
  },
);
