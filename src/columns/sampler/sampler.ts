// What a sampler is: what a document says of it, and how a value is drawn. A config is validated before a plan exists, so a
// parameter of the wrong kind where values are drawn is a wrong call.

import type { z } from 'zod';
import type { Source } from '../../draws.ts';
import type { RowRange } from '../../graph/types.ts';
import { findOwn } from '../../own-keys.ts';
import type { ColumnType } from '../../plan.ts';
import type { Value } from '../../values.ts';
import type { ColumnChecks, Facts, PersonaRef } from '../declaration.ts';
import type { Values } from '../maker.ts';
import type { Label } from './labels.ts';

/** The parameters of a sampler as a plan has them. */
export interface SamplerParams {
  readonly [field: string]: Value;
}

/**
 * What a sampler draws. It decides what `convert_to` means and how constraints compare.
 *   number   rounded and converted to int, float or str
 *   label    given values: converted in the same way
 *   date     ISO text until it is a cell; `convert_to` is a format of strftime
 *   text     as it is
 *   object   as it is
 */
export type Draws = 'number' | 'label' | 'date' | 'text' | 'object';

/** A sampler: a file of `kinds/`, and a line in `samplers.ts`. */
export interface Sampler<Schema extends z.ZodType = z.ZodType> {
  readonly params: Schema;
  readonly draws: Draws;
  /** The type of what it draws from any of several sets of parameters. */
  type(sets: readonly z.output<Schema>[], facts: Facts): ColumnType;
  /** The values that it can draw, where the parameters list them. */
  labels?(params: z.output<Schema>): readonly Label[];
  /** What the schema of the parameters cannot see to be wrong with them: the other columns. */
  check?(set: ParameterSet<z.output<Schema>>, checks: SamplerChecks): void;
  /** The persona file that it reads, and which persons of it. */
  personas?(params: z.output<Schema>): Pick<PersonaRef, 'locale' | 'filters'>;
  /** What its parameters in the plan have beside those of the document. */
  form?(params: z.output<Schema>, facts: Facts): SamplerParams;
  /** How values are drawn with these parameters. Throws `TypeError` for parameters that no config passes. */
  open(input: SamplerInput): Sample;
}

/** One of the sets of parameters that a column has: that of `params`, or that of a condition. */
export interface ParameterSet<Params = unknown> {
  readonly path: readonly (string | number)[];
  readonly params: Params;
}

/** What a sampler is made from: `names` are the dataset's seed and the column. */
export interface SamplerInput {
  readonly params: SamplerParams;
  readonly names: readonly string[];
  /** The column's, for samplers of objects. */
  readonly type: ColumnType;
  /** The folder of Data Designer's persona files; null where none is read. */
  readonly personaFolder: string | null;
}

/** Draws one value, which is not yet rounded and converted. Throws `CellError`. */
export type Draw = (place: SamplePlace) => Value;

/** How values are drawn: at once, or after what the values of some rows are taken from was read. */
export type Sample = { readonly draw: Draw } | { ready(rows: RowRange): Promise<Draw> };

export interface SamplePlace {
  readonly row: number;
  readonly draw: Source;
  /** The sampler columns of this row that were made before, as they were drawn. */
  readonly drawn: Values;
}

/** What a sampler's own check is given. */
export interface SamplerChecks extends ColumnChecks {
  /** The column's own name. */
  readonly name: string;
  /** What another column draws; null where it is no sampler, and undefined where that is not known. */
  drawnBy(column: string): Drawn | null | undefined;
}

export interface Drawn {
  readonly sampler: string;
  readonly draws: Draws;
  /** All values that it can draw, where its parameters list them. */
  readonly labels: readonly Label[];
}

/** The parameters of a column and those of its conditions, with their places below the column. */
export function parameterSets<Params>({
  params,
  conditional_params: conditional,
}: {
  readonly params: Params;
  readonly conditional_params: { readonly [condition: string]: Params };
}): readonly ParameterSet<Params>[] {
  const ofConditions = Object.entries(conditional).map(([when, own]) => ({
    path: ['conditional_params', when],
    params: own,
  }));
  return [{ path: ['params'], params }, ...ofConditions];
}

export function numberParam(params: SamplerParams, field: string): number {
  const value = findOwn(params, field);
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw new TypeError(`Cannot sample with "${field}": it is not a number`);
}

export function textParam(params: SamplerParams, field: string): string {
  const value = findOwn(params, field);
  if (typeof value === 'string') return value;
  throw new TypeError(`Cannot sample with "${field}": it is not text`);
}

export function listParam(params: SamplerParams, field: string): readonly Value[] {
  const value = findOwn(params, field);
  if (Array.isArray(value) && value.length > 0) return value;
  throw new TypeError(`Cannot sample with "${field}": it is not a list with items`);
}

/** Whether a parameter is given: absent and null mean its default. */
export function isGiven(params: SamplerParams, field: string): boolean {
  return (findOwn(params, field) ?? null) !== null;
}
