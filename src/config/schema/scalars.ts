// Scalars as a document writes them. Where text is wanted a plain YAML scalar is its source text (`no`, `007`,
// `1.10`); where a boolean is wanted, yes/no/on/off count. The loader hands over plain scalars as `PlainScalar`.

import { z } from 'zod';
import type { Value } from '../../values.ts';

/** A plain (unquoted) YAML scalar: what it says and what YAML takes it for. */
export class PlainScalar {
  readonly source: string;
  readonly value: Value;
  constructor(source: string, value: Value) {
    this.source = source;
    this.value = value;
  }
}

const valueOf = (input: unknown): unknown => (input instanceof PlainScalar ? input.value : input);
const asNumber = (input: unknown): unknown => {
  const value = valueOf(input);
  return typeof value === 'bigint' ? Number(value) : value;
};

export const text = () =>
  z.preprocess(
    (input) => (input instanceof PlainScalar && input.value !== null ? input.source : valueOf(input)),
    z.string(),
  );

const FLAGS: Readonly<Record<string, boolean>> = {
  yes: true,
  on: true,
  true: true,
  no: false,
  off: false,
  false: false,
};
export const flag = () =>
  z.preprocess(
    (input) => (input instanceof PlainScalar ? (FLAGS[input.source.toLowerCase()] ?? input.value) : input),
    z.boolean(),
  );

export const number = () => z.preprocess(asNumber, z.number());
export const wholeNumber = () => z.preprocess(asNumber, z.number().int());

/** Any value, plain scalars taken for what YAML takes them for. */
export const value = () => z.unknown().transform(valueOfTree);

function valueOfTree(input: unknown): Value {
  if (input instanceof PlainScalar) return input.value;
  if (Array.isArray(input)) return input.map(valueOfTree);
  if (typeof input === 'object' && input !== null) {
    return Object.fromEntries(Object.entries(input).map(([key, item]) => [key, valueOfTree(item)]));
  }
  return input as Value;
}
