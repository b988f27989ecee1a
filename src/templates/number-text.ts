// Text that is a number or a JSON object. A cell often holds such text: a model's answer, a CSV field.
//
//   N1. Text that is a JSON object or list, or that stands as a text inside an object or list and is one, is
//       opened when the template reads the column. Other text, also "null" and "true", stays text.
//   N2. Text that is a JSON number stays text, and prints as it is written. Read from a cell, it is the number in
//       arithmetic (if all operands are numbers then) and in comparison with a number.

import { isNestedDeeper, parseJson, type Value } from '../values.ts';
import { type Budget, MAX_VALUE_DEPTH } from './limits.ts';
import { limitError } from './template-error.ts';

const NUMBER = /^[ \t\r\n]*(-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?)[ \t\r\n]*$/;
/** Longer text is no number that a template could use. */
const MAX_NUMBER_UNITS = 1000;

/** The number that a text is, or `null`. */
export function numberInText(text: string): bigint | number | null {
  if (text.length > MAX_NUMBER_UNITS) return null;
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const [, digits, fraction, exponent] = match;
  if (fraction === undefined && exponent === undefined) return BigInt(digits!);
  const number = Number(digits);
  return Number.isFinite(number) ? number : null;
}

/** Opens a cell's value (N1). Throws a `limit` error for a value nested too deeply or too large. */
export function openValue(value: Value, budget: Budget): Value {
  if (typeof value === 'string') return openText(value, budget) ?? value;
  return openInside(value, budget, 0);
}

function openInside(value: Value, budget: Budget, depth: number): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_VALUE_DEPTH)
    throw limitError(`Cannot use the value: it is nested more than ${MAX_VALUE_DEPTH} deep`);
  const open = (item: Value): Value =>
    typeof item === 'string' ? (openText(item, budget) ?? item) : openInside(item, budget, depth + 1);
  if (Array.isArray(value)) {
    budget.spend(value.length);
    const items = value.map(open);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const entries = Object.entries(value);
  budget.spend(2 * entries.length);
  const opened = entries.map(([key, item]) => [key, open(item)] as const);
  return opened.every(([, item], index) => item === entries[index]![1]) ? value : Object.fromEntries(opened);
}

const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const JSON_START = /^[ \t\r\n]*[{[]/;
const JSON_END = /[}\]][ \t\r\n]{0,100}$/;

function countBrackets(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === OPEN_LIST || unit === OPEN_OBJECT) count++;
  }
  return count;
}

function openText(text: string, budget: Budget): Value | null {
  if (!JSON_START.test(text) || !JSON_END.test(text.slice(-101))) return null;
  // Reading JSON with exact numbers takes about 60 ns a character, and 200 ns more for each list and object.
  budget.spend(Math.ceil(text.length / 3) + countBrackets(text));
  if (isNestedDeeper(text, MAX_VALUE_DEPTH)) return null;
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}
