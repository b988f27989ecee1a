// What a kind of provider is: what its models can do, and the client that asks them.

import type { ProviderSettings } from '../../plan.ts';
import type { Environment } from '../../proxies.ts';
import type { Media, ModelClient } from '../model-client.ts';

export interface ClientOptions {
  readonly provider: ProviderSettings;
  readonly apiKey: string | null;
  /** With what the environment has for their `${NAME}`. */
  readonly headers: { readonly [name: string]: string };
  readonly environment: Environment;
  /** Null for as many as are needed. */
  readonly maxConnections: number | null;
}

export interface ProviderKind {
  /** Whether calls leave the process: they have an endpoint and need connections. */
  readonly isHosted: boolean;
  /** What chats are sent to, behind the endpoint. */
  readonly chatRoute: string;
  /** What its models can make, and be shown. Documents that ask one for more are refused. */
  readonly makes: readonly ('text' | 'embeddings' | 'images')[];
  readonly sees: readonly Media['modality'][];
  /** Fields of `extra_body` that it does not know: they are left out, with a warning. */
  readonly unsent: readonly string[];
  /** Whether a model that makes pictures is shown what stands beside its prompt. */
  readonly showsForImages: (model: string) => boolean;
  /** Clients throw `ConfigError` for options that nobody can work with. */
  readonly load: () => Promise<(options: ClientOptions) => ModelClient>;
}
