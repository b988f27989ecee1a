import type { ClientConnectConfig } from '@temporalio/envconfig';
import type { Environment } from '../proxies.ts';

/** A server that answers. */
export interface ResolvedServer {
  /** Holds secrets: never printed. `proxy.ts` has what `Connection.connect` and `NativeConnection.connect` take. */
  readonly connectionOptions: Pick<
    ClientConnectConfig['connectionOptions'],
    'apiKey' | 'metadata' | 'tls'
  > & {
    readonly address: string;
  };
  /** Names the proxies. */
  readonly environment: Environment;
  readonly namespace: string;
  /** It is of one directory of this machine, and ends with its users. */
  readonly isEmbedded: boolean;
  /** For people: `embedded · http://127.0.0.1:8234`, `temporal.example:7233 · namespace default`. */
  readonly label: string;
  /** Lets an embedded server end when nobody else uses it. */
  release(): Promise<void>;
}
