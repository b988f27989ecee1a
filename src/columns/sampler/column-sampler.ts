// One sampler column: which parameters count in a row, what is drawn, and what it becomes.

import { columnDraws } from '../../draws.ts';
import { CellError } from '../../errors.ts';
import type { RowRange } from '../../graph/types.ts';
import { setOwn } from '../../own-keys.ts';
import { evaluateExpression, parseExpression } from '../../templates/template.ts';
import { formatDate } from '../../text/strftime.ts';
import { fitsInt64, type Value } from '../../values.ts';
import { type Constraint, NO_FACTS } from '../declaration.ts';
import { orFailCell } from '../or-fail-cell.ts';
import { FLOAT } from '../types.ts';
import { describeConstraint, findBroken } from './constraints.ts';
import { asType, convertSample, roundPlaces } from './convert.ts';
import type { SamplerColumn } from './form.ts';
import { CONVERSIONS, type Conversion } from './params.ts';
import { type Draw, isGiven, numberParam, type Sample, type SamplerParams } from './sampler.ts';
import { samplerOf } from './samplers.ts';

/** What one row has so far, by column. */
export interface Made {
  /** As drawn: what a subcategory looks up, and what a timedelta adds to. */
  readonly drawn: { [column: string]: Value };
  /** What conditions see: rounded and converted, but dates as ISO text. */
  readonly seen: { [column: string]: Value };
}

/** Adds the column to what is made, and gives the value as the cell has it. Throws `CellError`. */
export type SampleCell = (row: number, made: Made) => Value;

export interface ColumnSampler {
  readonly column: SamplerColumn;
  /** Reads what the values of these rows are taken from. */
  ready(rows: RowRange): Promise<SampleCell>;
  /** The same where nothing has to be read; null elsewhere. */
  readonly sample: SampleCell | null;
}

/** One set of a column's parameters; without a condition the usual one. */
interface Variant<Sampling> {
  readonly condition: ReturnType<typeof parseExpression> | null;
  readonly sample: Sampling;
  readonly convert: (value: Value) => Value;
}

/** Where one value in a thousand is right, one cell in twenty thousand finds none in so many. */
const MAX_DRAWS = 10_000;

export interface SamplersOptions {
  readonly seed: string;
  /** The folder of Data Designer's persona files; null where none is read. */
  readonly personaFolder: string | null;
  /** How many values are drawn for a cell until one holds its constraints. */
  readonly maxDraws?: number;
}

export function makeSampler(
  column: SamplerColumn,
  { seed, personaFolder, maxDraws = MAX_DRAWS }: SamplersOptions,
): ColumnSampler {
  const { name, form, type } = column;
  const names = [seed, name];
  const sampler = samplerOf(form.sampler);
  const variantOf = (params: SamplerParams, when?: string): Variant<Sample> => ({
    condition: when === undefined ? null : parseExpression(when),
    sample: sampler.open({ params, names, type, personaFolder }),
    convert: converterOf(column, params),
  });
  // Where several conditions hold the last one wins.
  const special = form.conditions.map(({ when, params }) => variantOf(params, when)).reverse();
  const variants = [...special, variantOf(form.params)];
  const isAtOnce = variants.every(({ sample }) => 'draw' in sample);
  const drawnAtOnce = () =>
    variants.map((variant) => ({ ...variant, sample: (variant.sample as { readonly draw: Draw }).draw }));
  const sample = isAtOnce ? sampleCell(column, { names, variants: drawnAtOnce(), maxDraws }) : null;
  return {
    column,
    sample,
    async ready(rows) {
      if (sample !== null) return sample;
      const ready: Variant<Draw>[] = [];
      for (const variant of variants) {
        const { sample: own } = variant;
        ready.push({ ...variant, sample: 'draw' in own ? own.draw : await own.ready(rows) });
      }
      return sampleCell(column, { names, variants: ready, maxDraws });
    },
  };
}

interface Sampling {
  /** Of the column's streams of random numbers. */
  readonly names: readonly string[];
  /** The first whose condition holds counts; the last one has none. */
  readonly variants: readonly Variant<Draw>[];
  readonly maxDraws: number;
}

function sampleCell(column: SamplerColumn, { names, variants, maxDraws }: Sampling): SampleCell {
  const { name, form } = column;
  const constraints = form.constraints ?? [];
  const drawsAt = columnDraws(names);
  const conditionDrawsAt = columnDraws([...names, 'conditions']);
  return (row, { drawn, seen }) => {
    const options = { draw: conditionDrawsAt(row, 0) };
    const { sample, convert } = variants.find(
      ({ condition }) =>
        condition === null || isTrue(orFailCell(() => evaluateExpression(condition, seen, options))),
    )!;
    let broken: Constraint | undefined;
    // Each draw has a stream of its own, so that what is drawn for one row depends on no other.
    for (let counter = 0; counter < maxDraws; counter += 1) {
      const value = sample({ row, draw: drawsAt(row, counter), drawn });
      const converted = convert(value);
      broken = findBroken(constraints, { value: converted, seen });
      if (broken !== undefined) continue;
      setOwn(drawn, name, value);
      setOwn(seen, name, converted);
      return cellOf(column, converted);
    }
    const held = constraints.map(describeConstraint).join(', ');
    throw new CellError('SamplerError', `Cannot draw a value that is ${held}: none of ${maxDraws} is`);
  };
}

/** Data Designer compares what a condition prints with `True`. */
function isTrue(value: Value): boolean {
  return value === true || value === 'True';
}

/** What a drawn value becomes: rounded to the places of its own parameters or else the column's, converted, typed. */
function converterOf(column: SamplerColumn, own: SamplerParams): (value: Value) => Value {
  const { sampler, params, conditions, convertTo } = column.form;
  const { draws, type } = samplerOf(sampler);
  if (draws !== 'number' && draws !== 'label') return (value) => value;
  const rounded = [own, params].find((given) => isGiven(given, 'decimal_places'));
  const places = rounded === undefined ? null : numberParam(rounded, 'decimal_places');
  const target = convertTo === null ? null : conversionOf(convertTo);
  // What all that can be drawn is together, before it is converted.
  const drawn = type([params, ...conditions.map((condition) => condition.params)], NO_FACTS);
  const isFloat = target !== 'int' && drawn.kind === 'float';
  return (value) => {
    // An int is rounded as one: rounding a float first could make another of it.
    const near = places === null || target === 'int' ? value : roundPlaces(value, places);
    if (typeof near === 'number' && !Number.isFinite(near)) {
      throw new CellError('SamplerError', `Cannot use the number drawn: it is ${near}`);
    }
    const wide = isFloat ? asType(near, FLOAT) : near;
    const converted = target === null ? wide : convertSample(wide, target);
    const made = asType(
      target === 'int' && places !== null ? roundPlaces(converted, places) : converted,
      column.type,
    );
    if (typeof made === 'bigint' && !fitsInt64(made)) {
      throw new CellError(
        'SamplerError',
        `Cannot use the number drawn: ${Number(made)} does not fit into 64 bits`,
      );
    }
    return made;
  };
}

function conversionOf(name: string): Conversion {
  const conversion = CONVERSIONS.find((known) => known === name);
  if (conversion === undefined) throw new TypeError(`Cannot convert samples to "${name}"`);
  return conversion;
}

/** A value as the cell has it. */
function cellOf({ form: { sampler, convertTo } }: SamplerColumn, seen: Value): Value {
  const isDate = samplerOf(sampler).draws === 'date';
  return isDate && convertTo !== null ? formatDate(new Date(`${seen}Z`), convertTo) : seen;
}
