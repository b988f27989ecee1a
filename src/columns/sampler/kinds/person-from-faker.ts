// Persons put together by Faker: names and addresses of a locale, which need not go together.

import type { z } from 'zod';
import type { ColumnType } from '../../../plan.ts';
import { map, oneOf } from '../../fields.ts';
import { samplerType } from '../params.ts';
import { FAKER_LOCALE_NAMES, fakerLocale } from '../persons/faker-locales.ts';
import { FAKER_FIELDS, openFaker } from '../persons/faker-person.ts';
import { personFields, personWish } from '../persons/person-params.ts';
import { type ParameterSet, type Sampler, type SamplerChecks, textParam } from '../sampler.ts';

const params = map({
  ...samplerType('person_from_faker'),
  locale: oneOf(FAKER_LOCALE_NAMES).default('en_US'),
  ...personFields(),
}).prefault({});

const PERSON: ColumnType = {
  kind: 'struct',
  fields: FAKER_FIELDS.map((name) => ({ name, type: { kind: name === 'age' ? 'int' : 'text' } })),
};

export const personFromFaker: Sampler<typeof params> = {
  params,
  draws: 'object',
  type: () => PERSON,
  check: checkLocale,
  open({ params: given }) {
    const wish = personWish(given);
    return {
      async ready() {
        const makePerson = await openFaker(textParam(given, 'locale'));
        return ({ draw }) => makePerson(draw, wish);
      },
    };
  },
};

function checkLocale(
  { path, params: { locale } }: ParameterSet<z.output<typeof params>>,
  { add }: SamplerChecks,
): void {
  const { data, isStandIn = false } = fakerLocale(locale);
  if (!isStandIn) return;
  const message = `${locale} has no lists of names here: those of ${data} stand in`;
  add([...path, 'locale'], message, { level: 'warning' });
}
