// Persons of Faker: names and addresses of a locale's lists, put together at random, with the fields of Data Designer.

import type { Faker, Randomizer } from '@faker-js/faker';
import type { Source } from '../../../draws.ts';
import type { ValueObject } from '../../../values.ts';
import { birthDate } from './birth-date.ts';
import { fakerLocale } from './faker-locales.ts';
import { type PersonWish, SEXES } from './person-params.ts';

export const ADULT_AGE = 18;

const MARITAL_STATUSES = ['married_present', 'divorced', 'never_married', 'separated', 'widowed'];
const EDUCATION_LEVELS = [
  'secondary_education',
  'some_college',
  'bachelors',
  'associates',
  'graduate',
  'doctorate',
];
const COLLEGE_LEVELS = ['bachelors', 'graduate', 'doctorate'];
const BACHELORS_FIELDS = ['stem', 'business', 'education', 'arts_humanities', 'stem_related'];

/** The fields of a person in their order. All are text but the age. */
export const FAKER_FIELDS = [
  'uuid',
  'locale',
  'first_name',
  'last_name',
  'middle_name',
  'sex',
  'street_number',
  'street_name',
  'city',
  'state',
  'postcode',
  'age',
  'birth_date',
  'country',
  'marital_status',
  'education_level',
  'unit',
  'occupation',
  'phone_number',
  'bachelors_field',
] as const;

export type FakerPerson = ValueObject & {
  readonly [Field in (typeof FAKER_FIELDS)[number]]: string | bigint | null;
};

export type MakePerson = (draw: Source, wish: PersonWish) => FakerPerson;

const opened = new Map<string, Promise<MakePerson>>();

/** Loads the lists of one locale, once in a process. */
export function openFaker(locale: string): Promise<MakePerson> {
  const found = opened.get(locale) ?? loadFaker(locale);
  opened.set(locale, found);
  return found;
}

async function loadFaker(locale: string): Promise<MakePerson> {
  const { data, hasNoState = false, hasNoPhone = false } = fakerLocale(locale);
  const { faker: shared } = (await import(`@faker-js/faker/locale/${data}`)) as { faker: Faker };
  let next: Source = Math.random;
  const randomizer: Randomizer = { next: () => next(), seed: () => undefined };
  // The package's main file brings all its locales along, 35 MB of them; an instance of one locale has its class.
  const Own = shared.constructor as typeof Faker;
  const faker = new Own({ locale: shared.rawDefinitions, randomizer });
  return (draw, { sex: wanted, cities, ages, isStateShort = false }) => {
    next = draw;
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(draw() * items.length)]!;
    const sex = wanted ?? pick(SEXES);
    const of = sex === 'Male' ? 'male' : 'female';
    const age = ages.first + Math.floor(draw() * (ages.last - ages.first + 1));
    const level = pick(EDUCATION_LEVELS);
    return {
      uuid: faker.string.uuid(),
      locale,
      first_name: faker.person.firstName(of),
      last_name: faker.person.lastName(of),
      middle_name: null,
      sex,
      street_number: faker.location.buildingNumber(),
      street_name: faker.location.street(),
      city: cities === null ? faker.location.city() : pick(cities),
      state: hasNoState ? null : faker.location.state({ abbreviated: isStateShort }),
      // Of American ones some have nine digits.
      postcode: faker.location.zipCode().replace(/^(\d{5})-\d{4}$/, '$1'),
      age: BigInt(age),
      birth_date: birthDate(draw, age),
      country: faker.location.country(),
      marital_status: pick(MARITAL_STATUSES),
      education_level: level,
      unit: '',
      occupation: faker.person.jobTitle(),
      phone_number: age < ADULT_AGE || hasNoPhone ? null : faker.phone.number(),
      bachelors_field: COLLEGE_LEVELS.includes(level) ? pick(BACHELORS_FIELDS) : 'no_degree',
    };
  };
}
