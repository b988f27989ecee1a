import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SamplerColumn } from '../../../src/columns/sampler/form.ts';
import { openSamplers } from '../../../src/columns/sampler/open-samplers.ts';
import { FAKER_LOCALE_NAMES } from '../../../src/columns/sampler/persons/faker-locales.ts';
import { FAKER_FIELDS, openFaker } from '../../../src/columns/sampler/persons/faker-person.ts';
import { columnDraws } from '../../../src/draws.ts';
import { openDuckdb, sqlText } from '../../../src/duckdb/duckdb.ts';
import type { ValueObject } from '../../../src/values.ts';
import { type Files, prepareFiles, violationsOf } from './prepared.ts';

const document = (params: string, more = '') => ({
  'config.yaml': `columns:
  - { name: customer, column_type: sampler, sampler_type: ${params} }
${more}`,
});
const hello = (expr: string) => `  - { name: hello, column_type: expression, expr: "{{ ${expr} }}" }\n`;
const PLACE = 'home/.data-designer/managed-assets/datasets/en_US.parquet';
let folder: string;
let files: Files;

/** 200 persons as persona files have them. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rowloom-persons-'));
  const file = path.join(folder, 'managed-assets/datasets/en_US.parquet');
  const duckdb = await openDuckdb({ threads: 1, memoryMb: 200 });
  await duckdb.run(`copy (
    select i::varchar as uuid, 'Ann' as first_name, null::varchar as middle_name, 'Lee' || i as last_name,
      case when i % 2 = 0 then 'Female' else 'Male' end as sex, i % 100 as age, '10001' as postcode,
      'City' || (i % 10) as city, case when i % 4 = 0 then 'NY' else 'TX' end as region, 'USA' as country,
      'bachelors' as education_level, 'Likes ' || i as persona, ['tea', 'chess'] as hobbies_and_interests_list,
      { score: i, label: 'high' } as openness
    from range(200) numbers(i)
  ) to ${sqlText(await inFolder(file))} (format parquet)`);
  duckdb.closeSync();
  files = { [PLACE]: await readFile(file) };
});
afterAll(() => rm(folder, { recursive: true }));

async function inFolder(file: string): Promise<string> {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(path.dirname(file), { recursive: true });
  return file;
}

/** The persons of the first rows. */
async function personsOf(
  params: string,
  { rows, first = 0, more = '' }: { rows: number; first?: number; more?: string },
) {
  const { plan } = await prepareFiles({ ...document(params, more), ...files });
  const columns = plan.columns.filter(({ kind }) => kind === 'sampler') as SamplerColumn[];
  const samplers = openSamplers(columns, {
    seed: '5f1c',
    personaFolder: path.join(folder, 'managed-assets'),
  });
  const makeRow = await samplers.ready({ first, last: first + rows - 1 });
  return Array.from({ length: rows }, (_, row) => makeRow(first + row).values.customer as ValueObject);
}

describe('a person', () => {
  it('is a row of the file, with the fields that Data Designer gives it, in their order', async () => {
    const [person] = await personsOf('person', { rows: 1 });
    expect(Object.keys(person!)).toEqual([
      ...['uuid', 'first_name', 'middle_name', 'last_name', 'sex', 'age', 'postcode', 'city', 'country'],
      ...['education_level', 'locale', 'birth_date', 'phone_number', 'email_address', 'national_id', 'state'],
    ]);
    const { plan } = await prepareFiles({ ...document('person'), ...files });
    expect(plan.columns[0]!.type).toMatchObject({
      kind: 'struct',
      fields: expect.arrayContaining([
        { name: 'age', type: { kind: 'int' } },
        { name: 'middle_name', type: { kind: 'text' } },
      ]),
    });
    expect(person).toMatchObject({ first_name: 'Ann', locale: 'en_US', middle_name: null });
    expect(person!.email_address).toMatch(/^[a-z0-9._]+@[a-z]+\.com$/);
    expect(person!.national_id).toMatch(/^\d{3}-\d{2}-\d{4}$/);
    expect(person!.phone_number).toMatch(/^\d{3}-\d{3}-\d{4}$/);
  });

  it('has its persona where the document asks for it', async () => {
    const [person] = await personsOf('person, params: { with_synthetic_personas: true }', { rows: 1 });
    expect(Object.keys(person!).slice(-4)).toEqual([
      'state',
      'persona',
      'hobbies_and_interests_list',
      'openness',
    ]);
    expect(person).toMatchObject({
      hobbies_and_interests_list: ['tea', 'chess'],
      openness: { label: 'high' },
    });
  });

  it('is one that the parameters ask for, and is there again only when all others were', async () => {
    const params =
      'person, params: { sex: Female, city: [City0, City2], age_range: [20, 80], select_field_values: { state: [NY] } }';
    const persons = await personsOf(params, { rows: 30 });
    for (const { sex, city, age, state } of persons) {
      expect([sex, state]).toEqual(['Female', 'NY']);
      expect(['City0', 'City2']).toContain(city);
      expect(Number(age) >= 20 && Number(age) <= 80).toBe(true);
    }
    const ids = persons.map(({ uuid }) => uuid);
    const all = new Set(ids).size;
    expect(all).toBeLessThan(30);
    for (let start = 0; start + all <= 30; start += all)
      expect(new Set(ids.slice(start, start + all)).size).toBe(all);
  });

  it('is the same whatever rows are made with it', async () => {
    const persons = await personsOf('person', { rows: 20 });
    expect(await personsOf('person', { rows: 3, first: 7 })).toEqual(persons.slice(7, 10));
  });

  it('has no address for mail or phone as a child, and is as old as its day of birth says', async () => {
    for (const person of await personsOf('person, params: { age_range: [5, 17] }', { rows: 20 })) {
      expect(person).toMatchObject({ phone_number: null, email_address: null });
      const born = Date.parse(person.birth_date as string);
      const age = Number(person.age);
      expect(born).toBeGreaterThan(Date.UTC(2026 - age - 1, 0, 1));
      expect(born).toBeLessThanOrEqual(Date.UTC(2026 - age, 0, 1));
    }
  });

  it('is refused without its file, with the ways to get persons', async () => {
    const [line, ...rest] = await violationsOf(document('person'));
    expect(rest).toEqual([]);
    expect(line).toMatch(
      /^error config\.yaml:2:5 column "customer": there are no persons of en_US: .*en_US\.parquet is not there\./,
    );
    expect(line).toContain('data-designer download personas --locale en_US');
    expect(line).toContain('rowloom: { persons: faker }');
  });

  it('is refused where nobody is as the parameters ask, and where they ask for what persons have not', async () => {
    const linesOf = (params: string) =>
      violationsOf({ ...document(`person, params: { ${params} }`), ...files });
    expect(await linesOf('city: Atlantis')).toEqual([
      'error config.yaml:2:75 column "customer": none of the 200 persons of en_US is as the parameters ask',
    ]);
    expect(await linesOf('select_field_values: { stat: [NY] }')).toEqual([
      expect.stringMatching(/select_field_values.stat is no field of a person, did you mean "state"\?$/),
    ]);
    expect(await linesOf('select_field_values: { smoking_status: [x] }')).toEqual([
      'error config.yaml:2:75 column "customer": persons of en_US have no field "smoking_status" to choose by',
    ]);
    expect(await linesOf('locale: en_Us')).toEqual([
      expect.stringMatching(/params.locale has to be en_US, .*, did you mean "en_US"\?$/),
    ]);
    expect(await linesOf('age_range: [40, 30]')).toEqual([
      expect.stringMatching(/params.age_range has to begin below its end 30, not at 40$/),
    ]);
  });

  it('has known fields for templates', async () => {
    expect(await violationsOf({ ...document('person', hello('customer.first_nam')), ...files })).toEqual([
      expect.stringMatching(/^error config\.yaml:3:.*did you mean "first_name"\?/),
    ]);
    expect(await violationsOf({ ...document('person', hello('customer.state')), ...files })).toEqual([]);
  });

  it('is put together by Faker in the same shape where the document says so', async () => {
    const more = 'rowloom: { persons: faker }\n';
    expect(await violationsOf(document('person', more))).toEqual([
      'warning config.yaml:3:21 rowloom.persons are put together by Faker: names and addresses at random, in the shape of persons of files',
    ]);
    const [person] = await personsOf('person', { rows: 1, more });
    expect(person).toMatchObject({
      locale: 'en_US',
      country: 'USA',
      state: expect.stringMatching(/^[A-Z]{2}$/),
    });
    expect(Object.keys(person!).slice(-5)).toEqual([
      ...['birth_date', 'phone_number', 'email_address', 'national_id', 'state'],
    ]);
    expect(await violationsOf(document('person', hello('customer.persona') + more))).toEqual([
      expect.stringMatching(/^error config\.yaml:3:/),
      expect.stringMatching(/^warning config\.yaml:4:/),
    ]);
  });
});

describe('a person of Faker', () => {
  it('has the twenty fields of Data Designer in their order', async () => {
    const [person] = await personsOf('person_from_faker, params: { locale: de_DE, city: Ulm, sex: Male }', {
      rows: 1,
    });
    expect(Object.keys(person!)).toEqual([...FAKER_FIELDS]);
    expect(person).toMatchObject({ locale: 'de_DE', city: 'Ulm', sex: 'Male', middle_name: null, unit: '' });
  });

  it('can be of all 88 locales, which load one by one', async () => {
    expect(FAKER_LOCALE_NAMES).toHaveLength(88);
    const wish = { sex: null, cities: null, ages: { first: 18, last: 80 } };
    for (const locale of FAKER_LOCALE_NAMES) {
      const person = (await openFaker(locale))(columnDraws(['5f1c'])(1, 0), wish);
      for (const field of [
        'first_name',
        'last_name',
        'city',
        'postcode',
        'street_name',
        'country',
        'occupation',
      ] as const)
        expect(person[field], `${locale} ${field}`).toMatch(/\S/);
      expect(person.phone_number === null).toBe(locale.endsWith('_PH'));
    }
  });

  it('has no state where Data Designer has none, and known words in the other fields', async () => {
    const persons = await personsOf('person_from_faker, params: { locale: en_GB, age_range: [16, 18] }', {
      rows: 60,
    });
    for (const person of persons) {
      expect(person.state).toBeNull();
      expect(person.phone_number === null).toBe(Number(person.age) < 18);
      expect(['bachelors', 'graduate', 'doctorate'].includes(person.education_level as string)).toBe(
        person.bachelors_field !== 'no_degree',
      );
    }
    expect(new Set(persons.map(({ age }) => age))).toEqual(new Set([16n, 17n, 18n]));
    expect(new Set(persons.map(({ sex }) => sex))).toEqual(new Set(['Male', 'Female']));
  });

  it('says where the names of another language stand in, and refuses a locale that there is not', async () => {
    expect(await violationsOf(document('person_from_faker, params: { locale: bg_BG }'))).toEqual([
      expect.stringMatching(
        /^warning config\.yaml:2:.*params\.locale bg_BG has no lists of names here: those of en stand in$/,
      ),
    ]);
    expect(await violationsOf(document('person_from_faker, params: { locale: de_DD }'))).toEqual([
      expect.stringMatching(/^error .*did you mean "de_DE"\?$/),
    ]);
  });
});
