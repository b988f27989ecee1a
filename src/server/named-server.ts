// A Temporal server that was named: by `--address` or by the settings that the `temporal` CLI reads.

import { Connection, isGrpcServiceError } from '@temporalio/client';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { ServerError } from '../errors.ts';
import type { Environment } from '../proxies.ts';
import { clientOptions, findServerProxy } from './proxy.ts';
import type { ResolvedServer } from './resolved-server.ts';

const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';
const CONNECT_LIMIT_MS = 10_000;

const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** Makes sure that the server answers and has the namespace. Throws a ServerError without secrets. */
export async function namedServer({
  address: typed,
  environment,
}: {
  readonly address?: string;
  readonly environment: Environment;
}): Promise<ResolvedServer> {
  const config = loadConfig(environment);
  const { apiKey, metadata, tls } = config.connectionOptions;
  const address = typed || config.connectionOptions.address || DEFAULT_ADDRESS;
  const namespace = config.namespace ?? DEFAULT_NAMESPACE;
  const connectionOptions = {
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(tls === undefined ? {} : { tls }),
  };
  const place = { connectionOptions, environment };
  await checkNamespace(place, namespace);
  return {
    ...place,
    namespace,
    isEmbedded: false,
    label: `${address} · namespace ${namespace}`,
    release: async () => {},
  };
}

/** The settings that the `temporal` CLI reads, from environment and profile file. */
function loadConfig(environment: Environment): ClientConnectConfig {
  const settings = Object.entries(environment).filter((entry): entry is [string, string] =>
    Boolean(entry[1]),
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(settings) });
  } catch (error) {
    // A TOML error quotes the lines around it, where the keys are.
    const { message, line } = error as Error & { line?: number };
    const reason = line === undefined ? message : `the profile file is no valid TOML at line ${line}`;
    throw new ServerError(`Cannot read the TEMPORAL_* settings: ${reason}`);
  }
}

async function checkNamespace(
  place: Pick<ResolvedServer, 'connectionOptions' | 'environment'>,
  namespace: string,
): Promise<void> {
  const failure = (reason: string) =>
    new ServerError(`Cannot use the Temporal server at ${place.connectionOptions.address}: ${reason}`);
  const options = clientOptions(place);
  try {
    const connection = await Connection.connect({ ...options, connectTimeout: CONNECT_LIMIT_MS });
    try {
      await connection.withDeadline(Date.now() + CONNECT_LIMIT_MS, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    } finally {
      await connection.close();
    }
  } catch (error) {
    const { cause = error } = error as Error;
    const code = isGrpcServiceError(cause) ? cause.code : undefined;
    if (code === NOT_FOUND) throw failure(`it has no namespace "${namespace}"`);
    if (code === UNAUTHENTICATED || code === PERMISSION_DENIED) throw failure('it refuses the credentials');
    const isLate =
      code === DEADLINE_EXCEEDED || code === UNAVAILABLE || /deadline/.test((error as Error).message);
    if (!isLate) throw failure((error as Error).message);
    const { host } = findServerProxy(place.connectionOptions.address, place.environment) ?? {};
    const through = host === undefined ? '' : ` through the proxy ${host}`;
    throw failure(`no answer within ${CONNECT_LIMIT_MS / 1000} s${through}. Make sure that it runs there`);
  }
}
