// `worker` and `dev`: a process that serves the builds that `start` hands to a store's queue.

import { once } from 'node:events';
import { NativeConnection } from '@temporalio/worker';
import { storeTaskQueue } from '../../protocol.ts';
import { workerOptions } from '../../server/proxy.ts';
import { openStore, type Store } from '../../store/store.ts';
import { installRuntime, startWorker } from '../../worker.ts';
import { storeFolder } from '../wish/store-folder.ts';
import { type ServerOptions, withServer } from './run-dataset.ts';

/**
 * Makes the store if there is none, and serves it until the signal fires: then no calls begin, and those in flight are
 * waited for.
 */
export async function serveStore(
  options: ServerOptions & {
    readonly stopSignal: AbortSignal;
    readonly onReady: (store: Store) => void;
  },
): Promise<void> {
  const { environment, stopSignal, onReady } = options;
  const store = await openStore(storeFolder(options), { access: 'build' });
  installRuntime();
  await withServer(options, async ({ client, server }) => {
    const connection = await NativeConnection.connect(workerOptions(server));
    try {
      const { namespace } = server;
      const taskQueue = storeTaskQueue(store.id);
      const worker = await startWorker({ connection, client, namespace, taskQueue, store, environment });
      onReady(store);
      if (!stopSignal.aborted) await Promise.race([once(stopSignal, 'abort'), worker.ended]);
      await worker.shutdown();
    } finally {
      await connection.close();
    }
  });
}
