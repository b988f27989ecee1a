// How a generator asks a model. Providers implement `ModelClient`; the limiter stands in front of it.

import type { Value } from '../values.ts';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** One request. `parameters` is the request body beside model and messages, exactly as it is sent. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly parameters: { readonly [key: string]: Value };
  /** A JSON Schema the answer has to obey, for providers with native structured output. */
  readonly responseSchema: { readonly name: string; readonly schema: Value } | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Which cell asks; sent to nobody but the simulated model and loopback test servers. */
  readonly cell: { readonly column: string; readonly row: number };
}

export interface ModelAnswer {
  readonly text: string;
  readonly reasoning: string | null;
  /** `other`: no reason, or one that nobody here knows. */
  readonly finish: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';
  /** The provider's own word for how the answer ended; null when it said nothing. */
  readonly finishReason: string | null;
  /** Why the model would not answer, in its words: not part of `text`. */
  readonly refusal: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly status: number;
}

/** Asks one model of one provider. Throws `ModelError` only. Never retries by itself. */
export interface ModelClient {
  readonly host: string;
  readonly isSimulated: boolean;
  ask(request: ModelRequest): Promise<ModelAnswer>;
}
