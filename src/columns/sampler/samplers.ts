// The sampler columns of a dataset. All of a row are made together, each by draws of its own, so a row is the same
// whatever other rows are made with it.

import { columnDraws } from '../../draws.ts';
import { CellError } from '../../errors.ts';
import { findOwn, setOwn } from '../../own-keys.ts';
import type { ColumnType, Plan } from '../../plan.ts';
import type { RowFailure, RowValues } from '../../rows/generator.ts';
import { evaluateExpression, parseExpression } from '../../templates/template.ts';
import { formatDate } from '../../text/strftime.ts';
import { fitsInt64, isValueObject, type Value } from '../../values.ts';
import { orCellError } from '../expression/expression.ts';
import { asType, convertSample, roundPlaces } from './convert.ts';
import type { SamplerColumn, SamplerForm, SamplerParams } from './declare.ts';
import { labelKind, subcategoryKind } from './labels.ts';
import { orderByNeeds } from './order.ts';
import { CONVERSIONS, type Conversion } from './params.ts';
import { SAMPLERS } from './registry.ts';
import { isGiven, numberParam } from './sampler.ts';

interface SampledRow {
  /** In the order of the plan; without a failure every sampler column. */
  readonly values: RowValues;
  readonly failure: RowFailure | null;
}

export interface Samplers {
  make(row: number): SampledRow;
}

/** Parses the parameters and conditions of the plan's samplers once. */
export function makeSamplers(plan: Plan): Samplers {
  const columns = plan.columns.filter((column): column is SamplerColumn => column.kind === 'sampler');
  const samplers = orderByNeeds(columns).map((column) => makeSampler(column, plan.seed));

  function make(row: number): SampledRow {
    const made: Made = { drawn: {}, seen: {} };
    let failure: RowFailure | null = null;
    for (const { column, sample } of samplers) {
      try {
        sample(row, made);
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        failure = { column: column.name, error };
        break;
      }
    }
    const cells = columns.flatMap((column) => {
      const seen = findOwn(made.seen, column.name);
      return seen === undefined ? [] : [[column.name, cellOf(column, seen)] as const];
    });
    return { values: Object.fromEntries(cells), failure };
  }

  return { make };
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
  /** Adds the column to what is made. Throws `CellError`. */
  sample(row: number, made: Made): void;
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
      setOwn(seen, name, convert(value));
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
