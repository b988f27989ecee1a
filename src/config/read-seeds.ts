import { findOwn } from '../own-keys.ts';
import { fieldsAt, readPart, unknownField } from './explain.ts';
import { fieldsOf, readWord, textOf } from './read-parts.ts';
import type { Report } from './report.ts';
import { SEED_TYPES, type SeedConfig, SOURCES, seedConfigOf } from './schema/seeds.ts';

/** Sources of our own, whose fields Data Designer never wrote. */
const OWN_TYPES = ['dataset', 'rows'];
const SOURCE = ['seed_config', 'source'] as const;

/** The `seed_config` of a document; null where there is none, or where it cannot be used. */
export function readSeeds(report: Report): SeedConfig | null {
  const input = report.read(['seed_config']);
  if (input === undefined || input === null) return null;
  const path = [...SOURCE, 'seed_type'];
  if (textOf(report.read(path)) === 'df') {
    const message =
      '"df" is a table in the memory of Python: run the program itself, or write the table to a file, df.to_parquet("seeds.parquet"), and name that with seed_type local';
    report.add({ path, message });
    return null;
  }
  const source = fieldsOf(report.read(SOURCE));
  const plugin = 'run the program that builds the config, in Python, or write the rows to a file';
  const type = source === null ? 'local' : readWord(report, { path, words: SEED_TYPES, plugin });
  const fields = fieldsOf(input);
  const known =
    source === null || type === null || OWN_TYPES.includes(type) ? null : fieldsAt(SOURCES[type], []);
  const read = readPart(report, {
    path: ['seed_config'],
    schema: seedConfigOf(type),
    input:
      fields === null || known === null
        ? input
        : { ...fields, source: withoutUnknown(report, source!, known) },
  });
  return type === null ? null : read;
}

/** Data Designer reads what it knows of a source, and nothing else; what was meant by the rest is said. */
function withoutUnknown(
  report: Report,
  source: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const unknown = Object.keys(source).filter((name) => !known.includes(name));
  for (const name of unknown) {
    const { message, ...finding } = unknownField([...SOURCE, name], known);
    report.add({ ...finding, message: `${message}: it is left out, as in Data Designer`, level: 'warning' });
  }
  return Object.fromEntries(
    known.flatMap((name) => (Object.hasOwn(source, name) ? [[name, findOwn(source, name)]] : [])),
  );
}
