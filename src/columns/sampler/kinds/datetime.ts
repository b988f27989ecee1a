// Points in time, drawn by the second and cut to the unit, as Data Designer does: with unit D all rows are midnights, the
// day of a start at noon included. A cell is ISO text until it is converted; conditions and constraints see that text.

import { findOwn } from '../../../own-keys.ts';
import { parseDateTime } from '../../../text/datetime.ts';
import { formatDate } from '../../../text/strftime.ts';
import { filledText, map, oneOf } from '../../fields.ts';
import { TEXT } from '../../types.ts';
import { samplerType } from '../params.ts';
import { isGiven, type Sampler, type SamplerParams, textParam } from '../sampler.ts';

/** What cutting to a unit leaves of ISO text. */
const CUT_PATTERNS: { readonly [unit: string]: string } = {
  Y: '%Y-01-01T00:00:00',
  M: '%Y-%m-01T00:00:00',
  D: '%Y-%m-%dT00:00:00',
  h: '%Y-%m-%dT%H:00:00',
  m: '%Y-%m-%dT%H:%M:00',
  s: '%Y-%m-%dT%H:%M:%S',
};

const moment = () =>
  filledText().refine((input) => parseDateTime(input) !== null, {
    message: 'has to be a date or time such as 2025-01-31 or 2025-01-31T09:30:00',
  });

const params = map({
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

/** Uniform in [start, end). */
export const datetime: Sampler<typeof params> = {
  params,
  draws: 'date',
  type: () => TEXT,
  open({ params: given }) {
    const start = secondsParam(given, 'start');
    const end = secondsParam(given, 'end');
    const unit = isGiven(given, 'unit') ? textParam(given, 'unit') : 'D';
    const pattern = findOwn(CUT_PATTERNS, unit);
    if (pattern === undefined) throw new TypeError(`Cannot sample dates by unit "${unit}"`);
    return {
      draw: ({ draw }) => formatDate(new Date((start + Math.floor(draw() * (end - start))) * 1000), pattern),
    };
  },
};

function secondsParam(params: SamplerParams, field: string): number {
  const text = textParam(params, field);
  const time = parseDateTime(text);
  if (time === null) throw new TypeError(`Cannot sample with "${field}": "${text}" is not a date`);
  return Math.floor(time / 1000);
}
