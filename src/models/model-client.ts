// How a maker asks a model. Provider kinds implement `ModelClient`; the limiter stands in front of it.

import type { ToolCall } from '../turns.ts';
import type { Value } from '../values.ts';

/** An image, a sound or a video: an address of the web, or its bytes as a data URI. */
export interface Media {
  readonly modality: 'image' | 'audio' | 'video';
  readonly url: string;
}

/** What is sent. Contents are text, and what is shown beside it, before it, stands by itself. */
export type Message<Shown = Media> =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string; readonly media?: readonly Shown[] }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly toolCalls?: readonly ToolCall[];
      /** What it thought before it asked for tools: some models want that back. */
      readonly reasoning?: string;
    }
  /** What the tool call of that id came to. */
  | {
      readonly role: 'tool';
      readonly call: string;
      readonly content: string;
      readonly media?: readonly Media[];
    };

/** What all calls have. `parameters` are the fields of the body beside those built here, under OpenAI's names. */
export interface CallRequest {
  /** What the provider calls it. */
  readonly model: string;
  readonly parameters: { readonly [key: string]: Value };
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Which cell asks, of several the first; sent to nobody but the simulated model and loopback test servers. */
  readonly cell: { readonly column: string; readonly row: number };
}

/** A tool as a model is told of it. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** The JSON Schema of its arguments. */
  readonly parameters: Value;
}

export interface ChatRequest extends CallRequest {
  readonly messages: readonly Message[];
  /** What the model may ask for; left out where that is nothing. */
  readonly tools?: readonly ToolDefinition[];
  /** A JSON Schema the answer has to obey, for providers with native structured output. */
  readonly responseSchema: { readonly name: string; readonly schema: Value } | null;
}

export interface EmbeddingRequest extends CallRequest {
  readonly inputs: readonly string[];
}

/** Asks for pictures. Its one message is the prompt, with what is shown beside it. */
export interface ImageRequest extends CallRequest {
  readonly messages: readonly Message[];
}

/** What an answer took. */
export interface Tokens {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Of the prompt tokens those that the provider had in its cache; none where it says nothing. */
  readonly cachedTokens?: number;
  /** Of the completion tokens those of reasoning; none where it says nothing. */
  readonly reasoningTokens?: number;
}

/** A picture in an answer: its bytes, or where they are. */
export type Picture = { readonly base64: string } | { readonly url: string };

export interface ImageAnswer extends Tokens {
  readonly pictures: readonly Picture[];
  /** What the model says where there is no picture. */
  readonly text: string;
  readonly status: number;
}

export interface ModelAnswer extends Tokens {
  readonly text: string;
  readonly reasoning: string | null;
  readonly toolCalls: readonly ToolCall[];
  /** `other`: no reason, or one that nobody here knows. */
  readonly finish: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';
  /** The provider's own word for how the answer ended; null when it said nothing. */
  readonly finishReason: string | null;
  /** Why the model would not answer, in its words: not part of `text`. */
  readonly refusal: string | null;
  readonly status: number;
}

export interface EmbeddingAnswer {
  /** One for each input, in their order: see `encodeVector`. */
  readonly vectors: readonly string[];
  readonly promptTokens: number;
  readonly status: number;
}

/** Asks the models of one provider. Throws `ModelError` only. Never tries again by itself. */
export interface ModelClient {
  readonly host: string;
  chat(request: ChatRequest): Promise<ModelAnswer>;
  embed(request: EmbeddingRequest): Promise<EmbeddingAnswer>;
  picture(request: ImageRequest): Promise<ImageAnswer>;
  /** The bytes at an address that an answer named. */
  fetch(url: string, request: Pick<CallRequest, 'timeoutMs' | 'signal'>): Promise<Buffer>;
  /** Ends all connections, calls in flight too. */
  close(): Promise<void>;
}
