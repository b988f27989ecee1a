// A client of a Temporal server, and what becomes of its calls when it is closed.

import {
  Client,
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { ServerError } from '../../errors.ts';
import { clientOptions } from '../../server/proxy.ts';
import type { ResolvedServer } from '../../server/resolved-server.ts';

export type ServerPlace = Pick<
  ResolvedServer,
  'connectionOptions' | 'environment' | 'namespace' | 'isEmbedded'
>;

export interface Connected {
  readonly client: Client;
  readonly server: ServerPlace;
  /** Calls that wait to be tried again are rejected in their time. */
  close(): Promise<void>;
}

export async function connect(
  server: ServerPlace,
  options: Pick<ConnectionOptions, 'connectTimeout'> = {},
): Promise<Connected> {
  const connection = await Connection.connect({
    ...clientOptions(server),
    ...options,
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), cancelAfterClose],
  }).catch(({ message }: Error) => {
    // Where no server listens, Temporal's client says only that its deadline has passed.
    const why = /deadline/i.test(message) ? 'nothing answers there. Make sure that it runs' : message;
    throw new ServerError(`Cannot use the Temporal server at ${server.connectionOptions.address}: ${why}`);
  });
  const client = new Client({
    connection,
    namespace: server.namespace,
    // A query to a workflow that has ended would make a worker replay it, and would not tell that it has ended.
    workflow: { queryRejectCondition: 'NOT_OPEN' },
  });
  return { client, server, close: () => connection.close() };
}

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/**
 * A try that is due after the close finds the channel shut down, which throws from a timer: nobody could catch that.
 * Here it ends as a cancelled call, which is not tried again.
 */
const cancelAfterClose: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as Call;
  } catch {
    return CANCELLED_CALL as Call;
  }
};

const CANCELLED = 1;

const CANCELLED_CALL: Partial<Call> = {
  start(metadata, listener) {
    listener?.onReceiveStatus?.({ code: CANCELLED, details: 'The connection was closed', metadata });
  },
  sendMessage: () => undefined,
  halfClose: () => undefined,
};
