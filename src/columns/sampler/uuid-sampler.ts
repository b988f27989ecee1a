// Identifiers: 32 hex digits of a version 4 UUID without hyphens, or 8 that no other row of the column has.

import { permutationOf } from '../../draws.ts';
import { isGiven, type Sample, type SamplerInput, textParam } from './sampler.ts';

const SHORT_FORMS = 2 ** 32;

export function uuidSampler({ params, names }: SamplerInput): Sample {
  const prefix = isGiven(params, 'prefix') ? textParam(params, 'prefix') : '';
  const toCase = (hex: string) => (params.uppercase === true ? hex.toUpperCase() : hex);
  if (params.short_form === true) {
    const permute = permutationOf(names, SHORT_FORMS);
    return ({ row }) => prefix + toCase(hexOf(permute(row)));
  }
  return ({ draw }) => {
    const words = [draw, draw, draw, draw].map((next) => Math.floor(next() * SHORT_FORMS));
    const hex = words.map(hexOf).join('');
    const variant = '89ab'[Math.floor(draw() * 4)];
    return prefix + toCase(`${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`);
  };
}

function hexOf(word: number): string {
  return word.toString(16).padStart(8, '0');
}
