// How the answers of all providers are read: values that may be of any type, errors in all the ways that are in use, and the
// words for how an answer ended.

import type { SaidError } from '../http/provider-endpoint.ts';
import type { ModelAnswer } from '../model-client.ts';

export type Fields = { readonly [name: string]: unknown };

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text that says something. */
export function wordOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Undefined for what is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function tokensIn(count: unknown): number {
  return Number.isSafeInteger(count) ? Math.max(0, count as number) : 0;
}

/**
 * The words for an end, each with what it means here, as OpenAI, Anthropic, Gemini, Mistral, Cohere, Bedrock, DeepSeek, GLM
 * and the servers of open models write them; in capitals or not, with or without `_`. The first that fits counts.
 */
const ENDS: readonly (readonly [RegExp, ModelAnswer['finish']])[] = [
  [
    /filter|safety|recitation|refus|prohibit|block|spii|moderat|guardrail|sensitive|toxic|policy|flagged/,
    'content-filter',
  ],
  [/length|max.*tokens?$|^maxoutput|limit$|context|^incomplete$|truncat/, 'length'],
  [/error|abort|cancel|fail|malformed|timeout|insufficient|unavailable|overload/, 'error'],
  [/^(?:tool(?:call|use)s?|functioncalls?)$/, 'tool-calls'],
  [
    /^(?:stop(?:sequence|token|ped)?|eos(?:token)?|end(?:turn|ofturn|oftext|ofsequence)?|completed?|finish(?:ed)?|done)$/,
    'stop',
  ],
];

export function finishOf(reason: string | null): ModelAnswer['finish'] {
  const bare =
    reason
      ?.toLowerCase()
      .replace(/^finish_?reason[._]/, '')
      .replace(/[^a-z]/g, '') ?? '';
  return ENDS.find(([words]) => words.test(bare))?.[1] ?? 'other';
}

/** What an endpoint writes about an error, in any of the ways that are in use; all of it where it is in none of them. */
export function readError(text: string): SaidError {
  const body = parse(text);
  const said = errorIn(fieldsOf(Array.isArray(body) ? body[0] : body));
  return said.message === '' ? { ...said, message: text } : said;
}

/** Whether the field `error` has one. */
export function isError(value: unknown): boolean {
  return wordOf(value) !== null || Object.keys(fieldsOf(value)).length > 0;
}

/** The error in a body or in a part of it, and what stands beside it. */
export function errorIn(around: Fields): SaidError {
  const { error, message, detail, errors } = around;
  const inner = fieldsOf(error);
  const first = fieldsOf(listOf(errors ?? detail)[0]);
  // A gateway's "Provider returned error" has the provider's words beside it.
  const raw = wordOf(fieldsOf(inner.metadata).raw);
  const words = [inner.message, message, error, detail, first.message, first.msg].map(wordOf);
  const said = words.find((word) => word !== null) ?? (isError(error) ? JSON.stringify(error) : '');
  const status = [inner.code, inner.status, inner.status_code, around.code, around.status]
    .map(Number)
    .find((code) => Number.isInteger(code) && code >= 400 && code < 600);
  return { message: raw === null ? said : `${said}: ${raw}`, status: status ?? null };
}
