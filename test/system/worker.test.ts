// A worker that stays, with the builds that were handed to it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Connected, connect } from '../../src/client/build/connection.ts';
import { startBuild } from '../../src/client/build/start-build.ts';
import { acceptWish, openWish } from '../../src/client/wish/wish.ts';
import { storeTaskQueue } from '../../src/protocol.ts';
import { resolveServer } from '../../src/server/connect.ts';
import type { ResolvedServer } from '../../src/server/resolved-server.ts';
import { openStore } from '../../src/store/store.ts';
import { installRuntime, type RunningWorker, startWorker } from '../../src/worker.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';
import { WishPlace } from '../support/wish-place.ts';

/** Twice and a half as long as a build that is served waits before it asks again. */
const SILENCE_MS = 2_500;

let serverFolder: string;
let server: ResolvedServer;
let connected: Connected;
let connection: NativeConnection;
let mock: MockModelServer;
let place: WishPlace;
let worker: RunningWorker;

beforeEach(async () => {
  installRuntime();
  serverFolder = mkdtempSync(join(tmpdir(), 'rowloom-worker-server-'));
  server = await resolveServer({
    directory: serverFolder,
    environment: { PATH: process.env.PATH, HOME: process.env.HOME },
    say: () => undefined,
  });
  connected = await connect(server);
  connection = await NativeConnection.connect(server.connectionOptions);
  mock = await startMockModelServer();
  mock.setLatency({ latencyMs: 0, jitter: 1 });
  place = new WishPlace({ mock, address: server.connectionOptions.address });
  const store = await openStore(place.path(), { access: 'build' });
  worker = await startWorker({
    connection,
    client: connected.client,
    namespace: server.namespace,
    taskQueue: storeTaskQueue(store.id),
    store,
    environment: {},
  });
});

afterEach(async () => {
  await worker.shutdown();
  await connection.close();
  await connected.close();
  await server.release();
  await mock.close();
  place.dispose();
  rmSync(serverFolder, { recursive: true, force: true });
});

/** Hands a build to the worker; returns the id of its workflow. */
async function start(rows: number): Promise<string> {
  place.write();
  const wish = await openWish({
    ...{ target: 'tickets.yaml', rows, cwd: place.directory, home: place.directory, environment: {} },
    ...{ isSimulated: false, isNew: false, keep: false, redo: [] },
  });
  const started = await startBuild({ wish: await acceptWish(wish), connected, isReplacing: false });
  if (started === 'outdated') throw new Error('Another build has begun');
  return started.start.workflowId;
}

it('asks nothing any more for builds that have ended, whichever way', async () => {
  const { workflow, workflowService } = connected.client;
  const queries = vi.spyOn(workflowService, 'queryWorkflow');
  for (const rows of [4, 8]) await workflow.getHandle(await start(rows)).result();
  mock.setLatency({ latencyMs: 2_000, jitter: 1 });
  const terminated = await start(12);
  await until(() => worker.builds.calls().inFlight > 0);
  await workflow.getHandle(terminated).terminate('by somebody in the UI');
  await until(() => worker.builds.calls().inFlight === 0);
  await sleep(SILENCE_MS);
  queries.mockClear();
  await sleep(SILENCE_MS);
  expect(queries).not.toHaveBeenCalled();
  expect(worker.builds.calls().answered).toBeGreaterThanOrEqual(8 * 3);
});
