// A date so many whole units after the date that another sampler column has in the row: at least dt_min, below dt_max.

import type { z } from 'zod';
import { CellError } from '../../../errors.ts';
import { findOwn } from '../../../own-keys.ts';
import { parseDateTime } from '../../../text/datetime.ts';
import { formatDate } from '../../../text/strftime.ts';
import { map, oneOf, whole } from '../../fields.ts';
import { columnName } from '../../marks.ts';
import { TEXT } from '../../types.ts';
import { textOf } from '../convert.ts';
import { samplerType } from '../params.ts';
import {
  isGiven,
  numberParam,
  type ParameterSet,
  type Sampler,
  type SamplerChecks,
  textParam,
} from '../sampler.ts';

const UNIT_SECONDS: { readonly [unit: string]: number } = { D: 86_400, h: 3_600, m: 60, s: 1 };
const ISO = '%Y-%m-%dT%H:%M:%S';
/** ISO text has four digits for a year. */
const END_OF_DATES = Date.UTC(9999, 11, 31, 23, 59, 59);

const params = map({
  ...samplerType('timedelta'),
  dt_min: whole({ min: 0 }),
  dt_max: whole({ min: 1 }),
  reference_column_name: columnName(),
  unit: oneOf(['D', 'h', 'm', 's']).default('D'),
}).superRefine(({ dt_min: min, dt_max: max }, context) => {
  if (min < max) return;
  context.addIssue({
    code: 'custom',
    path: ['dt_min'],
    message: `has to be below dt_max ${max}, not ${min}`,
  });
});

export const timedelta: Sampler<typeof params> = {
  params,
  draws: 'date',
  type: () => TEXT,
  check: checkReference,
  open({ params: given }) {
    const min = numberParam(given, 'dt_min');
    const max = numberParam(given, 'dt_max');
    const reference = textParam(given, 'reference_column_name');
    const unitMs = findOwn(UNIT_SECONDS, isGiven(given, 'unit') ? textParam(given, 'unit') : 'D')! * 1000;
    return {
      draw({ draw, drawn }) {
        const text = textOf(findOwn(drawn, reference) ?? null);
        const start = parseDateTime(text);
        if (start === null)
          throw new CellError('SamplerError', `Cannot add to column "${reference}": "${text}" is not a date`);
        const time = start + (min + Math.floor(draw() * (max - min))) * unitMs;
        if (time > END_OF_DATES)
          throw new CellError('SamplerError', `Cannot add to "${text}": the date lies after the year 9999`);
        return formatDate(new Date(time), ISO);
      },
    };
  },
};

function checkReference(
  { path, params: { reference_column_name: reference } }: ParameterSet<z.output<typeof params>>,
  { name, drawnBy, add }: SamplerChecks,
): void {
  const drawn = drawnBy(reference);
  if (drawn === undefined || reference === name) return;
  const place = [...path, 'reference_column_name'];
  const isDate = (label: unknown) => typeof label === 'string' && parseDateTime(label) !== null;
  const wrong = drawn?.draws === 'label' ? drawn.labels.find((label) => !isDate(label)) : undefined;
  if (wrong !== undefined) {
    add(place, `has to name a sampler of dates, and "${reference}" has the value "${wrong}"`);
  } else if (drawn === null || (drawn.draws !== 'date' && drawn.draws !== 'label')) {
    add(place, `has to name a sampler of dates, and "${reference}" is none`);
  }
}
