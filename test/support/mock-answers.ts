// What the mock server answers when nothing goes wrong, or only the content does: the same as a simulated model.

import {
  SIMULATED_DIMENSIONS,
  simulateAnswer,
  simulateTokens,
  simulateToolCalls,
  simulateVector,
} from '../../src/models/providers/simulated/simulated-answer.ts';
import { simulatePicture } from '../../src/models/providers/simulated/simulated-picture.ts';
import { encodeVector } from '../../src/models/vectors.ts';
import { fromPlain } from '../../src/values.ts';

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly response_format?: { readonly json_schema?: { readonly schema?: unknown } };
  readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: unknown } }[];
}

export interface EmbeddingsBody {
  readonly model: string;
  readonly input: string | readonly string[];
  readonly encoding_format?: 'float' | 'base64';
  readonly dimensions?: number;
}

export interface MockAnswer {
  readonly [field: string]: unknown;
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens?: number;
    readonly total_tokens: number;
    readonly input_tokens?: number;
    readonly output_tokens?: number;
  };
  readonly choices?: readonly {
    readonly index: number;
    readonly message: object;
    readonly finish_reason: string;
  }[];
}

export function answerChat(chat: ChatBody, fault?: string): MockAnswer {
  const calls = fault === undefined ? toolCallsOf(chat) : [];
  const content =
    fault === 'empty' || calls.length > 0
      ? ''
      : fault === 'bad-json'
        ? 'I would rather not say.'
        : textOf(chat);
  const prompt = tokensOf(chat.messages.map((message) => textIn(message.content)));
  const completion = simulateTokens(content);
  const finish_reason = fault === 'length' ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop';
  const tool_calls = calls.map(({ id, name, args }) => ({
    ...{ id, type: 'function', function: { name, arguments: args } },
  }));
  const message = { role: 'assistant', content, ...(calls.length > 0 ? { tool_calls } : {}) };
  return {
    ...{ id: 'mock', object: 'chat.completion', model: chat.model },
    choices: [{ index: 0, message, finish_reason }],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  };
}

/** The same as Anthropic's Messages API says it. It takes no schema: where the prompt has one, the answer obeys that. */
export function answerMessage(body: ChatBody & { readonly system?: string }, fault?: string): MockAnswer {
  const { model, messages, system = '' } = body;
  const schema = schemaIn(textIn(messages[0]?.content));
  const asChat = {
    ...{ model, messages: [{ role: 'system', content: system }, ...messages] },
    ...(schema === undefined ? {} : { response_format: { json_schema: { schema } } }),
  };
  const { choices, usage } = answerChat(asChat, fault);
  const { content: text } = choices![0]!.message as { readonly content: string };
  return {
    ...{ id: 'mock', type: 'message', role: 'assistant', model },
    content: text === '' ? [] : [{ type: 'text', text }],
    ...{ stop_reason: fault === 'length' ? 'max_tokens' : 'end_turn', stop_sequence: null },
    usage: { ...usage, input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens ?? 0 },
  };
}

export function answerEmbeddings(body: EmbeddingsBody, fault?: string): MockAnswer {
  const { model, encoding_format, dimensions = SIMULATED_DIMENSIONS } = body;
  const inputs = inputsOf(body);
  const data = inputs.map((input, index) => {
    const numbers = fault === 'empty' ? [] : simulateVector({ model, input, dimensions });
    const embedding = encoding_format === 'base64' ? (encodeVector(numbers) ?? '') : numbers;
    return { object: 'embedding', index, embedding };
  });
  const prompt = tokensOf(inputs);
  return {
    ...{ object: 'list', model, data: fault === 'miscount' ? data.slice(1) : data },
    usage: { prompt_tokens: prompt, total_tokens: prompt },
  };
}

/** Pictures, from models that draw and from those called `painter…`; undefined for any other. */
export function answerDrawn(
  body: ChatBody & { readonly prompt?: string },
  of: { readonly host: string; readonly route: string; readonly fault?: string | undefined },
): MockAnswer | undefined {
  const { model, messages } = body;
  const isChat = of.route === 'chat/completions';
  if (isChat && !model.startsWith('painter')) return undefined;
  const prompt = isChat ? textIn(messages.at(-1)?.content) : (body.prompt ?? '');
  const base64 = simulatePicture({ model: 'mock', prompt }).toString('base64');
  const url = model.endsWith('-by-url')
    ? `http://${of.host}/pictures/${encodeURIComponent(prompt)}`
    : `data:image/png;base64,${base64}`;
  const tokens = simulateTokens(prompt);
  const usage = { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens };
  const isEmpty = of.fault === 'empty';
  if (!isChat) {
    const data = model.endsWith('-by-url') ? [{ url }] : [{ b64_json: base64 }];
    return { created: 0, data: isEmpty ? [] : data, usage };
  }
  const images = isEmpty ? [] : [{ type: 'image_url', image_url: { url } }];
  const message = { role: 'assistant', content: isEmpty ? 'I would rather not draw that.' : '', images };
  return {
    ...{ id: 'mock', object: 'chat.completion', model, usage },
    choices: [{ index: 0, message, finish_reason: 'stop' }],
  };
}

export function answerValidation({ data }: { readonly data: readonly object[] }, fault?: string): MockAnswer {
  const verdicts = data.map((row) => ({ is_valid: JSON.stringify(row).length < 60 }));
  return {
    data: fault === 'miscount' ? verdicts.slice(1) : verdicts,
    usage: { prompt_tokens: 0, total_tokens: 0 },
  };
}

export function inputsOf({ input }: EmbeddingsBody): readonly string[] {
  return typeof input === 'string' ? [input] : input;
}

function tokensOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + simulateTokens(text), 0);
}

/** The JSON Schema with which a prompt ends; undefined for one that has none. */
function schemaIn(prompt: string): unknown {
  const [, schema] = /obeys this JSON Schema, and with nothing else:\n(.*)$/s.exec(prompt) ?? [];
  return schema === undefined ? undefined : JSON.parse(schema);
}

/** Of a text, or of a list of parts, beside which may stand images. */
function textIn(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return content.map((part) => (typeof part === 'string' ? part : (part?.text ?? ''))).join('');
}

function toolCallsOf({ model, messages, tools = [] }: ChatBody) {
  return simulateToolCalls({
    ...{ model, messages: messages.map(({ role, content }) => ({ role, content: textIn(content) })) },
    tools: tools.map(({ function: { name, parameters } }) => ({ name, parameters: fromPlain(parameters) })),
  });
}

function textOf({ model, messages: sent, response_format }: ChatBody): string {
  const messages = sent.map(({ role, content }) => ({ role, content: textIn(content) }));
  // A prompt may say what is answered: the same to whoever asks.
  const said = /SAY<<(.*?)>>/s.exec(messages.at(-1)?.content ?? '')?.[1];
  if (said !== undefined) return said;
  const schema = response_format?.json_schema?.schema;
  return simulateAnswer({ model, messages, schema: schema === undefined ? null : fromPlain(schema) });
}
