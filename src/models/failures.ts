// What a failed call means, from what the endpoint said.

import { type FailureClass, ModelError } from '../errors.ts';
import { shorten } from '../text/shorten.ts';

/** The caller's signal fired: nothing is known about the call. */
export function cancelled(): ModelError {
  return new ModelError('Cannot go on with the call: it was cancelled', { failure: 'cancelled' });
}

/** No whole answer came before the call's deadline. */
export function timedOut(host: string, timeoutMs: number): ModelError {
  return new ModelError(
    `No answer from ${host}: none within ${timeoutMs / 1_000} s, raise timeout if it needs longer`,
    { failure: 'unavailable' },
  );
}

/** The reason stands at the beginning of what an endpoint writes; a page of HTML may follow. */
const MAX_REASON_LENGTH = 2_000;

/** What a refusal is read from, beside its status. */
export interface Refusal {
  /** What the endpoint wrote. */
  readonly text: string;
  /** Whether the request had a `response_format` of ours. */
  readonly hasSchema: boolean;
  /** From `Retry-After`. */
  readonly retryAfterMs: number | null;
}

/** The class of an HTTP status that is no success. */
export function failureOfStatus(status: number, { text, hasSchema, retryAfterMs }: Refusal): FailureClass {
  // Quotes within a JSON text have a backslash before them, which the patterns do not know.
  const reason = text.slice(0, MAX_REASON_LENGTH).replaceAll('\\', '');
  if (status === 429) {
    const isTimed = retryAfterMs !== null || RATE_WORDS.test(reason);
    return /insufficient_quota/.test(reason) || (!isTimed && QUOTA_WORDS.test(reason)) ? 'denied' : 'busy';
  }
  const isSchemaRefusal = hasSchema && SCHEMA_WORDS.test(reason);
  // Some servers answer 500 to a schema that they cannot turn into a grammar.
  if ((status >= 500 && status !== 501) || status === 408 || status === 425)
    return isSchemaRefusal ? 'schema' : 'unavailable';
  if (status === 402 || isAboutKey({ status, message: reason })) return 'denied';
  if (isSchemaRefusal) return 'schema';
  if (ANSWER_WORDS.test(reason)) return hasSchema ? 'schema' : 'unusable';
  if (status === 413 || (INPUT_WORDS.test(reason) && !OUTPUT_LENGTH_WORDS.test(reason))) return 'input';
  if (UNKNOWN_MODEL.test(reason) || QUOTA_WORDS.test(reason)) return 'denied';
  return hasSchema && [400, 422, 501].includes(status) ? 'schema' : 'rejected';
}

/** What a refusal of class `schema` means where the same schema was taken before: it is about something else. */
export function failureOfTaken({ status, message }: ModelError): FailureClass {
  if (ANSWER_WORDS.test(message)) return 'unusable';
  return (status ?? 0) >= 500 ? 'unavailable' : 'rejected';
}

/** Whether the key is what is refused. Gemini and xAI say so with 400. */
export function isAboutKey({ status, message }: Pick<ModelError, 'status' | 'message'>): boolean {
  return status === 401 || (status === 400 && KEY_WORDS.test(message));
}

const KEY_WORDS =
  /\b(?:invalid|incorrect|expired|missing) api[ _-]?key|\bapi[ _-]?key (?:(?:is|was|has) )?(?:not (?:valid|found)|invalid|incorrect|expired|missing)/i;
/** Groq holds the answer against the schema, and refuses the call when it does not obey. Another answer may. */
const ANSWER_WORDS = /failed to (?:generate|validate) json|json_validate_failed/i;
const UNKNOWN_MODEL =
  /\bmodel(?:[ _](?:name|id))?\b[\s:='"`]*[\w./:@-]*['"`]?,? (?:(?:was|is) )?(?:not (?:found|exist|available)|does not exist|unknown)|(?:no such|unknown|invalid) model|not a valid model|model_not_found|not_found_error\W+(?:message\W+)?model:|not have access to (?:the )?model/i;
const SCHEMA_WORDS =
  /response_format|json[ _]?schema|json[ _-]?mode|structured[ _-]?output|guided|grammar|requested parameters/i;
/** Only these say surely that another input would be taken. */
const INPUT_WORDS =
  /\bflagged\b|moderation|content[ _-]?(?:filter|policy|management)|\bsafety\b|usage (?:polic|guideline)|guardrail polic|by (?:a |the )?guardrail|inappropriate|sensitive (?:word|content)|不安全|敏感|content exists risk|high[ -]risk|prohibited[ _]content|context[ _](?:window|length|limit|size)|model token limit|(?:prompt|input|request|message|text)s?\b.{0,40}\b(?:too (?:long|large|big)|longer than)|(?:prompt|input) (?:length|tokens?)\b.{0,40}exceed|too many (?:input |prompt )?tokens/i;
/** A limit on the answer is the same for all inputs. Anthropic names it beside the length of the input. */
const OUTPUT_LENGTH_WORDS = /^(?!.*input length).*\bmax_(?:\w+_)?tokens/is;
const QUOTA_WORDS =
  /insufficient[ _](?:account )?(?:quota|credit|fund|balance)|exceeded your current quota|plan and billing|quota\b.{0,30}\b(?:used up|exhausted|exceeded)|budget\b.{0,20}\bexceeded|exceeded\b.{0,20}\bbudget|\b(?:no|all|any|out of|exceeded)\b.{0,25}\bcredits|credit balance|api usage limits|(?:billing(?: hard)?|spend(?:ing)?) limit|余额不足/i;
/** Gemini speaks of the quota also when it means the calls of this minute. */
const RATE_WORDS = /rate limit|per[ _]?(?:second|minute|hour)|(?:retry|try again) (?:in|after)|retryDelay/i;

/** What has to be done before the same command can go on after a refusal that no cell escapes. */
export function remedyOf(refusal: ModelError): string {
  const { status, message, remedy } = refusal;
  if (remedy !== null) return remedy;
  if (isAboutKey(refusal)) return 'correct the key';
  if (status === 402 || QUOTA_WORDS.test(message)) return 'give the key a quota again, or use another one';
  if (UNKNOWN_MODEL.test(message)) return "correct the model's name";
  if (status === 403) return 'see what the key may use';
  if (status === 404 || status === 405)
    return 'correct the endpoint, to which /chat/completions (Anthropic: /v1/messages) is added, or the model';
  return "correct the model's name or its parameters";
}

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
  // A page of a proxy or firewall says in its title what there is to say.
  const [, title] =
    /^\s*<[\s\S]*?<title[^>]*>([^<]*[^<\s][^<]*)<\/title/i.exec(text.slice(0, MAX_REASON_LENGTH)) ?? [];
  let line = (title ?? text).replace(/[\s\p{Cc}]+/gu, ' ').trim();
  for (const secret of secrets) {
    const literal = secret.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    const pattern =
      secret.length < MIN_KEY_LENGTH ? `(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])` : literal;
    line = line.replace(new RegExp(pattern, 'gu'), '***');
  }
  return shorten(line, MAX_QUOTED);
}

/** Whether the same call may be answered later. */
export function isPassing({ failure }: ModelError): boolean {
  return failure === 'busy' || failure === 'unavailable';
}

/** Whether it is about what was sent. */
export function isRefusal({ failure }: ModelError): boolean {
  return failure === 'rejected' || failure === 'input' || failure === 'unusable';
}
