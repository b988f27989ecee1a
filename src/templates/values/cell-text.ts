// The value of a cell as templates take it: its texts are {@link CellText}, which print as they are written and act as
// the JSON that they say. In a cell whose text is a JSON object or list, the texts inside are parts: text, but numbers
// where they meet numbers.

import { isNestedDeeper, parseJson, type Value } from '../../values.ts';
import { type Budget, MAX_VALUE_DEPTH } from '../limits.ts';
import { CellText, type Runtime } from '../runtime.ts';
import { limitError } from '../syntax/template-error.ts';
import { numberInText } from './number-text.ts';

/** Takes the value of a cell. Throws a `limit` error for one that is nested too deeply or too large. */
export function openCell(value: Value, budget: Budget): Runtime {
  return wrapTexts(value, (text) => new CellText(text, () => readText(text, budget)), budget);
}

function wrapTexts(value: Value, wrap: (text: string) => CellText, budget: Budget, depth = 0): Runtime {
  if (typeof value === 'string') return wrap(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_VALUE_DEPTH)
    throw limitError(`Cannot use the value: it is nested more than ${MAX_VALUE_DEPTH} deep`);
  if (Array.isArray(value)) {
    budget.spend(value.length);
    return value.map((item) => wrapTexts(item, wrap, budget, depth + 1));
  }
  const entries = Object.entries(value);
  budget.spend(2 * entries.length);
  const wrapped = entries.map(([key, item]) => [key, wrapTexts(item, wrap, budget, depth + 1)] as const);
  // Making an object is slow: one without texts stays.
  return wrapped.every(([, item], index) => item === entries[index]![1])
    ? value
    : Object.fromEntries(wrapped);
}

const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const JSON_START = /^[ \t\r\n]*(?:[{["]|(?:true|false|null)[ \t\r\n]*$)/;
const JSON_END = /[}\]"el][ \t\r\n]{0,100}$/;

/** What a text says: the value that it is as JSON, or else itself. */
function readText(text: string, budget: Budget): Runtime {
  const number = numberInText(text);
  if (number !== null) return number;
  if (!JSON_START.test(text) || !JSON_END.test(text.slice(-101))) return text;
  // Reading JSON with exact numbers takes about 60 ns a character, and 200 ns more for each list and object.
  budget.spend(Math.ceil(text.length / 3) + countBrackets(text));
  if (isNestedDeeper(text, MAX_VALUE_DEPTH)) return text;
  let value: Value;
  try {
    value = parseJson(text);
  } catch {
    return text;
  }
  return typeof value === 'string' ? value : wrapTexts(value, (part) => new CellText(part), budget);
}

function countBrackets(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === OPEN_LIST || unit === OPEN_OBJECT) count++;
  }
  return count;
}
