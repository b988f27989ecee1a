// Looks at the persona files that the columns of a document name, and says what is wrong with them where the document names
// them.

import { type Facts, NO_FACTS } from '../columns/declaration.ts';
import { declarationOf } from '../columns/kinds.ts';
import { PERSONA_LOCALES, type PersonaLocale } from '../columns/sampler/persons/person-fields.ts';
import { StoreError } from '../errors.ts';
import {
  type PersonaFile,
  type PersonaReader,
  personaFolder,
  personaPath,
} from '../personas/persona-file.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import type { Environment } from './providers.ts';
import type { Report } from './report.ts';
import type { ReadConfig } from './validate.ts';

export interface PersonaOptions {
  readonly cwd: string;
  readonly home: string;
  readonly environment: Environment;
  readonly personas: PersonaReader;
}

/** Files that cannot be used are in the report. */
export async function findPersonas(
  report: Report,
  { columns, rowloom }: ReadConfig,
  { personas: reader, ...places }: PersonaOptions,
): Promise<Facts['personas']> {
  const refs = columns.flatMap(({ path, config }) => {
    const named = config === null ? [] : (declarationOf(config.column_type).personas?.(config) ?? []);
    return named.map((ref) => ({ ...ref, path: [...path, ...ref.path] }));
  });
  if (refs.length === 0) return NO_FACTS.personas;
  if (rowloom?.persons === 'faker') {
    const message =
      'are put together by Faker: names and addresses at random, in the shape of persons of files';
    report.add({ path: ['rowloom', 'persons'], message, level: 'warning' });
    return { isFaker: true, files: new Map() };
  }
  const folder = personaFolder(places);
  const files = new Map<string, PersonaFile>();
  for (const { locale, filters, path } of refs) {
    const add = (message: string) => report.add({ path, message, isWhole: true });
    try {
      const file = files.get(locale) ?? (await reader.read(folder, locale));
      if (file === null) {
        add(howToGet(locale, personaPath(folder, locale)));
        continue;
      }
      files.set(locale, file);
      const names = file.columns.map(({ name }) => name);
      const unknown = filters.find(({ field }) => !names.includes(field));
      if (unknown !== undefined) {
        const near = suggestion(nearestName(unknown.field, names));
        add(`persons of ${locale} have no field "${unknown.field}" to choose by${near}`);
      } else if ((await reader.count(folder, { locale, filters })) === 0) {
        add(`none of the ${file.rowCount} persons of ${locale} is as the parameters ask`);
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      add(error.message);
    }
  }
  return { isFaker: false, files };
}

function howToGet(locale: string, file: string): string {
  const { size } = PERSONA_LOCALES[locale as PersonaLocale];
  return [
    `there are no persons of ${locale}: ${file} is not there.`,
    `Get it (${size} GB) with "data-designer download personas --locale ${locale}",`,
    'or write "rowloom: { persons: faker }" to have them put together by Faker',
  ].join(' ');
}
