// The seed source of a document, whatever its type: a kind of source is a line here, its fields in `config/schema/seeds.ts`,
// and a file that gives its rows.

import { join } from 'node:path';
import type { SeedSourceConfig, SeedSourceOf, SeedType } from '../config/schema/seeds.ts';
import type { Violation } from '../errors.ts';
import { isValueObject, type ValueObject } from '../values.ts';
import { SeedProblem } from './problems.ts';
import type { WrittenRow } from './row-blocks.ts';
import { findSeedFolder, locateSeedFiles, type PathPlaces } from './seed-paths.ts';
import { openSeedSource, type ReadSource, sourceOfRows } from './seed-source.ts';

/** Where a source is looked for. */
export interface SeedPlaces extends PathPlaces {
  readonly home: string;
  readonly environment: { readonly [name: string]: string | undefined };
  /** The store's folder. */
  readonly directory: string;
}

export type OpenedSeeds =
  | {
      readonly source: ReadSource;
      /** The source in a few words, for people. */
      readonly name: string;
      readonly warnings: readonly Violation[];
    }
  /** Of a field of the document's source: the message follows its name. */
  | { readonly problem: { readonly field: string; readonly message: string } };

/** Reads a source, all of it. Throws `ConfigError` with all that is wrong with its files, and `StoreError`. */
export async function openSeeds(config: SeedSourceConfig, places: SeedPlaces): Promise<OpenedSeeds> {
  const warnings: Violation[] = [];
  const warn = (file: string, message: string) => {
    warnings.push({ file, line: null, column: null, level: 'warning', message });
  };
  try {
    const open = OPENERS[config.seed_type] as Open<SeedType>;
    const { source, name } = await open(config, { ...places, warn });
    return { source, name, warnings };
  } catch (error) {
    if (!(error instanceof SeedProblem)) throw error;
    return { problem: { field: error.field, message: error.message } };
  }
}

interface OpenPlaces extends SeedPlaces {
  warn(file: string, message: string): void;
}

type Open<Type extends SeedType> = (
  config: SeedSourceOf<Type>,
  places: OpenPlaces,
) => Promise<{ readonly source: ReadSource; readonly name: string }>;

/** What reads a kind of source is loaded with the first one of it: all of them take as long as all the rest of a command. */
const OPENERS: { readonly [Type in SeedType]: Open<Type> } = {
  async local({ path }, places) {
    const found = await locateSeedFiles(path, places);
    if ('problem' in found) throw new SeedProblem('path', found.problem);
    return { source: await openSeedSource(found.files), name: path };
  },
  async directory(config, places) {
    const { directoryRows } = await import('./source-files.ts');
    return named(directoryRows(config, await folderOf(config.path, places)), `files of ${config.path}`);
  },
  async file_contents(config, places) {
    const { contentRows } = await import('./source-files.ts');
    return named(contentRows(config, await folderOf(config.path, places)), `files of ${config.path}`);
  },
  async agent_rollout(source, places) {
    const { ROLLOUTS, rolloutRows } = await import('./rollouts/read-rollouts.ts');
    const { home } = ROLLOUTS[source.format];
    if (source.path === null && home === null) {
      throw new SeedProblem('path', `is missing: sessions of ${source.format} have no place of their own`);
    }
    const path = source.path ?? join(places.home, home!);
    const folder = await folderOf(path, places);
    return named(rolloutRows({ source, folder, warn: places.warn }), `${source.format} sessions of ${path}`);
  },
  async hf(source, { environment }) {
    const { withHubFiles } = await import('./hugging-face.ts');
    return withHubFiles({ source, environment }, async (files) => ({
      source: await openSeedSource(files),
      name: source.path,
    }));
  },
  async dataset(source, { directory, warn }) {
    const { datasetRows } = await import('./dataset-rows.ts');
    const rows = datasetRows({ source, directory, warn: (message) => warn(source.name, message) });
    return named(rows, `dataset ${source.name}`);
  },
  rows: async ({ rows }) => named(rowsOf(rows), 'rows of the document'),
};

async function named(rows: AsyncIterable<WrittenRow>, name: string) {
  return { source: await sourceOfRows(rows, name), name };
}

async function folderOf(path: string, places: SeedPlaces): Promise<string> {
  const folder = await findSeedFolder(path, places);
  if (folder !== undefined) return folder;
  throw new SeedProblem(
    'path',
    `names no folder: there is no ${path} in the working directory or beside the document`,
  );
}

async function* rowsOf(rows: SeedSourceOf<'rows'>['rows']): AsyncGenerator<ValueObject> {
  for (const [index, row] of (rows as readonly unknown[]).entries()) {
    if (!isValueObject(row as ValueObject)) throw new SeedProblem('rows', `has no map as row ${index}`);
    yield row as ValueObject;
  }
}
