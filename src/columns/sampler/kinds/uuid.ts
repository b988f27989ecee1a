// Identifiers: 32 hex digits of a version 4 UUID without hyphens, or 8 that no other row of the column has.

import { permutationOf } from '../../../draws.ts';
import { flag, map, text } from '../../fields.ts';
import { TEXT } from '../../types.ts';
import { samplerType } from '../params.ts';
import { isGiven, type Sampler, textParam } from '../sampler.ts';

const SHORT_FORMS = 2 ** 32;

const params = map({
  ...samplerType('uuid'),
  prefix: text().nullable().default(null),
  short_form: flag().default(false),
  uppercase: flag().default(false),
}).prefault({});

export const uuid: Sampler<typeof params> = {
  params,
  draws: 'text',
  type: () => TEXT,
  open({ params: given, names }) {
    const prefix = isGiven(given, 'prefix') ? textParam(given, 'prefix') : '';
    const toCase = (hex: string) => (given.uppercase === true ? hex.toUpperCase() : hex);
    if (given.short_form === true) {
      // A permutation of all 8 digits by the row's number: two rows never share one, in any number of row groups. Eight
      // random digits would repeat in 77,000 rows as likely as not.
      const permute = permutationOf(names, SHORT_FORMS);
      return { draw: ({ row }) => prefix + toCase(hexOf(permute(row))) };
    }
    return {
      // 122 random bits: among a billion rows two are the same with a probability of 1e-19.
      draw({ draw }) {
        const words = [draw, draw, draw, draw].map((next) => Math.floor(next() * SHORT_FORMS));
        const hex = words.map(hexOf).join('');
        const variant = '89ab'[Math.floor(draw() * 4)];
        return prefix + toCase(`${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`);
      },
    };
  },
};

function hexOf(word: number): string {
  return word.toString(16).padStart(8, '0');
}
