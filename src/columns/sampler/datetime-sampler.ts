// Points in time, drawn by the second and cut to the unit, as Data Designer does: with unit D all rows are midnights, the
// day of a start at noon included. A cell is ISO text until it is converted; conditions compare that text.

import { findOwn } from '../../own-keys.ts';
import { parseDateTime } from '../../text/datetime.ts';
import { formatDate } from '../../text/strftime.ts';
import { isGiven, type Sample, type SamplerInput, textParam } from './sampler.ts';

/** What cutting to a unit leaves of ISO text. */
const CUT_PATTERNS: { readonly [unit: string]: string } = {
  Y: '%Y-01-01T00:00:00',
  M: '%Y-%m-01T00:00:00',
  D: '%Y-%m-%dT00:00:00',
  h: '%Y-%m-%dT%H:00:00',
  m: '%Y-%m-%dT%H:%M:00',
  s: '%Y-%m-%dT%H:%M:%S',
};

/** Uniform in [start, end). */
export function datetimeSampler({ params }: SamplerInput): Sample {
  const start = secondsParam(params, 'start');
  const end = secondsParam(params, 'end');
  const unit = isGiven(params, 'unit') ? textParam(params, 'unit') : 'D';
  const pattern = findOwn(CUT_PATTERNS, unit);
  if (pattern === undefined) throw new TypeError(`Cannot sample dates by unit "${unit}"`);
  return ({ draw }) => formatDate(new Date((start + Math.floor(draw() * (end - start))) * 1000), pattern);
}

function secondsParam(params: SamplerInput['params'], field: string): number {
  const text = textParam(params, field);
  const time = parseDateTime(text);
  if (time === null) throw new TypeError(`Cannot sample with "${field}": "${text}" is not a date`);
  return Math.floor(time / 1000);
}
