// Scalars as a document writes them. Where text is wanted a plain YAML scalar is its source text (`no`, `007`,
// `1.10`); where a boolean is wanted, yes/no/on/off count. The loader hands over plain scalars as `PlainScalar`, except
// null, and everything else as plain data.

import { z } from 'zod';
import { shorten } from '../text/shorten.ts';
import type { Value } from '../values.ts';

/** A plain (unquoted) YAML scalar that is not null: what it says and what YAML takes it for. */
export class PlainScalar {
  readonly source: string;
  readonly value: Value;
  constructor(source: string, value: Value) {
    this.source = source;
    this.value = value;
  }
}

/** What YAML takes a scalar for; all else as it is. */
export function plainValue(input: unknown): unknown {
  return input instanceof PlainScalar ? input.value : input;
}

/** A scalar as text; all else as it is. */
export function plainText(input: unknown): unknown {
  return input instanceof PlainScalar ? input.source : input;
}

/** The value of a tree that the loader made. Throws `TypeError` for NaN and infinities, which are no values. */
export function valueOfTree(input: unknown): Value {
  const plain = plainValue(input);
  if (typeof plain === 'number' && !Number.isFinite(plain)) {
    throw new TypeError(`${plain} is no value`);
  }
  if (Array.isArray(plain)) return plain.map(valueOfTree);
  if (typeof plain === 'object' && plain !== null) {
    return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, valueOfTree(item)]));
  }
  return plain as Value;
}

/** What a schema reads once `prepare` has looked at the input; typed by what a person may write. */
function prepared<Schema extends z.ZodType>(
  prepare: (input: unknown) => unknown,
  schema: Schema,
): z.ZodType<z.output<Schema>, z.input<Schema>> {
  return z.preprocess(prepare, schema) as z.ZodType<z.output<Schema>, z.input<Schema>>;
}

export const text = () => prepared(plainText, z.string());

/** Text with something in it besides spaces. */
export const filledText = () =>
  prepared(
    plainText,
    z.string().refine((input) => input.trim() !== '', { message: 'is empty' }),
  );

const FLAGS: ReadonlyMap<unknown, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['true', true],
  ['no', false],
  ['off', false],
  ['false', false],
]);

export const flag = () =>
  prepared((input) => {
    const source = plainText(input);
    const word = typeof source === 'string' ? source.toLowerCase() : source;
    return FLAGS.get(word) ?? plainValue(input);
  }, z.boolean());

// A quoted number counts where a number is wanted, and so does `1_000`, which YAML 1.1 takes for one.
const WHOLE = /^[-+]?\d[\d_]*$/;
const REAL = /^[-+]?(\d[\d_]*(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;

function asNumber(input: unknown): unknown {
  const plain = plainValue(input);
  if (typeof plain === 'bigint') return Number(plain);
  if (typeof plain === 'string' && REAL.test(plain)) return Number(plain.replaceAll('_', ''));
  return plain;
}

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

export const real = ({ min = -Number.MAX_VALUE, max = Number.MAX_VALUE }: Bounds = {}) =>
  prepared(asNumber, z.number().min(min).max(max));

export const whole = ({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Bounds = {}) =>
  prepared(asNumber, z.number().int().min(min).max(max));

/** Text or a number. A number written with leading zeros is text: `007` is a code, not 7. */
export const label = () =>
  prepared(
    (input) => {
      if (!(input instanceof PlainScalar)) return input;
      const { source, value } = input;
      if (typeof value === 'bigint') return /^[-+]?0\d/.test(source) ? source : value;
      if (typeof value === 'number') return Number.isFinite(value) ? value : source;
      return WHOLE.test(source) ? BigInt(source.replaceAll('_', '')) : source;
    },
    z.union([z.string(), z.bigint(), z.number()]),
  );

/** One of some words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  prepared(plainText, z.enum(words));

/** Any value but none at all: plain scalars are taken for what YAML takes them for. */
export const value = (): z.ZodType<Value, unknown> =>
  z.unknown().transform((input, context): Value => {
    if (input === undefined) {
      context.addIssue({ code: 'invalid_type', expected: 'unknown', input });
      return z.NEVER;
    }
    try {
      return valueOfTree(input);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `holds ${(error as Error).message}`, input });
      return z.NEVER;
    }
  });

/** A map of the given fields and no others. */
export const map = <Shape extends z.ZodRawShape>(shape: Shape) => prepared(plainValue, z.strictObject(shape));

/** A map with any keys. */
export const mapOf = <Item extends z.ZodType>(item: Item) => prepared(plainValue, z.record(z.string(), item));

const SHOWN_TEXT = 40;

/** A value in a few words. */
export function describe(input: unknown): string {
  const value = plainValue(input);
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') {
    return JSON.stringify(shorten(value, SHOWN_TEXT));
  }
  return String(plainText(input));
}
