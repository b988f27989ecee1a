import { expect, it } from 'vitest';
import { ModelError } from '../../../src/errors.ts';
import {
  failureOfStatus,
  failureOfTaken,
  parseRetryAfter,
  quote,
  type Refusal,
  remedyOf,
} from '../../../src/models/failures.ts';

const of = (text: string, more: Partial<Refusal> = {}): Refusal => ({
  ...{ text, hasSchema: false, retryAfterMs: null },
  ...more,
});

it.each([
  [429, '', 'busy'],
  [500, '', 'unavailable'],
  [503, '', 'unavailable'],
  [408, '', 'unavailable'],
  [401, 'Incorrect API key', 'denied'],
  [402, 'Insufficient credits', 'denied'],
  [403, '', 'rejected'],
  [403, '<html><title>Attention Required!</title></html>', 'rejected'],
  [404, 'Not Found', 'rejected'],
  [400, 'Invalid value for temperature', 'rejected'],
  [422, '', 'rejected'],
  [501, 'Not Implemented', 'rejected'],
] as const)('takes %i %j for %s', (status, text, failure) => {
  expect(failureOfStatus(status, of(text))).toBe(failure);
});

it.each([
  [404, 'The model `gpt-9` does not exist'],
  [404, 'model "x" not found, try pulling it first'],
  [400, 'some-model is not a valid model ID'],
  [400, 'Invalid model name passed in model=some-model'],
  [400, 'Model Not Exist'],
  [403, 'Project `p` does not have access to model `gpt-4`'],
])('takes %i %j for a model that is not there', (status, text) => {
  expect(failureOfStatus(status, of(text))).toBe('denied');
});

it.each([
  [403, 'The input was flagged for "violence"'],
  [400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy"],
  [400, '{"error":{"code":"content_filter"}}'],
  [400, 'Prompt was blocked: SAFETY'],
  [400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens"],
  [400, 'prompt is too long: 210000 tokens > 200000 maximum'],
  [400, 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000'],
  [413, 'Request Entity Too Large'],
  [400, 'Content Exists Risk'],
  [400, 'The request was rejected because it was considered high risk'],
  [400, '系统检测到输入或生成内容可能包含不安全或敏感内容'],
  [403, 'Content violates usage guidelines'],
  [400, 'Violated guardrail policy'],
  [400, 'the request exceeds the available context size (4096 tokens), try increasing it'],
  [400, 'The decoder prompt (length 5000) is longer than the maximum model length of 4096'],
  [400, 'Invalid request: Your request exceeded model token limit: 8192'],
])('takes %i %j for a refusal of this input', (status, text) => {
  expect(failureOfStatus(status, of(text))).toBe('input');
});

it.each([
  'max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens',
  "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens",
])('takes %j for no refusal of this input: no cell escapes it', (text) => {
  expect(failureOfStatus(400, of(text))).toBe('rejected');
});

it('takes a 429 for one that waiting does not help when no quota or credit is left', () => {
  const quota = 'You exceeded your current quota, please check your plan and billing details';
  expect(failureOfStatus(429, of(quota))).toBe('denied');
  expect(failureOfStatus(429, of('{"error":{"code":"insufficient_quota"}}'))).toBe('denied');
  expect(failureOfStatus(400, of('Your credit balance is too low to access the API'))).toBe('denied');
  for (const said of [
    'Budget has been exceeded! Current cost: 10.2, Max budget: 10.0',
    'Your team has either used all available credits or reached its monthly spending limit.',
    'You have run out of credits',
    'Your account is suspended, please check your plan and billing details',
    '余额不足或无可用资源包,请充值',
  ])
    expect(failureOfStatus(429, of(said))).toBe('denied');
  expect(failureOfStatus(429, of('Quota exceeded for requests_per_minute_per_project'))).toBe('busy');
  expect(failureOfStatus(429, of('Rate limit exceeded. Add 10 credits to unlock 1000 requests'))).toBe(
    'busy',
  );
  // Gemini says so of the calls of one minute.
  expect(failureOfStatus(429, of(`${quota}. Please retry in 21.4s`))).toBe('busy');
  expect(failureOfStatus(429, of(quota, { retryAfterMs: 20_000 }))).toBe('busy');
  expect(failureOfStatus(429, of('Rate limit reached: 60 requests per minute'))).toBe('busy');
});

it.each([
  'API key not valid. Please pass a valid API key.',
  'Incorrect API key provided: xa***',
  'API key expired. Please renew the API key.',
])('takes 400 %j for a refusal of the key, whether there was a schema or not', (text) => {
  for (const hasSchema of [true, false]) expect(failureOfStatus(400, of(text, { hasSchema }))).toBe('denied');
  expect(remedyOf(new ModelError(text, { failure: 'denied', status: 400 }))).toBe('correct the key');
});

it('takes a refusal of an answer that the endpoint checked itself for one that another answer may escape', () => {
  const message =
    "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.";
  expect(failureOfStatus(400, of(message))).toBe('unusable');
  expect(failureOfStatus(400, of(message, { hasSchema: true }))).toBe('schema');
  const about = (text: string, status: number) =>
    failureOfTaken(new ModelError(text, { failure: 'schema', status }));
  expect([about(message, 400), about('Grammar', 500), about('Grammar', 400)]).toEqual([
    'unusable',
    'unavailable',
    'rejected',
  ]);
});

it('takes a refusal that may be about the schema for one of the schema, if there was one', () => {
  const hasSchema = true;
  for (const text of [
    'Invalid parameter: response_format of type json_schema is not supported with this model',
    'model does not support feature: structured-outputs',
    'Json mode is not supported for this model.',
    "Invalid schema: 'required' is required to include every key in properties.",
    'Bad Request',
  ]) {
    expect(failureOfStatus(400, of(text, { hasSchema }))).toBe('schema');
    expect(failureOfStatus(400, of(text))).toBe('rejected');
  }
  expect(failureOfStatus(422, of('', { hasSchema }))).toBe('schema');
  expect(failureOfStatus(501, of('', { hasSchema }))).toBe('schema');
  expect(failureOfStatus(500, of('failed to parse grammar', { hasSchema }))).toBe('schema');
  expect(
    failureOfStatus(404, of('No endpoints found that support the requested parameters', { hasSchema })),
  ).toBe('schema');
  // What it surely is not about.
  expect(failureOfStatus(500, of('', { hasSchema }))).toBe('unavailable');
  expect(failureOfStatus(401, of('', { hasSchema }))).toBe('denied');
  expect(failureOfStatus(403, of('', { hasSchema }))).toBe('rejected');
  expect(failureOfStatus(400, of('The input was flagged', { hasSchema }))).toBe('input');
  expect(failureOfStatus(400, of('Model not found', { hasSchema }))).toBe('denied');
});

it.each([
  [401, 'Incorrect API key', 'correct the key'],
  [429, 'You exceeded your current quota', 'give the key a quota again, or use another one'],
  [400, 'x is not a valid model ID', "correct the model's name"],
  [403, 'Forbidden', 'see what the key may use'],
  [
    404,
    'Not Found',
    'correct the endpoint, to which /chat/completions (Anthropic: /v1/messages) is added, or the model',
  ],
  [400, 'temperature must be at most 1', "correct the model's name or its parameters"],
])('says for %i %j to %s', (status, message, remedy) => {
  expect(remedyOf(new ModelError(message, { failure: 'denied', status }))).toBe(remedy);
});

it('reads Retry-After as seconds or as a date', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  expect(parseRetryAfter('7', now)).toBe(7_000);
  expect(parseRetryAfter('0.5', now)).toBe(500);
  expect(parseRetryAfter('86400', now)).toBe(600_000);
  expect(parseRetryAfter('Sun, 22 Nov 2026 10:00:00 GMT', now)).toBe(600_000);
  expect(parseRetryAfter('Sat, 21 Nov 2026 10:01:00 GMT', now)).toBe(60_000);
  expect(parseRetryAfter('Sat, 21 Nov 2026 09:00:00 GMT', now)).toBe(0);
  expect(parseRetryAfter('soon', now)).toBeNull();
  expect(parseRetryAfter('', now)).toBeNull();
});

it('quotes a provider in one short line without secrets', () => {
  expect(quote('Bad key\n  sk-123 given', ['sk-123'])).toBe('Bad key *** given');
  expect(quote('abc: no abcde, xabc or abc_ for (abc)', ['abc'])).toBe(
    '***: no abcde, xabc or abc_ for (***)',
  );
  expect(quote('a key: a', ['a'])).toBe('*** key: ***');
  const page = (title: string) => `<html>\n<head><title>${title}</title></head><body>nginx</body></html>`;
  expect(quote(page('502 Bad\n Gateway of me'), ['me'])).toBe('502 Bad Gateway of ***');
  expect(quote(page(' '), [])).toBe('<html> <head><title> </title></head><body>nginx</body></html>');
  expect(quote('not $k.y but $k+y', ['$k.y'])).toBe('not *** but $k+y');
  expect(quote('the long-key-of-mine2', ['long-key-of-mine'])).toBe('the ***2');
  expect(quote('x'.repeat(1_000), [])).toHaveLength(301);
  expect(quote('\u001b[2Jgone\u0000\u009b31m', [])).toBe('[2Jgone 31m');
});
