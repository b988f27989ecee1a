// The JSON in a model's answer: all of it, else what its last fenced block holds, else what stands from the first bracket
// to the last one; repaired when it is not quite JSON. Texts in it may have fences of their own: a block begins and
// ends only with a line, as no text of strict JSON does, and one that ends within a text has not ended there.

import { jsonrepair } from 'jsonrepair';
import { parseJson, type Value } from '../../values.ts';
import { unusable } from './answer-kind.ts';

/** Characters. The repair takes a time that grows with their square: at four times as many it stalls for seconds. */
const MAX_REPAIRED = 64 * 1024;
const FENCE = '```';
/** Some begin the JSON in the line that opens its block. */
const OPENING = /^\s*```([^`[{]*)(?=$|[[{])/;

/** Throws `CellError` `UnusableAnswer` when there is no JSON that could be meant. */
export function parseAnswer(raw: string): Value {
  const text = raw.trim();
  if (text === '') throw unusable('The answer is empty');
  try {
    return parseJson(text);
  } catch {
    return parsePart(jsonIn(text));
  }
}

function parsePart(json: string): Value {
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

function jsonIn(text: string): string {
  const block = /^[[{]/.test(text) && /[\]}]$/.test(text) ? null : fencedIn(text);
  if (block === null) return bracketedIn(text) ?? text;
  // The repair would close the text and lose the rest of it.
  if (endsInText(block.json)) return bracketedIn(text.slice(block.start)) ?? block.json;
  return block.json;
}

interface Block {
  readonly start: number;
  readonly json: string;
}

/** The last block fenced as JSON, else the last one of all. */
function fencedIn(text: string): Block | null {
  let last: Block | null = null;
  let lastNamed: Block | null = null;
  let opened: { readonly start: number; readonly isNamed: boolean } | null = null;
  let lineEnd = -1;
  for (const line of text.split('\n')) {
    const lineStart = lineEnd + 1;
    lineEnd = lineStart + line.length;
    let rest = line.trimEnd();
    const end = lineStart + rest.length - FENCE.length;
    if (opened === null) {
      const [opening, name] = OPENING.exec(rest) ?? [];
      if (opening === undefined) continue;
      opened = { start: lineStart + opening.length, isNamed: /^\s*json\b/i.test(name!) };
      rest = rest.slice(opening.length);
    }
    if (!rest.endsWith(FENCE)) continue;
    last = { start: opened.start, json: text.slice(opened.start, end).trim() };
    if (opened.isNamed) lastNamed = last;
    opened = null;
  }
  return lastNamed ?? last;
}

function endsInText(json: string): boolean {
  return json.replace(/\\./gs, '').split('"').length % 2 === 0;
}

function bracketedIn(text: string): string | null {
  const first = text.search(/[[{]/);
  if (first < 0) return null;
  const last = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return last < first ? text.slice(first) : text.slice(first, last + 1);
}
