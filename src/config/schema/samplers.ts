// Parameters of each sampler, with the defaults of Data Designer. A parameter set that no row could be drawn from is an
// issue here, so that it is found before anything runs.

import { z } from 'zod';
import { parseDateTime } from '../../text/datetime.ts';
import { plural } from '../../text/plural.ts';
import { filledText, flag, label, map, mapOf, oneOf, real, text, whole } from './scalars.ts';

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
  category: filledText(),
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

export const SAMPLER_PARAMS = {
  uuid,
  category,
  subcategory,
  uniform,
  gaussian,
  bernoulli,
  poisson,
  datetime,
};

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
