// The JSON in a model's answer. It may stand alone, in a fenced block, or among prose that has brackets of its own.
//
//   A1. Of all that can be read as JSON, what obeys is the answer: of several what stands in a block fenced as JSON, else
//       in another block, else in prose; of those the last.
//   A2. Nothing inside of JSON, whole or broken, is an answer of its own.
//   A3. JSON that is cut makes the whole answer unusable: what stands before it is a draft.
//   A4. Where nothing obeys, the longest is what the model meant, and its fault is the answer's.

import { CellError } from '../../errors.ts';
import type { Value } from '../../values.ts';
import { unusable } from './answer-kind.ts';
import { callWithin } from './cut-off.ts';
import { NoJsonError, readJson } from './json-reader.ts';

/** Twice this the process may stand still for one answer, and at 10 s its heartbeat is missed. */
const MAX_MS = 2_000;
/** Prose has fewer brackets. */
const MAX_CANDIDATES = 5_000;
const FENCE = '```';
/** What ends directly before JSON that opens a block: the fence, the language, a title. */
const OPENING = /```[ \t]*([\w+-]*)(?:[^`\n]*\n)?\s*$/;
/** Longer titles are no titles. */
const MAX_OPENING = 200;
/** After its last bracket JSON goes on: a bracket was closed too early. */
const GOES_ON = /\s*,\s*["']/y;

/** A piece of the answer: what it says, or why it says nothing. */
interface Candidate {
  readonly found: Value | CellError;
  readonly length: number;
  /** The higher, the rather it was meant. */
  readonly rank: number;
}

/**
 * What `read` makes of the JSON in an answer. `read` throws `CellError` for a value that does not obey. Throws `CellError`
 * `UnusableAnswer` when nothing obeys.
 */
export function parseAnswer<Fitted>(raw: string, read: (value: Value) => Fitted): Fitted {
  const candidates = candidatesIn(raw.trim());
  const found = callWithin(MAX_MS, () => ({ fitted: bestOf(candidates, read) }));
  if (found !== undefined) return found.fitted;
  throw unusable(
    `The answer cannot be held against the schema in ${MAX_MS / 1_000} s: a pattern takes too long, or it is too large`,
  );
}

function bestOf<Fitted>(candidates: readonly Candidate[], read: (value: Value) => Fitted): Fitted {
  let fault = { error: unusable('The answer is not JSON'), length: 0 };
  // The last of the highest rank comes first.
  for (const { found, length } of candidates.toReversed().sort((left, right) => right.rank - left.rank)) {
    try {
      if (!(found instanceof CellError)) return read(found);
      if (length > fault.length) fault = { error: found, length };
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      if (length > fault.length) fault = { error, length };
    }
  }
  throw fault.error;
}

/** In the order of the text. Throws `CellError` where JSON is cut, and where there are too many. */
function candidatesIn(text: string): readonly Candidate[] {
  const scalar = readScalar(text);
  if (scalar !== null) return [scalar];
  const candidates: Candidate[] = [];
  const opening = /[[{]/g;
  for (let start = opening.exec(text)?.index; start !== undefined; start = opening.exec(text)?.index) {
    const { found, end } = readAt(text, start);
    candidates.push({ found, length: end - start, rank: rankOf(text, start) });
    opening.lastIndex = end;
    if (candidates.length > MAX_CANDIDATES) {
      throw unusable(`The answer has more than ${MAX_CANDIDATES} pieces that could be its JSON`);
    }
  }
  return candidates;
}

/** Reads what begins with the bracket there. */
function readAt(text: string, start: number): { readonly found: Value | CellError; readonly end: number } {
  try {
    const { value, end } = readJson(text, start);
    GOES_ON.lastIndex = end;
    if (!GOES_ON.test(text)) return { found: value, end };
    return { found: unusable('The answer is not JSON: it goes on after its last bracket'), end };
  } catch (error) {
    if (!(error instanceof NoJsonError)) throw error;
    const found = faultOf(error);
    const end = error.isJson ? endOfBrackets(text, start) : Math.max(start + 1, error.end);
    if (error.isCut || end === null) throw found;
    return { found, end };
  }
}

/** The text, number or word that is all of the answer, or of its block. Throws `CellError` for a text that is cut. */
function readScalar(text: string): Candidate | null {
  const opening = text.indexOf(FENCE);
  const lineEnd = text.indexOf('\n', opening);
  const closing = text.lastIndexOf(FENCE);
  const isFenced = opening >= 0 && lineEnd >= 0 && lineEnd < closing;
  const json = isFenced ? text.slice(lineEnd, closing).trim() : text;
  if (/^[[{]/.test(json)) return null;
  try {
    const { value, end } = readJson(json, 0);
    return end === json.length ? { found: value, length: end, rank: 0 } : null;
  } catch (error) {
    if (!(error instanceof NoJsonError)) throw error;
    if (error.isCut && json.startsWith('"') && !/[[{]/.test(json)) throw faultOf(error);
    return null;
  }
}

function faultOf({ message, isCut }: NoJsonError): CellError {
  return unusable(isCut ? `The answer is cut: ${message}` : `The answer is not JSON: ${message}`);
}

function rankOf(text: string, start: number): number {
  // `f() {}`: obeys a schema that requires nothing, and is seldom what was meant.
  if (/^(?:\{\s*\}|\[\s*\])/.test(text.slice(start, start + MAX_OPENING))) return -1;
  const language = OPENING.exec(text.slice(Math.max(0, start - MAX_OPENING), start))?.[1];
  if (language === undefined) return 0;
  return language.toLowerCase() === 'json' ? 2 : 1;
}

/** Where the bracket that opens there is closed; null when it never is. */
function endOfBrackets(text: string, start: number): number | null {
  const mark = /\\.|["[\]{}]/gs;
  mark.lastIndex = start;
  let depth = 0;
  let isText = false;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    if (found[0] === '"') isText = !isText;
    else if (!isText && /[[{]/.test(found[0])) depth += 1;
    else if (!isText && /[\]}]/.test(found[0])) depth -= 1;
    if (depth === 0) return mark.lastIndex;
  }
  return null;
}
