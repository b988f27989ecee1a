// What a build costs: the command line from `dist/` as a process of its own, in a fresh folder with a fresh server,
// against the mock model over HTTP.

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { killAndWait } from '../src/server/processes.ts';
import { findServerState, HOST } from '../src/server/server-files.ts';
import { DATASET, Workplace } from '../test/support/build-harness.ts';
import type { CliProcess } from '../test/support/cli.ts';
import type { MockLatency, MockStats } from '../test/support/mock-model-server.ts';
import { until } from '../test/support/until.ts';
import { type MockProcess, startMockProcess } from './mock-process.ts';
import { type PeerBuild, type PeerMeasurement, runPeer } from './peer.ts';
import { ProcessUsage } from './process-usage.ts';
import { callsPerRow, idealRate, type ShapeName, shapeDocument } from './shapes.ts';

export interface BenchCase extends MockLatency {
  readonly shape: ShapeName;
  readonly rows: number;
  /** `max_parallel_requests` of each model. */
  readonly parallel: number;
}

export interface Measurement {
  readonly benchCase: BenchCase;
  /** Calls ÷ (last answer − first request). */
  readonly callsPerSecond: number;
  /** Of what the limits allow; null where calls take no time. */
  readonly idealShare: number | null;
  /** CPU of each from the first request to its end, in milliseconds a call. */
  readonly engineCpuMs: number;
  readonly serverCpuMs: number;
  readonly mockCpuMs: number;
  readonly parentEvents: number;
  /** Of the child with the longest history. */
  readonly childEvents: number;
  readonly peakRssMiB: number;
  /** Data Designer's `create` of the same document on the same mock; null where it is not measured. */
  readonly peer: PeerMeasurement | null;
}

export interface MeasureOptions {
  /** Data Designer's Python. */
  readonly peer?: string | null;
  /** For Node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

const KILL_LIMIT_MS = 5_000;
const NORMAL_P99 = 2.3263;

/** Runs one build to its end. Throws with what the command said when it does not end complete. */
export async function measureBuild(
  benchCase: BenchCase,
  { nodeOptions = [], peer = null }: MeasureOptions = {},
): Promise<Measurement> {
  return withPlace(benchCase, async ({ place, mock }) => {
    const run = place.run(['-n', `${benchCase.rows}`], { nodeOptions });
    const engine = new ProcessUsage(run.pid);
    const answering = new ProcessUsage(mock.pid);
    await until(() => place.server() !== undefined || !run.isRunning, { what: 'a Temporal server' });
    const serving = [place.server(), place.watchdog()].map((found) => new ProcessUsage(found?.pid ?? 0));
    const end = await run.ended;
    for (const usage of [engine, answering, ...serving]) usage.stop();
    if (end.code !== 0) throw new Error(`The build ended with ${end.code}:\n${end.talk}`);
    const { answered, firstRequestAt, lastAnswerAt } = await mock.stats();
    const startedAt = firstRequestAt ?? 0;
    const callsPerSecond = (answered * 1_000) / ((lastAnswerAt ?? 0) - startedAt);
    const cpuMs = (usages: readonly ProcessUsage[]) =>
      usages.reduce((sum, usage) => sum + usage.cpuMsSince(startedAt), 0) / answered;
    if (answered !== benchCase.rows * callsPerRow(benchCase.shape))
      throw new Error(`The mock answered ${answered} calls:\n${end.talk}`);
    return {
      benchCase,
      callsPerSecond,
      idealShare: benchCase.latencyMs === 0 ? null : callsPerSecond / idealRateOf(benchCase),
      engineCpuMs: cpuMs([engine]),
      serverCpuMs: cpuMs(serving),
      mockCpuMs: cpuMs([answering]),
      ...(await historyEvents(place)),
      peakRssMiB: engine.peakRssMiB,
      peer: peer === null ? null : await runPeer(peer, peerBuildOf(benchCase, mock)),
    };
  });
}

function peerBuildOf(benchCase: BenchCase, mock: MockProcess): PeerBuild {
  const document = shapeDocument({ ...benchCase, endpoint: mock.endpoint });
  return { how: 'create', document, mock, rows: benchCase.rows };
}

/**
 * Milliseconds that a build of 10 rows takes its workflow, at 16 parallel and 100 ms, on a worker that has served a larger
 * build: the best of three.
 */
export async function measureWarmBuild(): Promise<number> {
  const benchCase: BenchCase = { shape: 'narrow', rows: 10, parallel: 16, latencyMs: 100, jitter: 1 };
  return withPlace(benchCase, async ({ place }) => {
    await place.command(['dev']).says(/serving/);
    await buildThere(place, { name: 'warming', rows: 400 });
    for (const name of ['one', 'two', 'three']) await buildThere(place, { name, rows: benchCase.rows });
    return withClient(place, async (client) => {
      let bestMs = Number.POSITIVE_INFINITY;
      for await (const { type, startTime, closeTime } of client.workflow.list()) {
        if (type === 'generateDataset' && closeTime !== undefined)
          bestMs = Math.min(bestMs, closeTime.getTime() - startTime.getTime());
      }
      return bestMs;
    });
  });
}

async function buildThere(place: Workplace, { name, rows }: { name: string; rows: number }): Promise<void> {
  await completes(place.command(['start', `${DATASET}.yaml`, '-n', `${rows}`, '--name', name]));
  await completes(place.command(['watch', name]));
}

/** A build long enough to be disturbed in its middle. */
const DISTURBED: BenchCase = { shape: 'narrow', rows: 1_000, parallel: 64, latencyMs: 100, jitter: 1 };
const DISTURB_AFTER = 1_000;
const LOOK_EVERY_MS = 20;

/** Milliseconds from the command to its first new request, after the run, the server and its watchdog were killed. */
export async function measureRestart(): Promise<number> {
  return withPlace(DISTURBED, async ({ place, mock }) => {
    const killed = place.run(['-n', `${DISTURBED.rows}`]);
    await sees(mock, killed, ({ answered }) => answered >= DISTURB_AFTER);
    await killed.kill();
    await place.killServer();
    await mock.reset();
    const again = place.run();
    const { firstRequestAt } = await sees(mock, again, (stats) => stats.firstRequestAt !== null);
    return (firstRequestAt ?? 0) - again.startedAt;
  });
}

/** The longest time without a new request, in milliseconds, when the Temporal server of a running build is killed. */
export async function measureServerRestart(): Promise<number> {
  return withPlace(DISTURBED, async ({ place, mock }) => {
    const run = place.run(['-n', `${DISTURBED.rows}`]);
    let { requests } = await sees(mock, run, ({ answered }) => answered >= DISTURB_AFTER);
    const server = place.server();
    if (server === undefined) throw new Error(`The build has no server:\n${run.talk}`);
    await killAndWait(server, KILL_LIMIT_MS);
    let [requestAt, longestMs] = [Date.now(), 0];
    await sees(mock, run, (stats) => {
      if (stats.requests > requests) {
        longestMs = Math.max(longestMs, Date.now() - requestAt);
        requestAt = Date.now();
        requests = stats.requests;
      }
      return stats.answered >= DISTURBED.rows * callsPerRow(DISTURBED.shape);
    });
    return longestMs;
  });
}

/** Milliseconds from the SIGKILL of one of two workers until a call that it had in flight is made by the other. */
export async function measureWorkerLoss(): Promise<number> {
  return withPlace(DISTURBED, async ({ place, mock }) => {
    const workers = [place.command(['worker']), place.command(['worker'])] as const;
    await Promise.all(workers.map((worker) => worker.says(/^serving/m)));
    await completes(place.command(['start', `${DATASET}.yaml`, '-n', `${DISTURBED.rows}`]));
    const [lost, other] = workers;
    await sees(mock, other, ({ answered }) => answered >= DISTURB_AFTER);
    await lost.kill();
    const killedAt = Date.now();
    await sees(mock, other, ({ cells }) => Object.values(cells).some(({ requests }) => requests > 1));
    return Date.now() - killedAt;
  });
}

/** What the mock says once it is so. Throws when the command ends before. */
async function sees(
  mock: MockProcess,
  cli: CliProcess,
  isSo: (stats: MockStats) => boolean,
): Promise<MockStats> {
  for (;;) {
    const stats = await mock.stats();
    if (isSo(stats)) return stats;
    if (!cli.isRunning) throw new Error(`The command ended:\n${cli.talk}`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function completes(cli: CliProcess): Promise<void> {
  const { code, talk } = await cli.ended;
  if (code !== 0) throw new Error(`The command ended with ${code}:\n${talk}`);
}

/** The mean of the mock's latencies is above their median when they vary. */
function idealRateOf({ shape, parallel, latencyMs, jitter }: BenchCase): number {
  const sigma = Math.log(jitter) / NORMAL_P99;
  return idealRate({ shape, parallel, meanMs: latencyMs * Math.exp(sigma ** 2 / 2) });
}

async function withPlace<Result>(
  benchCase: BenchCase,
  measure: (within: { readonly place: Workplace; readonly mock: MockProcess }) => Promise<Result>,
): Promise<Result> {
  const mock = await startMockProcess(benchCase);
  const place = new Workplace();
  try {
    place.write(shapeDocument({ ...benchCase, endpoint: mock.endpoint }));
    return await measure({ place, mock });
  } finally {
    await place.dispose();
    await mock.close();
  }
}

async function withClient<Result>(
  place: Workplace,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const port = findServerState(place.serverFolder)?.port;
  const connection = await Connection.connect({ address: `${HOST}:${port}` });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function historyEvents(place: Workplace): Promise<Pick<Measurement, 'parentEvents' | 'childEvents'>> {
  return withClient(place, async (client) => {
    const lengths = { parentEvents: 0, childEvents: 0 };
    for await (const { type, historyLength } of client.workflow.list()) {
      const which = type === 'generateDataset' ? 'parentEvents' : 'childEvents';
      lengths[which] = Math.max(lengths[which], historyLength);
    }
    return lengths;
  });
}
