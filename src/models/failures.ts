// What a failed call means, from what the endpoint said.

import { ModelError } from '../errors.ts';
import type { FailureClass } from './model-client.ts';

/** The caller's signal fired: nothing is known about the call. */
export function cancelled(): ModelError {
  return new ModelError('Cannot go on with the call: it was cancelled', { failure: 'cancelled' });
}

/** Nothing came in the time that a call has. */
export function timedOut(host: string, timeoutMs: number): ModelError {
  return new ModelError(
    `No answer from ${host}: none within ${timeoutMs / 1_000} s, raise timeout if it needs longer`,
    { failure: 'unavailable' },
  );
}

/** The reason stands at the beginning of what an endpoint writes; a page of HTML may follow. */
const MAX_REASON_LENGTH = 2_000;

/** The class of an HTTP status that is no success. `text` is what the endpoint wrote. */
export function failureOfStatus(
  status: number,
  { text, hasSchema }: { readonly text: string; readonly hasSchema: boolean },
): FailureClass {
  const reason = text.slice(0, MAX_REASON_LENGTH);
  if (status === 429) return 'busy';
  if (status >= 500 || status === 408 || status === 425) return isSchemaRefusal() ? 'schema' : 'unavailable';
  if (status === 401 || status === 402 || status === 403) return 'denied';
  if (status === 404 && UNKNOWN_MODEL.test(reason)) return 'denied';
  return isSchemaRefusal() ? 'schema' : 'rejected';

  // Some servers answer 500 to a schema that they cannot turn into a grammar.
  function isSchemaRefusal(): boolean {
    return hasSchema && SCHEMA_WORDS.test(reason);
  }
}

const UNKNOWN_MODEL =
  /model\b.*(?:not (?:found|exist|available)|does not exist|unknown)|(?:no such|unknown) model/is;
const SCHEMA_WORDS = /response_format|json_schema|json schema|structured output|guided|grammar/i;

/** A wrong clock or unit would keep a cell, and with it its build, waiting for days; asking before the time costs nothing. */
const MAX_RETRY_AFTER_MS = 600_000;

/**
 * `Retry-After` as milliseconds from `now` (milliseconds since the epoch): seconds or a date, at most ten minutes. Null
 * when it says neither.
 */
export function parseRetryAfter(header: string, now: number): number | null {
  if (header.trim() === '') return null;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1_000;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : null;
}

const MAX_QUOTED = 300;

/** A shorter one stands within other words by chance. */
const MIN_KEY_LENGTH = 8;

/** A provider's words for people: one short line without any of `secrets`, and without what a terminal would obey. */
export function quote(text: string, secrets: readonly string[]): string {
  let line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  for (const secret of secrets) {
    const literal = secret.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    const pattern =
      secret.length < MIN_KEY_LENGTH ? `(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])` : literal;
    line = line.replace(new RegExp(pattern, 'gu'), '***');
  }
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line;
}
