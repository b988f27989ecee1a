// The sampler columns of a dataset. All of a row are made together, each by draws of its own, so a row is the same
// whatever other rows are made with it.

import { createBreather } from '../../breathe.ts';
import { columnDraws } from '../../draws.ts';
import { CellError } from '../../errors.ts';
import { setOwn } from '../../own-keys.ts';
import type { ColumnType } from '../../plan.ts';
import { evaluateExpression, parseExpression } from '../../templates/template.ts';
import { formatDate } from '../../text/strftime.ts';
import { fitsInt64, isValueObject, type Value } from '../../values.ts';
import type { RootMaker, RootValues } from '../maker.ts';
import { orCellError } from '../or-cell-error.ts';
import { asType, convertSample, roundPlaces } from './convert.ts';
import type { SamplerColumn, SamplerForm, SamplerParams } from './declare.ts';
import { labelKind, subcategoryKind } from './labels.ts';
import { CONVERSIONS, type Conversion } from './params.ts';
import { SAMPLERS } from './registry.ts';
import { isGiven, numberParam } from './sampler.ts';

export const make: RootMaker<SamplerColumn> = {
  shape: 'root',
  open(columns, { plan }) {
    const makeRow = openSamplers(columns, plan.seed);
    return {
      async make({ first, last }) {
        const rows: RootValues[] = [];
        const breathe = createBreather();
        for (let row = first; row <= last; row += 1) {
          await breathe();
          rows.push(makeRow(row));
        }
        return rows;
      },
    };
  },
};

/** Parses parameters and conditions once. Each column stands after those that it needs. */
export function openSamplers(columns: readonly SamplerColumn[], seed: string): (row: number) => RootValues {
  const samplers = columns.map((column) => makeSampler(column, seed));
  return (row) => {
    const made: Made = { drawn: {}, seen: {} };
    const values: { [column: string]: Value } = {};
    for (const { column, sample } of samplers) {
      try {
        setOwn(values, column.name, sample(row, made));
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        return { values, failure: { column: column.name, error } };
      }
    }
    return { values, failure: null };
  };
}

/** What one row has so far, by column. */
interface Made {
  /** As drawn: what a subcategory looks up. */
  readonly drawn: { [column: string]: Value };
  /** What conditions see: rounded and converted, but dates as ISO text. */
  readonly seen: { [column: string]: Value };
}

interface ColumnSampler {
  readonly column: SamplerColumn;
  /** Adds the column to what is made, and gives the value as the cell has it. Throws `CellError`. */
  sample(row: number, made: Made): Value;
}

function makeSampler(column: SamplerColumn, seed: string): ColumnSampler {
  const { name, form } = column;
  const { conditions } = form;
  const names = [seed, name];
  const drawsAt = columnDraws(names);
  const conditionDrawsAt = columnDraws([...names, 'conditions']);
  const variantOf = (params: SamplerParams) => ({
    draw: SAMPLERS[form.sampler]({ params, names }),
    convert: converterOf(column, params),
  });
  const usual = variantOf(form.params);
  // Where several conditions hold the last one wins.
  const special = conditions
    .map(({ when, params }) => ({ condition: parseExpression(when), ...variantOf(params) }))
    .reverse();
  return {
    column,
    sample(row, { drawn, seen }) {
      const options = { draw: conditionDrawsAt(row, 0) };
      const found = special.find(({ condition }) =>
        isTrue(orCellError(() => evaluateExpression(condition, seen, options))),
      );
      const { draw, convert } = found ?? usual;
      const value = draw({ row, draw: drawsAt(row, 0), drawn });
      setOwn(drawn, name, value);
      const converted = convert(value);
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
  const { type } = column;
  const { sampler, params, convertTo } = column.form;
  if (sampler === 'uuid' || sampler === 'datetime') return (value) => value;
  const rounded = [own, params].find((given) => isGiven(given, 'decimal_places'));
  const places = rounded === undefined ? null : numberParam(rounded, 'decimal_places');
  const target = convertTo === null ? null : conversionOf(convertTo);
  const isFloat = target !== 'int' && labelKindOf(column.form) === 'float';
  return (value) => {
    // Rounding to an int twice could differ from rounding once.
    const near = places === null || target === 'int' ? value : roundPlaces(value, places);
    if (typeof near === 'number' && !Number.isFinite(near)) {
      throw new CellError('SamplerError', `Cannot use the number drawn: it is ${near}`);
    }
    const wide = isFloat ? asType(near, FLOAT) : near;
    const made = asType(target === null ? wide : convertSample(wide, target), type);
    if (typeof made === 'bigint' && !fitsInt64(made)) {
      throw new CellError(
        'SamplerError',
        `Cannot use the number drawn: ${Number(made)} does not fit into 64 bits`,
      );
    }
    return made;
  };
}

const FLOAT: ColumnType = { kind: 'float' };

/** What the values of a category are together, before they are converted; null for other samplers. */
function labelKindOf({ sampler, params, conditions }: SamplerForm) {
  if (sampler !== 'category' && sampler !== 'subcategory') return null;
  const lists = [params, ...conditions.map((condition) => condition.params)].flatMap(({ values }) =>
    isValueObject(values) ? Object.values(values) : [values ?? []],
  );
  const labels = lists.flat() as Value[];
  return sampler === 'category' ? labelKind(labels) : subcategoryKind(labels);
}

function conversionOf(name: string): Conversion {
  const conversion = CONVERSIONS.find((known) => known === name);
  if (conversion === undefined) throw new TypeError(`Cannot convert samples to "${name}"`);
  return conversion;
}

/** A value as the cell has it. */
function cellOf({ form: { sampler, convertTo } }: SamplerColumn, seen: Value): Value {
  return sampler === 'datetime' && convertTo !== null ? formatDate(new Date(`${seen}Z`), convertTo) : seen;
}
