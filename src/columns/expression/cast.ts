// Text as a number or truth value, as Python's float() and Data Designer's casts read it. Whole numbers of any size
// stay exact where Python goes through a float, and a number that is not finite is no value.

import { CellError } from '../../errors.ts';
import { parseTemplate, renderTemplate } from '../../templates/template.ts';
import { shorten } from '../../text/shorten.ts';
import { fitsInt64, formatJson, type Value } from '../../values.ts';

export const DTYPES = ['str', 'int', 'float', 'bool'] as const;
export type Dtype = (typeof DTYPES)[number];

const WHOLE = /^[+-]?\d+(?:_\d+)*$/;
const FLOAT = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/** Casts the text of a rendered expression. Throws `CellError` (TypeCastError). */
export function castText(text: string, dtype: Dtype): Value {
  switch (dtype) {
    case 'str':
      return text;
    case 'int': {
      const whole = findWhole(text) ?? BigInt(Math.trunc(finiteNumber(text, dtype)));
      if (fitsInt64(whole)) return whole;
      throw new CellError(
        'TypeCastError',
        `Cannot cast "${shorten(text)}" to int: it does not fit into 64 bits`,
      );
    }
    case 'float':
      return finiteNumber(text, dtype);
    case 'bool':
      return findFloat(text) === undefined
        ? text.toLowerCase() === 'true'
        : Math.trunc(finiteNumber(text, dtype)) !== 0;
  }
}

/** A value as Python's `str()`, `int()`, `float()` and `bool()` make one of this type. Throws `CellError` (TypeCastError). */
export function castValue(value: Value, dtype: Dtype): Value {
  switch (dtype) {
    case 'str':
      return renderTemplate(parseTemplate('{{ value }}'), { value }, { draw: () => 0 });
    case 'bool':
      return isTruthy(value);
    default: {
      if (typeof value === 'string' && dtype === 'int' && findWhole(value) === undefined) break;
      if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string')
        return castText(String(value), dtype);
      if (typeof value === 'boolean') return castText(value ? '1' : '0', dtype);
    }
  }
  throw new CellError('TypeCastError', `Cannot cast ${shorten(formatJson(value))} to ${dtype}`);
}

function isTruthy(value: Value): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** The finite number that a text stands for. Throws `CellError` (TypeCastError), naming `target`. */
export function finiteNumber(text: string, target: string): number {
  const number = findFloat(text);
  if (number !== undefined && Number.isFinite(number)) return number;
  const reason = number === undefined ? 'not a number' : 'not a finite number';
  throw new CellError('TypeCastError', `Cannot cast "${shorten(text)}" to ${target}: it is ${reason}`);
}

/** The whole number that a text writes without point and exponent. */
export function findWhole(text: string): bigint | undefined {
  const trimmed = text.trim();
  return WHOLE.test(trimmed) ? BigInt(trimmed.replace(/^\+|_/g, '')) : undefined;
}

function findFloat(text: string): number | undefined {
  const trimmed = text.trim();
  if (FLOAT.test(trimmed)) return Number(trimmed.replaceAll('_', ''));
  return INFINITE.test(trimmed) ? Number.POSITIVE_INFINITY : undefined;
}
