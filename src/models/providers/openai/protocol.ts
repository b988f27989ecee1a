// What OpenAI and all who speak its language call things: the only place with their names of routes and fields.
// Of an answer every field may be absent, null or of another type: it is paid for, whatever stands beside its text.

import type { ToolCall } from '../../../turns.ts';
import { isValueList, isValueObject, type Value, type ValueObject } from '../../../values.ts';
import type { ProviderCall, Said } from '../../http/provider-endpoint.ts';
import type {
  ChatRequest,
  EmbeddingAnswer,
  EmbeddingRequest,
  Media,
  Message,
  ModelAnswer,
  ToolDefinition,
} from '../../model-client.ts';
import { decodeVector, encodeVector } from '../../vectors.ts';
import {
  errorIn,
  type Fields,
  fieldsOf,
  finishOf,
  isError,
  listOf,
  parse,
  readError,
  tokensIn,
  wordOf,
} from '../reading.ts';

type Reading<Answer> = Omit<ProviderCall<Answer>, 'body' | 'hasSchema'>;

export const CHAT_CALL: Reading<ModelAnswer> = {
  route: '/chat/completions',
  wanted: 'chat completion',
  read: readCompletion,
  readError,
};

export function chatBody({ model, messages, parameters, tools, responseSchema }: ChatRequest): Value {
  const body = {
    ...{ model, messages: messages.map(messageOf), ...parameters },
    ...(tools === undefined ? {} : { tools: tools.map(toolOf) }),
  };
  if (responseSchema === null) return body;
  const { name, schema } = responseSchema;
  const json_schema = { name, schema, strict: isClosed(schema) };
  return { ...body, response_format: { type: 'json_schema', json_schema } };
}

function messageOf(message: Message): ValueObject {
  const { role, content } = message;
  const text = content === '' ? [] : [{ type: 'text', text: content }];
  if (role === 'user' && message.media !== undefined)
    return { role, content: [...message.media.map(blockOf), ...text] };
  if (role === 'tool') {
    const { call: tool_call_id, media } = message;
    return { role, tool_call_id, content: media === undefined ? content : [...text, ...media.map(blockOf)] };
  }
  if (role !== 'assistant' || message.toolCalls === undefined) return { role, content };
  const calls = message.toolCalls.map(({ id, name, args }) => ({
    ...{ id, type: 'function', function: { name, arguments: args } },
  }));
  const thoughts = message.reasoning === undefined ? {} : { reasoning_content: message.reasoning };
  return { role, content, ...thoughts, tool_calls: calls };
}

function toolOf({ name, description, parameters }: ToolDefinition): ValueObject {
  return { type: 'function', function: { name, description, parameters } };
}

/** As Data Designer sends it. Addresses of sounds, and videos, are what vLLM and others add to OpenAI's language. */
function blockOf({ modality, url }: Media): ValueObject {
  if (modality === 'image') return { type: 'image_url', image_url: { url } };
  if (modality === 'video') return { type: 'video_url', video_url: { url } };
  const [, type, data] = /^data:audio\/([^;]+);base64,(.*)$/s.exec(url) ?? [];
  if (data === undefined) return { type: 'audio_url', audio_url: { url } };
  return {
    type: 'input_audio',
    input_audio: { data, format: /^(?:mpeg|mp3)$/i.test(type!) ? 'mp3' : 'wav' },
  };
}

/** Whether the schema obeys the rules under which OpenAI's strict mode takes it: all properties required, no others. */
function isClosed(schema: Value): boolean {
  if (isValueList(schema)) return schema.every(isClosed);
  if (!isValueObject(schema)) return true;
  if (schema.type === 'object') {
    const { properties, required } = schema;
    if (schema.additionalProperties !== false || !isValueObject(properties) || !isValueList(required))
      return false;
    if (!Object.keys(properties).every((name) => required.includes(name))) return false;
  }
  return Object.values(schema).every(isClosed);
}

/** Reads the body of an answer with status 200; of several choices the first. Null for what is neither a completion nor an error. */
export function readCompletion(text: string): Said<ModelAnswer> | null {
  return completionIn(fieldsOf(parse(text)));
}

/** The same of a body that is parsed. */
export function completionIn(top: Fields): Said<ModelAnswer> | null {
  const choice = fieldsOf(listOf(top.choices)[0]);
  const message = fieldsOf(choice.message);
  const error = isError(choice.error) ? errorIn(choice) : isError(top.error) ? errorIn(top) : null;
  const parts = partsOf(message.content);
  if (error !== null && parts.text === '') return { answer: null, error };
  if (choice.message === undefined || choice.message === null) return null;
  const usage = fieldsOf(top.usage);
  const end = error === null ? endOf(choice) : { finish: 'error' as const, finishReason: error.message };
  const answer: ModelAnswer = {
    text: parts.text,
    reasoning: reasoningIn(message) ?? (parts.thoughts === '' ? null : parts.thoughts),
    toolCalls: listOf(message.tool_calls).flatMap(toolCallOf),
    refusal: wordOf(message.refusal) ?? (parts.refusal === '' ? null : parts.refusal),
    ...end,
    promptTokens: tokensIn(usage.prompt_tokens ?? usage.input_tokens),
    completionTokens: tokensIn(usage.completion_tokens ?? usage.output_tokens),
    ...detailsOf(usage),
    status: 200,
  };
  return { answer, id: wordOf(top.id), error: null };
}

/** Of the tokens those that cost something else, where there are any. */
function detailsOf(usage: Fields): Pick<ModelAnswer, 'cachedTokens' | 'reasoningTokens'> {
  const read = fieldsOf(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const written = fieldsOf(usage.completion_tokens_details ?? usage.output_tokens_details);
  // DeepSeek counts what is cached beside the rest.
  const cachedTokens = tokensIn(read.cached_tokens ?? usage.prompt_cache_hit_tokens);
  const reasoningTokens = tokensIn(written.reasoning_tokens);
  return {
    ...(cachedTokens > 0 ? { cachedTokens } : {}),
    ...(reasoningTokens > 0 ? { reasoningTokens } : {}),
  };
}

function toolCallOf(call: unknown): readonly ToolCall[] {
  const { id, function: named } = fieldsOf(call);
  const { name, arguments: args } = fieldsOf(named);
  if (wordOf(name) === null) return [];
  // Some write the arguments as an object.
  return [{ id: String(id ?? ''), name: String(name), args: wordOf(args) ?? JSON.stringify(args ?? {}) }];
}

const MiB = 2 ** 20;
/** Of 16,000 numbers, written out. */
const MAX_VECTOR_BYTES = MiB / 2;

export function embeddingsCall(count: number): Reading<EmbeddingAnswer> {
  return {
    ...{ route: '/embeddings', wanted: `list of ${count} embeddings`, readError },
    ...{ read: (text) => readEmbeddings(text, count), maxAnswerBytes: MiB + count * MAX_VECTOR_BYTES },
  };
}

export function embeddingsBody({ model, inputs, parameters }: EmbeddingRequest): Value {
  return { model, input: inputs, encoding_format: 'float', ...parameters };
}

/** Whatever format was asked for, both are read. Null where not each input has its vector. */
function readEmbeddings(text: string, count: number): Said<EmbeddingAnswer> | null {
  const top = fieldsOf(parse(text));
  if (isError(top.error)) return { answer: null, error: errorIn(top) };
  const data = listOf(top.data).map(fieldsOf);
  const vectors = new Map<unknown, string>();
  for (const [place, { index = place, embedding }] of data.entries()) {
    const vector = vectorOf(embedding);
    if (vector !== null) vectors.set(index, vector);
  }
  const inOrder = data.flatMap((_, index) => vectors.get(index) ?? []);
  if (data.length !== count || inOrder.length !== count) return null;
  const usage = fieldsOf(top.usage);
  const promptTokens = tokensIn(usage.prompt_tokens ?? usage.total_tokens);
  return { answer: { vectors: inOrder, promptTokens, status: 200 }, id: wordOf(top.id), error: null };
}

function vectorOf(embedding: unknown): string | null {
  return encodeVector((typeof embedding === 'string' ? decodeVector(embedding) : listOf(embedding)) ?? []);
}

/** A text, or a list of parts: of texts, thoughts and refusals. */
function partsOf(content: unknown) {
  const parts = { text: '', thoughts: '', refusal: '' };
  for (const part of Array.isArray(content) ? content : [content]) {
    if (typeof part === 'string') parts.text += part;
    const { type, text, refusal, thinking, reasoning } = fieldsOf(part);
    if (type === 'refusal') parts.refusal += wordOf(refusal) ?? '';
    else if (type === 'thinking' || type === 'reasoning')
      parts.thoughts += partsOf(thinking ?? reasoning ?? text).text;
    else parts.text += wordOf(text) ?? '';
  }
  return parts;
}

/** Where two fields have it the first is the provider's own. */
function reasoningIn(message: Fields): string | null {
  const { reasoning, reasoning_content, thinking } = message;
  const whole = [reasoning, reasoning_content, thinking].map(wordOf).find((text) => text !== null);
  if (whole !== undefined) return whole;
  const details = listOf(message.reasoning_details ?? message.thinking_blocks).map(fieldsOf);
  return wordOf(
    details.map(({ text, summary, thinking }) => wordOf(text ?? summary ?? thinking) ?? '').join(''),
  );
}

/** A gateway translates the model's own word, and leaves that beside: of the two, the one that says it is not whole. */
function endOf(choice: Fields): Pick<ModelAnswer, 'finish' | 'finishReason'> {
  const reasons = [wordOf(choice.finish_reason), wordOf(choice.native_finish_reason)];
  const ends = reasons
    .filter((reason) => reason !== null)
    .map((finishReason) => ({ finish: finishOf(finishReason), finishReason }));
  const cut = ends.find(({ finish }) => !['stop', 'tool-calls', 'other'].includes(finish));
  return (
    cut ?? ends.find(({ finish }) => finish !== 'other') ?? ends[0] ?? { finish: 'other', finishReason: null }
  );
}
