// What Anthropic calls things in its Messages API: the only place with its names of routes, headers and fields.

import { ModelError } from '../../../errors.ts';
import { findOwn } from '../../../own-keys.ts';
import type { ToolCall } from '../../../turns.ts';
import { isValueObject, parseJson, type Value, type ValueObject } from '../../../values.ts';
import type { ProviderCall, Said, SaidError } from '../../http/provider-endpoint.ts';
import type { ChatRequest, Media, Message, ModelAnswer, ToolDefinition } from '../../model-client.ts';
import * as reading from '../reading.ts';
import { fieldsOf, finishOf, listOf, parse, tokensIn, wordOf } from '../reading.ts';

/** Anthropic refuses requests without `max_tokens`. It is what Data Designer sends then. */
const DEFAULT_MAX_TOKENS = 4_096n;

/** Of OpenAI's requests; Anthropic refuses those that have them. */
export const UNSENT = [
  'seed',
  'n',
  'response_format',
  'frequency_penalty',
  'presence_penalty',
  'logprobs',
  'top_logprobs',
  'logit_bias',
];

export function headersOf(apiKey: string | null): Readonly<Record<string, string>> {
  return { 'anthropic-version': '2023-06-01', ...(apiKey === null ? {} : { 'x-api-key': apiKey }) };
}

/** `endpoint` is that of the provider: with `/v1` at its end or without. */
export function chatCall(endpoint: string): Omit<ProviderCall<ModelAnswer>, 'body'> {
  const hasVersion = /\/v1\/*$/.test(new URL(endpoint).pathname);
  return {
    route: hasVersion ? '/messages' : '/v1/messages',
    // The schema is in the prompt alone.
    ...{ hasSchema: false, wanted: 'message', read: readMessage, readError },
  };
}

/** Throws `ModelError` for what Anthropic's models cannot be shown. */
export function chatBody({ model, messages, parameters, tools }: ChatRequest): Value {
  const system = messages.flatMap(({ role, content }) => (role === 'system' ? [content] : []));
  const spoken = messages.filter(({ role }) => role !== 'system');
  return {
    model,
    ...(system.length === 0 ? {} : { system: system.join('\n\n') }),
    messages: spoken.flatMap((message, index) => {
      if (message.role !== 'tool') return [messageOf(message)];
      // All results of one turn stand in one message.
      if (spoken[index - 1]?.role === 'tool') return [];
      const after = spoken.slice(index);
      const end = after.findIndex(({ role }) => role !== 'tool');
      const results = end === -1 ? after : after.slice(0, end);
      return [{ role: 'user', content: results.map(resultOf) }];
    }),
    ...sentOf(parameters),
    ...(tools === undefined ? {} : { tools: tools.map(toolOf) }),
  };
}

/** The parameters, which have OpenAI's names, under Anthropic's. */
function sentOf({ stop = null, ...parameters }: ChatRequest['parameters']): ValueObject {
  const sent = Object.entries(parameters).filter(([name]) => !UNSENT.includes(name));
  return {
    max_tokens: DEFAULT_MAX_TOKENS,
    ...Object.fromEntries(sent),
    ...(stop === null ? {} : { stop_sequences: typeof stop === 'string' ? [stop] : stop }),
  };
}

function messageOf(message: Message): ValueObject {
  const { role, content } = message;
  // Anthropic refuses blocks of text without text.
  const text = content === '' ? [] : [{ type: 'text', text: content }];
  if (role === 'user' && message.media !== undefined)
    return { role, content: [...message.media.map(imageOf), ...text] };
  if (role !== 'assistant' || message.toolCalls === undefined) return { role, content };
  return { role, content: [...text, ...message.toolCalls.map(toolUseOf)] };
}

function imageOf({ modality, url }: Media): ValueObject {
  if (modality !== 'image')
    throw new ModelError(`Cannot ask: Anthropic's models take images, but no ${modality}`, {
      failure: 'rejected',
    });
  const [, media_type, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
  if (media_type === undefined || data === undefined) return { type: 'image', source: { type: 'url', url } };
  return { type: 'image', source: { type: 'base64', media_type, data } };
}

function toolOf({ name, description, parameters }: ToolDefinition): ValueObject {
  return { name, ...(description === '' ? {} : { description }), input_schema: parameters };
}

function toolUseOf({ id, name, args }: ToolCall): ValueObject {
  return { type: 'tool_use', id, name, input: argsOf(args) };
}

/** What a model wrote as its arguments may be no JSON; Anthropic takes objects only. */
function argsOf(text: string): ValueObject {
  try {
    const args = parseJson(text);
    return isValueObject(args) ? args : {};
  } catch {
    return {};
  }
}

function resultOf(message: Message): ValueObject {
  if (message.role !== 'tool') return {};
  const { call: tool_use_id, content, media = [] } = message;
  const text = content === '' ? [] : [{ type: 'text', text: content }];
  const shown = media.length > 0 ? [...text, ...media.map(imageOf)] : content;
  return { type: 'tool_result', tool_use_id, ...(shown === '' ? {} : { content: shown }) };
}

/** Reads the body of an answer with status 200. Null for what is neither a message nor an error. */
export function readMessage(text: string): Said<ModelAnswer> | null {
  const top = fieldsOf(parse(text));
  if (top.type === 'error' || reading.isError(top.error)) return { answer: null, error: readError(text) };
  if (!Array.isArray(top.content)) return null;
  const blocks = listOf(top.content).map(fieldsOf);
  const texts = blocks.flatMap(({ type, text }) => (type === 'text' ? (wordOf(text) ?? []) : []));
  const thoughts = blocks.flatMap(({ type, thinking }) =>
    type === 'thinking' ? (wordOf(thinking) ?? []) : [],
  );
  const usage = fieldsOf(top.usage);
  const cachedTokens = tokensIn(usage.cache_read_input_tokens);
  const finishReason = wordOf(top.stop_reason);
  const said = texts.join('\n');
  const isRefusal = finishReason === 'refusal';
  const answer: ModelAnswer = {
    text: isRefusal ? '' : said,
    reasoning: wordOf(thoughts.join('\n')),
    toolCalls: blocks.flatMap((block) => (block.type === 'tool_use' ? toolCallOf(block) : [])),
    refusal: isRefusal ? reasonOfRefusal(top, said) : null,
    ...{ finish: finishOf(finishReason), finishReason },
    // Anthropic counts apart what it reads from its cache and what it puts there.
    promptTokens:
      tokensIn(usage.input_tokens) +
      tokensIn(usage.cache_creation_input_tokens) +
      tokensIn(usage.cache_read_input_tokens),
    completionTokens: tokensIn(usage.output_tokens),
    ...(cachedTokens > 0 ? { cachedTokens } : {}),
    status: 200,
  };
  return { answer, id: wordOf(top.id), error: null };
}

function reasonOfRefusal({ stop_details: details }: reading.Fields, said: string): string {
  const { explanation, category } = fieldsOf(details);
  return (
    wordOf(explanation) ??
    wordOf(said.trim()) ??
    wordOf(category) ??
    'it gave no reason (stop_reason "refusal")'
  );
}

function toolCallOf({ id, name, input }: reading.Fields): readonly ToolCall[] {
  if (wordOf(name) === null) return [];
  return [{ id: String(id ?? ''), name: String(name), args: JSON.stringify(fieldsOf(input)) }];
}

/** The statuses of errors that come with another one, such as 200. */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** With the error's type before its words: those of a missing model are only its name. */
export function readError(text: string): SaidError {
  const { message, status } = reading.readError(text);
  const type = wordOf(fieldsOf(fieldsOf(parse(text)).error).type);
  if (type === null) return { message, status };
  return { message: `${type}: ${message}`, status: status ?? findOwn(STATUSES, type) ?? null };
}
