// Digests of plain data. Two values have one digest exactly when they are the same value: keys in any order, whole
// numbers told apart from floats (`12` is not `12.0`).

import { createHash } from 'node:crypto';

/** Hex digits of a digest: 128 bits of SHA-256. */
export const DIGEST_LENGTH = 32;

/**
 * JSON text with sorted keys, without spaces; `bigint` and `number` print differently. Fields that are `undefined` are
 * left out. Throws `TypeError` for what is no plain data, `RangeError` for NaN and infinities.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return canonicalFloat(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`Cannot digest a ${typeof value}`);
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
  return `{${fields.join(',')}}`;
}

/** A digest of plain data in {@link DIGEST_LENGTH} hex digits. Throws as {@link canonicalJson} does. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, DIGEST_LENGTH);
}

/** SHA-256 of bytes, in hex digits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function canonicalFloat(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`Cannot digest ${value}: it is not a finite number`);
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
