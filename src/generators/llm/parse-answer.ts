// The JSON in a model's answer: in its last fenced block, else from the first bracket to the last one, else all of it;
// repaired when it is not quite JSON.

import { jsonrepair } from 'jsonrepair';
import { parseJson, type Value } from '../../values.ts';
import { unusable } from './answer-kind.ts';

/** Nobody means more. What follows recurses: reading the value back from the store, checking, writing it. */
const MAX_DEPTH = 100;
const FENCED = /```[^\S\n]*(\w*)[^\n]*\n([\s\S]*?)```/g;

/** Throws `CellError` `UnusableAnswer` when there is no JSON that could be meant. */
export function parseAnswer(raw: string): Value {
  const text = raw.trim();
  if (text === '') throw unusable('The answer is empty');
  const json = fencedIn(text) ?? bracketedIn(text) ?? text;
  const value = parseOrRepair(json);
  if (isDeeper(value, MAX_DEPTH)) throw unusable(`The answer is nested more than ${MAX_DEPTH} levels deep`);
  return value;
}

function parseOrRepair(json: string): Value {
  try {
    return parseJson(json);
  } catch {
    return parseRepaired(json);
  }
}

function isDeeper(value: Value, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

function parseRepaired(json: string): Value {
  // Prose without a bracket would become a JSON text of itself.
  if (!/^[[{"]/.test(json)) throw unusable('The answer is not JSON');
  try {
    return parseJson(jsonrepair(json));
  } catch (error) {
    throw unusable(`The answer is not JSON: ${(error as Error).message}`);
  }
}

/** The last block fenced as JSON, else the last one of all. */
function fencedIn(text: string): string | null {
  const blocks = [...text.matchAll(FENCED)].map(([, language, block]) => ({
    language,
    block: block!.trim(),
  }));
  const named = blocks.filter(({ language }) => language!.toLowerCase() === 'json');
  return (named.at(-1) ?? blocks.at(-1))?.block ?? null;
}

function bracketedIn(text: string): string | null {
  const first = text.search(/[[{]/);
  if (first < 0) return null;
  const last = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return last < first ? text.slice(first) : text.slice(first, last + 1);
}
