// The fields that persons of files can have, in their order, under Data Designer's names.

/** Those of the files. */
const FILE_FIELDS = [
  'uuid first_name middle_name last_name sex age marital_status postcode city district region country',
  'street_name street_number unit bachelors_field education_level occupation locale',
  'state ethnic_background industry preferred_english_name first_name_heritage name_heritage',
  'is_first_gen_immigrant household_type monthly_income_eur area blood_pressure_status blood_sugar_status bmi_status',
  'drinking_status economic_activity_status family_type housing_tenure housing_type income_bracket military_status',
  'smoking_status waist_status ethnicity country_of_birth disability migration_background employment_status',
  'job_position occupation_kldb last_occupation last_occupation_kldb kreis_code nationality race education_degree',
  'first_language second_language third_language zone religion',
].flatMap((line) => line.split(' '));

/** Those that are made for each person. */
export const DERIVED_FIELDS = ['birth_date', 'phone_number', 'email_address', 'national_id'];

/** Who a person is in more words, and scores of the Big Five. */
const PERSONA_FIELDS = [
  'persona detailed_persona professional_persona career_goals_and_ambitions cultural_background arts_persona',
  'culinary_persona finance_persona healthcare_persona sports_persona travel_persona hobbies_and_interests',
  'hobbies_and_interests_list skills_and_expertise skills_and_expertise_list openness conscientiousness extraversion',
  'agreeableness neuroticism aspects digital_skill family_persona religious_persona religious_background',
  'linguistic_persona linguistic_background',
].flatMap((line) => line.split(' '));

/** What `select_field_values` may name. */
export const SELECTABLE_FIELDS = [...FILE_FIELDS.filter((field) => field !== 'locale'), ...PERSONA_FIELDS];

/** In files of the United States the state is called region. */
export function fieldInFile(field: string, locale: string): string {
  return locale === 'en_US' && field === 'state' ? 'region' : field;
}

/** A field of a person, and where a file has it; null for what is made for each person. */
export interface PersonField {
  readonly name: string;
  readonly inFile: string | null;
}

export interface PersonFieldsOptions {
  readonly locale: string;
  /** The columns of its file. */
  readonly columns: readonly string[];
  readonly withPersonas: boolean;
}

/** The fields of a person, in their order. */
export function personFieldsOf({
  locale,
  columns,
  withPersonas,
}: PersonFieldsOptions): readonly PersonField[] {
  const read = (field: string): PersonField[] =>
    columns.includes(field) ? [{ name: field, inFile: field }] : [];
  const isState = locale === 'en_US' && columns.includes('region') && !columns.includes('state');
  const first = FILE_FIELDS.flatMap((field) => {
    if (field === 'locale') return [{ name: field, inFile: null }];
    return isState && field === 'region' ? [] : read(field);
  });
  return [
    ...first,
    ...DERIVED_FIELDS.map((name) => ({ name, inFile: null })),
    ...(isState ? [{ name: 'state', inFile: 'region' }] : []),
    ...(withPersonas ? PERSONA_FIELDS.flatMap(read) : []),
  ];
}

/** The locales that there are files of, with their sizes in gigabytes, and how they call their country. */
export const PERSONA_LOCALES = {
  en_US: { size: 1.24, country: 'USA' },
  en_GB: { size: 2.03, country: 'United Kingdom' },
  de_DE: { size: 2.55, country: 'Deutschland' },
  en_IN: { size: 2.39, country: 'India' },
  en_SG: { size: 0.3, country: 'Singapore' },
  fr_FR: { size: 3.87, country: 'France' },
  hi_Deva_IN: { size: 4.14, country: 'भारत' },
  hi_Latn_IN: { size: 2.7, country: 'India' },
  ja_JP: { size: 1.69, country: '日本' },
  ko_KR: { size: 2.66, country: '대한민국' },
  pt_BR: { size: 2.33, country: 'Brasil' },
};
export type PersonaLocale = keyof typeof PERSONA_LOCALES;

/** What a person that Faker makes has of the fields of files. */
export const FAKER_COLUMNS = [
  'uuid first_name middle_name last_name sex age marital_status postcode city region country street_name',
  'street_number unit bachelors_field education_level occupation',
].flatMap((line) => line.split(' '));

/** The locale of Faker that is nearest to one of persona files. */
export function fakerOfPersonas(locale: string): string {
  const nearest = { en_SG: 'en', hi_Deva_IN: 'hi_IN', hi_Latn_IN: 'hi_IN' };
  return Object.hasOwn(nearest, locale) ? nearest[locale as keyof typeof nearest] : locale;
}
