// One sampler column: which parameters count in a row, what is drawn, and what it becomes.

import { columnDraws } from '../../draws.ts';
import { CellError } from '../../errors.ts';
import type { RowRange } from '../../graph/types.ts';
import { setOwn } from '../../own-keys.ts';
import { evaluateExpression, parseExpression } from '../../templates/template.ts';
import { formatDate } from '../../text/strftime.ts';
import { fitsInt64, type Value } from '../../values.ts';
import { orCellError } from '../or-cell-error.ts';
import { asType, convertSample, roundPlaces } from './convert.ts';
import type { SamplerColumn } from './declare.ts';
import { CONVERSIONS, type Conversion, FLOAT } from './params.ts';
import { isGiven, numberParam, type SamplerParams } from './sampler.ts';
import { samplerOf } from './samplers.ts';

/** What one row has so far, by column. */
export interface Made {
  /** As drawn: what a subcategory looks up, and what a timedelta adds to. */
  readonly drawn: { [column: string]: Value };
  /** What conditions see: rounded and converted, but dates as ISO text. */
  readonly seen: { [column: string]: Value };
}

export interface ColumnSampler {
  readonly column: SamplerColumn;
  prepare(rows: RowRange): Promise<void>;
  /** Adds the column to what is made, and gives the value as the cell has it. Throws `CellError`. */
  sample(row: number, made: Made): Value;
}

export function makeSampler(column: SamplerColumn, seed: string): ColumnSampler {
  const { name, form } = column;
  const names = [seed, name];
  const drawsAt = columnDraws(names);
  const conditionDrawsAt = columnDraws([...names, 'conditions']);
  const sampler = samplerOf(form.sampler);
  const variantOf = (params: SamplerParams) => ({
    ...sampler.open({ params, names }),
    convert: converterOf(column, params),
  });
  const usual = variantOf(form.params);
  // Where several conditions hold the last one wins.
  const special = form.conditions
    .map(({ when, params }) => ({ condition: parseExpression(when), ...variantOf(params) }))
    .reverse();
  return {
    column,
    async prepare(rows) {
      for (const { prepare } of [usual, ...special]) await prepare?.(rows);
    },
    sample(row, { drawn, seen }) {
      const options = { draw: conditionDrawsAt(row, 0) };
      const found = special.find(({ condition }) =>
        isTrue(orCellError(() => evaluateExpression(condition, seen, options))),
      );
      const { draw, convert } = found ?? usual;
      const value = draw({ row, draw: drawsAt(row, 0), drawn });
      const converted = convert(value);
      setOwn(drawn, name, value);
      setOwn(seen, name, converted);
      return cellOf(column, converted);
    },
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
  const drawn = type([params, ...conditions.map((condition) => condition.params)]);
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
