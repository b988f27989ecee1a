// Checks the names of columns: those of the document, of its seeds, and of what columns make beside their cells.

import { declarationOf } from '../columns/kinds.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { nameProblem, ONE_IN_PARQUET } from './read-parts.ts';
import type { Report } from './report.ts';
import type { SeedColumn } from './resolve.ts';
import type { ReadColumn, ReadConfig } from './validate.ts';

export function checkNames(
  report: Report,
  {
    config,
    seedColumns,
  }: { readonly config: ReadConfig; readonly seedColumns: readonly SeedColumn[] | null },
): void {
  const path = ['seed_config', 'source', 'path'];
  const source = report.read(path) === undefined ? path.slice(0, 2) : path;
  const seedNames = seedColumns?.map(({ name }) => name) ?? null;
  for (const name of seedNames ?? []) {
    const problem = nameProblem(name);
    const message = `has a column ${JSON.stringify(name)} whose name ${problem}`;
    if (problem !== null) report.add({ path: source, message });
  }
  const seen = new Map<string, string>();
  for (const name of seedNames ?? []) {
    const twin = seen.get(name.toLowerCase());
    const message = `has columns "${twin}" and "${name}", which ${ONE_IN_PARQUET}`;
    if (twin !== undefined) report.add({ path: source, message });
    seen.set(name.toLowerCase(), name);
  }
  for (const { path, name, columnType } of config.columns) {
    if (name === null) continue;
    const add = (message: string) => report.add({ path: [...path, 'name'], message });
    const isSeed = seedNames?.includes(name) ?? false;
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined && twin !== name) add(`"${name}" and "${twin}" ${ONE_IN_PARQUET}`);
    seen.set(name.toLowerCase(), name);
    if (columnType !== 'seed-dataset') {
      if (isSeed)
        add(
          `"${name}" is the name of a seed column too: rename this one, or leave it out to keep the seed's`,
        );
    } else if (!config.hasSeeds) {
      add('is of a seed column, and there is no seed_config');
    } else if (seedNames !== null && !isSeed) {
      add(`"${name}" is no column of the seed source${suggestion(nearestName(name, seedNames))}`);
    }
  }
}

/** The side-effect columns of a column that could be read. */
export function madeBeside({ config }: ReadColumn): readonly string[] {
  const sideEffects = config === null ? [] : declarationOf(config.column_type).sideEffects?.(config);
  return sideEffects?.map(({ name }) => name) ?? [];
}

/** `: column "answer" makes it with with_trace: all_messages`; undefined for a name that no column can make. */
export function howToMakeBeside(wanted: string, columns: readonly ReadColumn[]): string | undefined {
  for (const { name, kind } of columns) {
    if (name === null || kind === null) continue;
    const found = declarationOf(kind)
      .optionalSideEffects?.(name)
      .find((made) => made.name === wanted);
    if (found !== undefined) return `: column "${name}" makes it with ${found.field}`;
  }
  return undefined;
}

/** A column of the document that has the name of another's side effect, and two side effects of one name. */
export function checkSideEffects(report: Report, columns: readonly ReadColumn[]): void {
  const owners = new Map(columns.flatMap(({ name }) => (name === null ? [] : [[name.toLowerCase(), name]])));
  for (const column of columns) {
    for (const name of madeBeside(column)) {
      const owner = owners.get(name.toLowerCase());
      const taken = owner === name ? 'is a column of the document too' : 'makes one too';
      const message =
        owner === column.name
          ? `makes two columns "${name}": rename one of them`
          : `makes a column "${name}" beside it, and "${owner}" ${taken}: rename one of them`;
      if (owner !== undefined) report.add({ path: column.path, message });
      owners.set(name.toLowerCase(), column.name!);
    }
  }
}
