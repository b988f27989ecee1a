// What is made for each person of a file, as Data Designer makes it: day of birth, e-mail address, and in the United States
// phone number and social security number. None of them belongs to anybody on purpose.

import anyAscii from 'any-ascii';
import type { Source } from '../../../draws.ts';
import { findOwn } from '../../../own-keys.ts';
import type { Value, ValueObject } from '../../../values.ts';
import { birthDate } from './birth-date.ts';
import { ADULT_AGE } from './faker-person.ts';
import { AREA_CODES, SOCIAL_SECURITY_AREAS } from './united-states.ts';

/** The fields of `DERIVED_FIELDS`. */
export function deriveFields(draw: Source, person: ValueObject, locale: string): ValueObject {
  const age = Number(person.age);
  const born = birthDate(draw, age);
  const state = textOf(person.region ?? person.state);
  const isAmerican = locale === 'en_US';
  return {
    birth_date: born,
    phone_number:
      isAmerican && age >= ADULT_AGE && person.postcode !== null ? phoneNumber(draw, state) : null,
    email_address: age >= ADULT_AGE ? emailAddress(draw, person, born) : null,
    national_id: isAmerican && state !== '' ? socialSecurityNumber(draw, state, born) : null,
  };
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}

function between(draw: Source, first: number, last: number): number {
  return first + Math.floor(draw() * (last - first + 1));
}

type Weighted<Item> = readonly (readonly [Item, number])[];

function choose<Item>(draw: Source, items: Weighted<Item>): Item {
  let left = draw() * items.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [item, weight] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  return items.at(-1)![0];
}

/** How many use each provider, by age. */
const MAIL_DOMAINS: readonly { readonly below: number; readonly shares: Weighted<string> }[] = [
  { below: 30, shares: sharesOf([710, 300, 50, 40, 35, 20, 3, 3, 0.1]) },
  { below: 50, shares: sharesOf([360, 270, 60, 50, 60, 18, 7, 4, 0.3]) },
  { below: Number.POSITIVE_INFINITY, shares: sharesOf([430, 280, 90, 110, 135, 12, 5, 4, 1.1]) },
];

function sharesOf(weights: readonly number[]): Weighted<string> {
  const names = ['gmail', 'icloud', 'outlook', 'hotmail', 'yahoo', 'protonmail', 'zoho', 'gmx', 'aol'];
  return names.map((name, index) => [`${name}.com`, weights[index]!]);
}

/** Null for a name without a letter that an address could have. */
function emailAddress(draw: Source, person: ValueObject, born: string): string | null {
  const plain = (field: string) =>
    anyAscii(textOf(findOwn(person, field)))
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '');
  const [first, middle, last] = [plain('first_name'), plain('middle_name'), plain('last_name')];
  if (first === '' || last === '') return null;
  const names: Weighted<string> = [
    [`${first}.${last}`, 0.25],
    [`${first}${last}`, 0.17],
    [`${first[0]}${last}`, 0.12],
    [`${first}_${last}`, 0.08],
    [`${last}${first[0]}`, 0.12],
    [`${first}${last[0]}`, 0.08],
  ];
  const withMiddle: Weighted<string> = [
    [`${first}${middle}`, 0.06],
    [`${first}${middle[0] ?? ''}${last}`, 0.06],
    [`${first}${middle}${last}`, 0.06],
  ];
  const name = choose(draw, middle === '' ? names : [...names, ...withMiddle]);
  const [year, , day] = born.split('-') as [string, string, string];
  const suffix = choose(draw, [
    ['', 0.4],
    [String(between(draw, 1, 99)), 0.3],
    [year.slice(2), 0.1],
    [year, 0.1],
    [String(Number(day)), 0.1],
  ]);
  const age = Number(person.age);
  const { shares } = MAIL_DOMAINS.find(({ below }) => age < below)!;
  return `${name}${suffix}@${choose(draw, shares)}`;
}

const ALL_CODES = Object.values(AREA_CODES).flat();
/** How many have the number of the state that they live in. */
const LOCAL_SHARE = 0.9;

function phoneNumber(draw: Source, state: string): string {
  const own = Object.hasOwn(AREA_CODES, state) ? AREA_CODES[state as keyof typeof AREA_CODES] : ALL_CODES;
  const codes = draw() < LOCAL_SHARE ? own : ALL_CODES;
  const code = codes[Math.floor(draw() * codes.length)]!;
  return `${code}-${between(draw, 200, 999)}-${String(between(draw, 0, 9999)).padStart(4, '0')}`;
}

const LAST_AREA = 899;
const UNUSED_AREA = 666;
/** Since then numbers no longer tell of a state. */
const AREAS_ENDED = '2011-06-25';

function socialSecurityNumber(draw: Source, state: string, born: string): string {
  const isLocal = born < AREAS_ENDED && Object.hasOwn(SOCIAL_SECURITY_AREAS, state);
  const [first, last] = isLocal
    ? SOCIAL_SECURITY_AREAS[state as keyof typeof SOCIAL_SECURITY_AREAS]
    : ([1, LAST_AREA] as const);
  let area = UNUSED_AREA;
  while (area === UNUSED_AREA) area = between(draw, first!, last!);
  const pad = (number: number, digits: number) => String(number).padStart(digits, '0');
  return `${pad(area, 3)}-${pad(between(draw, 1, 99), 2)}-${pad(between(draw, 1, 9999), 4)}`;
}
