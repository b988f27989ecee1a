import { expect, it } from 'vitest';
import { failureOfStatus, parseRetryAfter, quote } from '../../../src/models/failures.ts';

it.each([
  [429, '', 'busy'],
  [500, '', 'unavailable'],
  [503, '', 'unavailable'],
  [408, '', 'unavailable'],
  [401, 'Incorrect API key', 'denied'],
  [402, 'Insufficient credits', 'denied'],
  [403, '', 'denied'],
  [404, 'The model `gpt-9` does not exist', 'denied'],
  [404, 'model "x" not found, try pulling it first', 'denied'],
  [404, 'Not Found', 'rejected'],
  [400, 'Invalid value for temperature', 'rejected'],
  [422, '', 'rejected'],
] as const)('takes %i %j for %s', (status, text, failure) => {
  expect(failureOfStatus(status, { text, hasSchema: false })).toBe(failure);
});

it('takes a refusal that speaks of the schema for one of the schema, if there was one', () => {
  const text = 'Invalid parameter: response_format of type json_schema is not supported with this model';
  expect(failureOfStatus(400, { text, hasSchema: true })).toBe('schema');
  expect(failureOfStatus(500, { text: 'failed to parse grammar', hasSchema: true })).toBe('schema');
  expect(failureOfStatus(400, { text, hasSchema: false })).toBe('rejected');
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
  expect(quote('x'.repeat(1_000), [])).toHaveLength(301);
  expect(quote('\u001b[2Jgone\u0000\u009b31m', [])).toBe('[2Jgone 31m');
});
