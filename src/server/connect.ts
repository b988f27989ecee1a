// Which Temporal server a command talks to: the one that was named, else the embedded one of its directory.
// A server that merely listens on 7233 was not named.

import type { Environment } from '../proxies.ts';
import { ensureServer } from './embedded-server.ts';
import type { ResolvedServer } from './resolved-server.ts';

export interface ResolveServerOptions {
  /** `--address`. */
  readonly address?: string;
  /** Names a server by `TEMPORAL_ADDRESS` or `TEMPORAL_PROFILE`; all other `TEMPORAL_*` settings apply to that. */
  readonly environment: Environment;
  /** `.rowloom/`, for the embedded server. */
  readonly directory: string;
  /** Told of downloads and restarts, in whole lines. */
  readonly say: (line: string) => void;
}

/** Finds or starts the server and makes sure that it answers and has the namespace. Throws a ServerError without secrets. */
export async function resolveServer(options: ResolveServerOptions): Promise<ResolvedServer> {
  const { address, environment } = options;
  const isNamed = [address, environment.TEMPORAL_ADDRESS, environment.TEMPORAL_PROFILE].some(Boolean);
  if (!isNamed) return embeddedServer(options);
  // Temporal's client takes longer to load than the embedded server to start; that one is reached without it.
  const { namedServer } = await import('./named-server.ts');
  return namedServer(options);
}

async function embeddedServer(options: ResolveServerOptions): Promise<ResolvedServer> {
  const server = await ensureServer(options);
  return {
    connectionOptions: { address: server.address },
    environment: options.environment,
    namespace: server.namespace,
    isEmbedded: true,
    label: `embedded · web UI ${server.uiUrl}`,
    release: () => server.release(),
  };
}
