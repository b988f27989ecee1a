// Parameters of each sampler, with the defaults of Data Designer. A parameter set that no row could be drawn from is an
// issue here, so that it is found before anything runs.

import { z } from 'zod';
import type { ColumnType } from '../../plan.ts';
import { parseDateTime } from '../../text/datetime.ts';
import { plural } from '../../text/plural.ts';
import type { ColumnConfig } from '../declaration.ts';
import { filledText, flag, label, map, mapOf, oneOf, real, text, whole } from '../fields.ts';
import { columnName } from '../marks.ts';
import { labelKind, subcategoryKind } from './labels.ts';

/** Digits after the point; negative ones round to tens and hundreds. */
const decimalPlaces = () => whole({ min: -15, max: 15 }).nullable().default(null);

/** `sampler_type` may stand in the parameters again, as Data Designer writes them. */
const samplerType = <Type extends string>(type: Type) => ({ sampler_type: oneOf([type]).default(type) });

const uuid = map({
  ...samplerType('uuid'),
  prefix: text().nullable().default(null),
  short_form: flag().default(false),
  uppercase: flag().default(false),
});

const category = map({
  ...samplerType('category'),
  values: z.array(label()).min(1),
  weights: z
    .array(real({ min: 0 }))
    .nullable()
    .default(null),
}).superRefine(checkWeights);

const subcategory = map({
  ...samplerType('subcategory'),
  category: columnName(),
  values: mapOf(z.array(label()).min(1)),
});

const uniform = map({
  ...samplerType('uniform'),
  low: real(),
  high: real(),
  decimal_places: decimalPlaces(),
}).superRefine(checkRange);

const gaussian = map({
  ...samplerType('gaussian'),
  mean: real(),
  stddev: real({ min: 0 }),
  decimal_places: decimalPlaces(),
});

const bernoulli = map({ ...samplerType('bernoulli'), p: real({ min: 0, max: 1 }) });

// Above 2^53 a count is no exact float any more.
const poisson = map({ ...samplerType('poisson'), mean: real({ min: 0, max: 1e15 }) });

const moment = () =>
  filledText().refine((input) => parseDateTime(input) !== null, {
    message: 'has to be a date or time such as 2025-01-31 or 2025-01-31T09:30:00',
  });

const datetime = map({
  ...samplerType('datetime'),
  start: moment(),
  end: moment(),
  unit: oneOf(['Y', 'M', 'D', 'h', 'm', 's']).default('D'),
}).superRefine(({ start, end }, context) => {
  if (parseDateTime(start)! >= parseDateTime(end)!) {
    context.addIssue({
      code: 'custom',
      path: ['end'],
      message: `has to be later than start ${start}, not ${end}`,
    });
  }
});

const FLOAT: ColumnType = { kind: 'float' };
const INT: ColumnType = { kind: 'int' };
const TEXT: ColumnType = { kind: 'text' };

/** Each sampler: its parameters, and the type of what it draws from any of several sets of them. */
export const SAMPLER_PARAMS = {
  uuid: sampler(uuid.prefault({}), () => TEXT),
  category: sampler(category, (sets) => ({ kind: labelKind(sets.flatMap(({ values }) => values)) })),
  subcategory: sampler(subcategory, (sets) => ({
    kind: subcategoryKind(sets.flatMap(({ values }) => Object.values(values).flat())),
  })),
  uniform: sampler(uniform, () => FLOAT),
  gaussian: sampler(gaussian, () => FLOAT),
  bernoulli: sampler(bernoulli, () => INT),
  poisson: sampler(poisson, () => INT),
  datetime: sampler(datetime, () => TEXT),
};
export type SamplerType = keyof typeof SAMPLER_PARAMS;
export type ParamsOf<Type extends SamplerType> = z.output<(typeof SAMPLER_PARAMS)[Type]['params']>;

/** What samplers of numbers and categories can be converted to. */
export const CONVERSIONS = ['int', 'float', 'str'] as const;
export type Conversion = (typeof CONVERSIONS)[number];

export type SamplerConfigOf<Type extends SamplerType> = ColumnConfig & {
  readonly sampler_type: Type;
  readonly params: ParamsOf<Type>;
  readonly conditional_params: { readonly [condition: string]: ParamsOf<Type> };
  readonly convert_to: string | null;
};
export type SamplerConfig = { [Type in SamplerType]: SamplerConfigOf<Type> }[SamplerType];

function sampler<Params extends z.ZodType>(
  params: Params,
  type: (sets: readonly z.output<Params>[]) => ColumnType,
) {
  return { params, type };
}

/** Shared with the distributions of inference parameters. */
export function checkWeights(
  { values, weights }: { readonly values: readonly unknown[]; readonly weights: readonly number[] | null },
  context: z.RefinementCtx,
): void {
  if (weights === null) return;
  if (weights.length !== values.length) {
    const message = `has to be as long as values: ${plural(values.length, 'item')}, not ${weights.length}`;
    context.addIssue({ code: 'custom', path: ['weights'], message });
  } else if (weights.every((weight) => weight === 0)) {
    context.addIssue({ code: 'custom', path: ['weights'], message: 'has no weight above 0' });
  }
}

/** Shared with the distributions of inference parameters. */
export function checkRange(
  { low, high }: { readonly low: number; readonly high: number },
  context: z.RefinementCtx,
): void {
  if (low > high) {
    context.addIssue({
      code: 'custom',
      path: ['low'],
      message: `has to be at most high ${high}, not ${low}`,
    });
  }
}
