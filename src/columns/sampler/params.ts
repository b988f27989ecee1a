// Fields and checks that the parameters of several samplers share. A parameter set that no row could be drawn from is an
// issue, so that it is found before anything runs.

import type { z } from 'zod';
import { plural } from '../../text/plural.ts';
import { oneOf, whole } from '../fields.ts';

/** What samplers of numbers and categories can be converted to. */
export const CONVERSIONS = ['int', 'float', 'str'] as const;
export type Conversion = (typeof CONVERSIONS)[number];

/** Digits after the point; negative ones round to tens and hundreds. */
export const decimalPlaces = () => whole({ min: -15, max: 15 }).nullable().default(null);

/** `sampler_type` may stand in the parameters again, as Data Designer writes them. */
export const samplerType = <Type extends string>(type: Type) => ({
  sampler_type: oneOf([type]).default(type),
});

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
