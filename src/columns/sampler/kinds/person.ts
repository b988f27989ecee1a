// Persons of the persona files that Data Designer downloads: each a row of a file, none twice before all were there once. Where
// the document says so, they are put together by Faker in the same shape instead.

import { z } from 'zod';
import { permutationOf } from '../../../draws.ts';
import { CellError, StoreError } from '../../../errors.ts';
import { findOwn } from '../../../own-keys.ts';
import { openPersonas, type PersonaFilter, type Personas } from '../../../personas/persona-file.ts';
import type { ColumnType } from '../../../plan.ts';
import { nearestName } from '../../../text/nearest-name.ts';
import { suggestion } from '../../../text/phrases.ts';
import { isValueObject, type Value, type ValueObject } from '../../../values.ts';
import type { Facts } from '../../declaration.ts';
import { flag, map, mapOf, oneOf, text } from '../../fields.ts';
import { samplerType } from '../params.ts';
import { openFaker } from '../persons/faker-person.ts';
import {
  FAKER_COLUMNS,
  fakerOfPersonas,
  fieldInFile,
  PERSONA_LOCALES,
  type PersonaLocale,
  type PersonField,
  personFieldsOf,
  SELECTABLE_FIELDS,
} from '../persons/person-fields.ts';
import { personFields, personWish } from '../persons/person-params.ts';
import { type Draw, type Sampler, type SamplerInput, type SamplerParams, textParam } from '../sampler.ts';

const LOCALES = Object.keys(PERSONA_LOCALES) as [PersonaLocale, ...PersonaLocale[]];

const params = map({
  ...samplerType('person'),
  locale: oneOf(LOCALES).default('en_US'),
  ...personFields(),
  select_field_values: mapOf(z.array(text()))
    .superRefine((values, context) => {
      for (const field of Object.keys(values)) {
        if (SELECTABLE_FIELDS.includes(field)) continue;
        const message = `is no field of a person${suggestion(nearestName(field, SELECTABLE_FIELDS))}`;
        context.addIssue({ code: 'custom', path: [field], message });
      }
    })
    .nullable()
    .default(null),
  with_synthetic_personas: flag().default(false),
}).prefault({});
type Params = z.output<typeof params>;

export const person: Sampler<typeof params> = {
  params,
  draws: 'object',
  type: (sets, facts) => typeOfAll(sets.map((set) => fieldsWithTypes(set, facts))),
  personas: (given) => ({ locale: given.locale, filters: filtersOf(given as unknown as SamplerParams) }),
  form: (given, { personas }) => ({
    source: personas.isFaker ? 'faker' : (personas.files.get(given.locale)?.hash ?? ''),
    columns: columnsOf(given, { personas }),
  }),
  open: (input) =>
    input.params.source === 'faker' ? { ready: () => fromFaker(input) } : { ready: openFile(input) },
};

function columnsOf({ locale }: Params, { personas }: Pick<Facts, 'personas'>): readonly string[] {
  if (personas.isFaker) return FAKER_COLUMNS;
  return personas.files.get(locale)?.columns.map(({ name }) => name) ?? [];
}

interface TypedField {
  readonly name: string;
  readonly type: ColumnType;
}

/** Null where the file is not known: nothing is said of its fields then. */
function fieldsWithTypes(given: Params, facts: Facts): readonly TypedField[] | null {
  const { locale, with_synthetic_personas: withPersonas } = given;
  const columns = columnsOf(given, facts);
  if (columns.length === 0) return null;
  const file = facts.personas.files.get(locale)?.columns ?? [];
  const typeOf = ({ inFile }: PersonField): ColumnType =>
    inFile === 'age' ? { kind: 'int' } : (file.find(({ name }) => name === inFile)?.type ?? { kind: 'text' });
  return personFieldsOf({ locale, columns, withPersonas }).map((field) => ({
    name: field.name,
    type: typeOf(field),
  }));
}

/** The fields of all; one that they have of several types is JSON. */
function typeOfAll(sets: readonly (readonly TypedField[] | null)[]): ColumnType {
  if (sets.includes(null)) return { kind: 'json' };
  const types = new Map<string, ColumnType>();
  for (const { name, type } of sets.flatMap((fields) => fields ?? [])) {
    const isSame = JSON.stringify(types.get(name) ?? type) === JSON.stringify(type);
    types.set(name, isSame ? type : { kind: 'json' });
  }
  return { kind: 'struct', fields: [...types].map(([name, type]) => ({ name, type })) };
}

function filtersOf(given: SamplerParams): readonly PersonaFilter[] {
  const { sex, cities, ages } = personWish(given);
  const selected = isValueObject(given.select_field_values) ? Object.entries(given.select_field_values) : [];
  const locale = textParam(given, 'locale');
  return [
    { field: 'age', is: ages },
    ...(sex === null ? [] : [{ field: 'sex', is: [sex] }]),
    ...(cities === null ? [] : [{ field: 'city', is: cities }]),
    ...selected.flatMap(([field, values]) => {
      const is = values as readonly string[];
      return is.length === 0 ? [] : [{ field: fieldInFile(field, locale), is }];
    }),
  ];
}

/** Letters of all alphabets in ASCII are half a megabyte. */
const loadDerived = () => import('../persons/derived-fields.ts');

/** A person as the column's type has one. */
function shaped(input: SamplerInput, values: ValueObject): ValueObject {
  const names = input.type.kind === 'struct' ? input.type.fields.map(({ name }) => name) : [];
  return Object.fromEntries(names.map((name) => [name, findOwn(values, name) ?? null]));
}

async function fromFaker(input: SamplerInput): Promise<Draw> {
  const locale = textParam(input.params, 'locale');
  const { deriveFields } = await loadDerived();
  const makePerson = await openFaker(fakerOfPersonas(locale));
  const wish = { ...personWish(input.params), isStateShort: true };
  return ({ draw }) => {
    const { state, country: _, ...made } = makePerson(draw, wish);
    const region = { region: state, state };
    const known = { ...made, ...region, locale, country: PERSONA_LOCALES[locale as PersonaLocale].country };
    return shaped(input, { ...known, ...deriveFields(draw, known, locale) });
  };
}

/** Reads the persons of each range of rows; which rows of the file there are to choose from is looked up once. */
function openFile(input: SamplerInput) {
  const { params: given, names, personaFolder } = input;
  const locale = textParam(given, 'locale');
  const columns = (given.columns as readonly Value[]).map(String);
  const withPersonas = given.with_synthetic_personas === true;
  const fields = personFieldsOf({ locale, columns, withPersonas });
  const read = fields.flatMap(({ inFile }) => inFile ?? []);
  let opened: Promise<Personas> | null = null;
  return async ({ first, last }: { readonly first: number; readonly last: number }): Promise<Draw> => {
    if (personaFolder === null) throw new StoreError(`Cannot read the persons of ${locale} here`);
    opened ??= openPersonas({
      ...{ folder: personaFolder, locale, hash: textParam(given, 'source') },
      ...{ filters: filtersOf(given), fields: read },
    });
    const { count, read: readRows } = await opened;
    const { deriveFields } = await loadDerived();
    if (count === 0) {
      const message = `Cannot choose a person: none of ${locale} is as the parameters ask`;
      return () => {
        throw new CellError('SamplerError', message);
      };
    }
    const orders = new Map<number, (row: number) => number>();
    // Each pass over the persons has an order of its own.
    const numberOf = (row: number) => {
      const pass = Math.floor(row / count);
      const order = orders.get(pass) ?? permutationOf([...names, 'persons', String(pass)], count);
      orders.set(pass, order);
      return order(row % count);
    };
    const rows = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const persons = await readRows(rows.map(numberOf));
    return ({ row, draw }) => {
      const found = persons.get(numberOf(row))!;
      const own = Object.fromEntries(
        fields.flatMap(({ name, inFile }) =>
          inFile === null ? [] : [[name, findOwn(found, inFile) ?? null]],
        ),
      );
      return shaped(input, { ...own, locale, ...deriveFields(draw, found, locale) });
    };
  };
}
