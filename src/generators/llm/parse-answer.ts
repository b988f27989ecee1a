// The JSON in a model's answer: in its last fenced block, else from the first bracket to the last one, else all of it;
// repaired when it is not quite JSON.

import { jsonrepair } from 'jsonrepair';
import { parseJson, type Value } from '../../values.ts';
import { unusable } from './answer-kind.ts';

/** Characters. The repair takes a time that grows with their square: at four times as many it stalls for seconds. */
const MAX_REPAIRED = 64 * 1024;
const FENCE = '```';

/** Throws `CellError` `UnusableAnswer` when there is no JSON that could be meant. */
export function parseAnswer(raw: string): Value {
  const text = raw.trim();
  if (text === '') throw unusable('The answer is empty');
  const json = fencedIn(text) ?? bracketedIn(text) ?? text;
  try {
    return parseJson(json);
  } catch {
    return parseRepaired(json);
  }
}

function parseRepaired(json: string): Value {
  // Prose without a bracket would become a JSON text of itself.
  if (!/^[[{"]/.test(json)) throw unusable('The answer is not JSON');
  if (json.length > MAX_REPAIRED) {
    throw unusable(`The answer is not JSON, and with ${json.length} characters too long for a repair`);
  }
  try {
    return parseJson(jsonrepair(json));
  } catch (error) {
    throw unusable(`The answer is not JSON: ${(error as Error).message}`);
  }
}

/** The last block fenced as JSON, else the last one of all. Scanned by hand: a regular expression goes back and forth. */
function fencedIn(text: string): string | null {
  let last: string | null = null;
  let lastNamed: string | null = null;
  for (let start = text.indexOf(FENCE); start >= 0; ) {
    const lineEnd = text.indexOf('\n', start);
    const end = lineEnd < 0 ? -1 : text.indexOf(FENCE, lineEnd);
    if (end < 0) break;
    last = text.slice(lineEnd, end).trim();
    if (/^\s*json\b/i.test(text.slice(start + FENCE.length, lineEnd))) lastNamed = last;
    start = text.indexOf(FENCE, end + FENCE.length);
  }
  return lastNamed ?? last;
}

function bracketedIn(text: string): string | null {
  const first = text.search(/[[{]/);
  if (first < 0) return null;
  const last = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return last < first ? text.slice(first) : text.slice(first, last + 1);
}
