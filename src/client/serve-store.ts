// `worker` and `dev`: a process that serves the builds that `start` hands to a store's queue.

import { NativeConnection } from '@temporalio/worker';
import { storeTaskQueue } from '../protocol.ts';
import type { ResolvedServer } from '../server/connect.ts';
import type { Store } from '../store/store.ts';
import { installRuntime, startWorker } from '../worker.ts';
import { connect } from './build.ts';

/** Serves until the signal fires, then ends what is in hand. */
export async function serveStore(options: {
  readonly store: Store;
  readonly server: ResolvedServer;
  readonly environment: NodeJS.ProcessEnv;
  readonly stopSignal: AbortSignal;
  readonly onReady: () => void;
}): Promise<void> {
  const { store, server, environment, stopSignal, onReady } = options;
  installRuntime();
  const connected = await connect(server);
  const connection = await NativeConnection.connect(server.connectionOptions);
  try {
    const worker = await startWorker({
      connection,
      client: connected.client,
      namespace: server.namespace,
      taskQueue: storeTaskQueue(store.id),
      store,
      environment,
    });
    onReady();
    const stopped = new Promise<void>((resolve) => {
      if (stopSignal.aborted) resolve();
      stopSignal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([stopped, worker.ended]);
    await worker.shutdown();
  } finally {
    await connection.close();
    await connected.close();
  }
}
