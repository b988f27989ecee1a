// The one call from a document's file to what a build works from.

import { createReadStream } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { plainText } from '../columns/fields.ts';
import { declarationOf } from '../columns/kinds.ts';
import { ConfigError, type Violation } from '../errors.ts';
import type { Bundle } from '../modules/bundle.ts';
import type { PersonaReader } from '../personas/persona-file.ts';
import type { Plan, Settings } from '../plan.ts';
import { type BundleModule, bundleModules, hashesOf } from './bundle-modules.ts';
import { checkColumns } from './check-columns.ts';
import { findDefaultModels } from './default-models.ts';
import { type LoadedDocument, loadDocument, MAX_SIZE_BYTES, type Path, type Position } from './load.ts';
import { findPersonas } from './personas.ts';
import { type Environment, findProviders, simulatedProvider } from './providers.ts';
import { fieldsOfColumn } from './references.ts';
import type { Report } from './report.ts';
import { resolveConfig, type SeedSource, selectionProblem, selectRows } from './resolve.ts';
import { NO_RUN_CONFIG, type RunConfig, readRunConfig } from './run-config.ts';
import type { ModelProvider } from './schema/models.ts';
import type { SeedSourceConfig, SeedType } from './schema/seeds.ts';
import { type DatasetConfig, openReport, type ReadConfig, readConfig } from './validate.ts';

/** What is opened for a `seed_config`, or what is wrong with a field of its source. */
export type FoundSeeds =
  | { readonly source: SeedSource; readonly name: string; readonly warnings: readonly Violation[] }
  | { readonly problem: { readonly field: string; readonly message: string } };

/** Reads a seed source. Comes in from outside: configs know nothing of files. Throws `ConfigError` for those of the source. */
export type OpenSeeds = (
  source: SeedSourceConfig,
  places: Pick<PrepareOptions, 'cwd' | 'home' | 'environment' | 'directory'> & { readonly folder: string },
) => Promise<FoundSeeds>;

const DEFAULT_ROWS = 10;

export interface PrepareOptions {
  /** The document: a path as the user typed it. */
  readonly file: string;
  readonly cwd: string;
  /** The user's home folder. */
  readonly home: string;
  readonly environment: Environment;
  /** The store's folder, where datasets that are seeds are looked for. */
  readonly directory: string;
  readonly openSeeds: OpenSeeds;
  readonly bundleModule: BundleModule;
  readonly personas: PersonaReader;
  readonly datasetName: string;
  /**
   * `all`: one pass over the selected seed rows. Null where nobody said how many: as many as before, else {@link DEFAULT_ROWS};
   * of a dataset that seeds all rows, also those that came since.
   */
  readonly rows: number | 'all' | null;
  /** Null for a new dataset. */
  readonly rowsBefore: number | null;
  /** Every provider answers offline and no key is needed. */
  readonly isSimulated: boolean;
  /** A file of run settings: a path as the user typed it. */
  readonly runConfig?: string | undefined;
  /** What the dataset was created with; null for a new one. */
  readonly recorded: { readonly seed: string; readonly rowGroupSize: number } | null;
}

export interface PreparedConfig {
  readonly config: DatasetConfig;
  readonly plan: Plan;
  readonly settings: Settings;
  /** The seed source in a few words, and how many of its rows are selected; null without seeds. */
  readonly seeds: { readonly name: string; readonly rows: number } | null;
  /** The bundles of the modules that its columns name. */
  readonly modules: readonly Bundle[];
  readonly warnings: readonly Violation[];
  /** Where a field of a column stands, or the column itself without one; null for columns that the document has not. */
  positionOf(column: string, field?: string): Position | null;
}

/** Loads, checks and resolves a document. Throws `ConfigError` with everything that is wrong with it. */
export async function prepareConfig(options: PrepareOptions): Promise<PreparedConfig> {
  const document = await readDocument(options);
  const report = openReport(document);
  const own = readConfig(report);
  const aliases = aliasesInUse(report, own);
  const isOwn = (alias: string) => own.models.some((model) => model.alias === alias);
  const defaults = await findDefaultModels(
    aliases.filter((alias) => !isOwn(alias)),
    options,
  );
  const hasOwn = own.models.length > 0;
  const read = hasOwn ? own : { ...own, models: defaults.models };
  const seeds = await openSeeds(report, read, options);
  const seedColumns = read.hasSeeds ? (seeds.source?.columns ?? null) : [];
  const personas = await findPersonas(report, read, options);
  checkColumns(report, { config: read, seedColumns, personas, defaults, hasOwnModels: hasOwn });
  checkRows(report, read, options);
  const modules = await bundleModules(report, read, options);
  const { providers, violations } = await providersInUse(report, read, { ...options, aliases });
  const ofModels = hasOwn ? [] : defaults.violations();
  const run =
    options.runConfig === undefined ? NO_RUN_CONFIG : await findRunConfig(options.runConfig, options);
  const all = [...run.violations, ...report.violations, ...ofModels, ...seeds.violations, ...violations];
  const config = wholeConfig(read, run);
  if (config === null || all.some(({ level }) => level === 'error')) throw new ConfigError(all);

  const rows = rowsOf(options, { selected: seeds.selected ?? 0, type: config.seeds?.source.seed_type });
  const resolved = resolveConfig(config, {
    ...options,
    rows,
    providers,
    seedSource: seeds.source,
    personas,
    modules: hashesOf(modules),
  });
  return {
    config,
    plan: resolved.plan,
    settings: run.isTraced ? { ...resolved.settings, isTraced: true } : resolved.settings,
    seeds: seeds.source === null ? null : { name: seeds.name, rows: seeds.selected ?? 0 },
    modules: [...modules.values()],
    warnings: all,
    positionOf(column, field) {
      const found = read.columns.find(({ name }) => name === column);
      if (found === undefined) return null;
      return report.keyPosition(field === undefined ? found.path : [...found.path, field]);
    },
  };
}

async function findRunConfig(file: string, { cwd }: PrepareOptions): Promise<RunConfig> {
  return readRunConfig(await readDocument({ file, cwd }));
}

function rowsOf(
  { rows, rowsBefore }: PrepareOptions,
  { selected, type }: { readonly selected: number; readonly type: SeedType | undefined },
): number {
  if (rows === 'all') return selected;
  if (rows !== null) return rows;
  return type === 'dataset' ? Math.max(selected, rowsBefore ?? 0) : (rowsBefore ?? DEFAULT_ROWS);
}

async function readDocument({ file, cwd }: Pick<PrepareOptions, 'file' | 'cwd'>): Promise<LoadedDocument> {
  const place = path.resolve(cwd, file);
  const relative = path.relative(cwd, place);
  const isOutside = relative.startsWith('..') || path.isAbsolute(relative);
  const isUrl = /^https?:\/\//.test(file);
  const shown = isUrl ? file : isOutside ? path.basename(place) : relative || file;
  const refuse = (message: string) =>
    new ConfigError([{ file: shown, line: null, column: null, level: 'error', message }]);
  if (file === '-') throw refuse('names no file: a document is read from a file only');
  if (isUrl) throw refuse('is a URL: a document from the network is not supported yet');
  if (file.endsWith('.py')) throw refuse('is Python: write it as YAML with its write_config()');
  let bytes: Uint8Array;
  try {
    // A byte more than is allowed tells that it is too large, of a device without an end too.
    bytes = await buffer(createReadStream(place, { end: MAX_SIZE_BYTES }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw refuse('does not exist');
    if (code === 'EISDIR') throw refuse('is a folder: name the config document in it');
    if (code === 'ENAMETOOLONG') throw refuse('cannot be a file: the path is too long');
    if (code === 'EACCES' || code === 'EPERM') throw refuse('cannot be read: you have no permission to');
    throw refuse(`cannot be read: ${(error as Error).message}`);
  }
  const { document, violations } = loadDocument(bytes, shown);
  if (document === null) throw new ConfigError(violations);
  return document;
}

interface OpenedSeeds {
  readonly source: SeedSource | null;
  readonly name: string;
  readonly selected: number | null;
  /** Of the seed files; what the document says wrong of them is in its report. */
  readonly violations: readonly Violation[];
}

async function openSeeds(
  report: Report,
  { seeds }: ReadConfig,
  options: PrepareOptions,
): Promise<OpenedSeeds> {
  const none = { source: null, name: '', selected: null, violations: [] };
  if (seeds === null) return none;
  const folder = path.dirname(path.resolve(options.cwd, options.file));
  let found: FoundSeeds;
  try {
    found = await options.openSeeds(seeds.source, { ...options, folder });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...none, violations: error.violations.map((violation) => relativeTo(options.cwd, violation)) };
  }
  if ('problem' in found) {
    const { field, message } = found.problem;
    report.add({ path: ['seed_config', 'source', field], message });
    return none;
  }
  const { source, name, warnings } = found;
  const selection = seeds.selection_strategy;
  const problem = selectionProblem(selection, source.rowCount);
  if (problem !== null)
    report.add({ path: ['seed_config', 'selection_strategy', problem.field], message: problem.message });
  const { count } = selectRows(selection, source.rowCount);
  const violations = warnings.map((violation) => relativeTo(options.cwd, violation));
  return { source, name, selected: count, violations };
}

/** A violation of a file below the working directory, as people write its path. */
function relativeTo(cwd: string, violation: Violation): Violation {
  const below = `${path.resolve(cwd)}${path.sep}`;
  const { file, message } = violation;
  return { ...violation, file: file?.replace(below, '') ?? null, message: message.replaceAll(below, '') };
}

function checkRows(report: Report, { hasSeeds }: ReadConfig, { rows }: PrepareOptions): void {
  if (rows !== 'all' || hasSeeds) return;
  report.add({ path: [], message: 'has no seed_config, so there is no number of all rows', isWhole: true });
}

interface UsedProviders {
  readonly providers: ReadonlyMap<string, ModelProvider>;
  readonly violations: readonly Violation[];
}

/** The aliases that columns name, broken ones too. */
function aliasesInUse(report: Report, { columns }: ReadConfig): readonly string[] {
  const fields = columns.flatMap(({ path: column, kind }) =>
    kind === null ? [] : fieldsOfColumn(declarationOf(kind).schema, report.read(column)),
  );
  return [...new Set(fields.filter(({ mark }) => mark.holds === 'model').map(({ text }) => text))];
}

/** The providers of the models that columns name, of broken columns and models too. */
async function providersInUse(
  report: Report,
  read: ReadConfig,
  options: PrepareOptions & { readonly aliases: readonly string[] },
): Promise<UsedProviders> {
  const wanted = new Map<string, { readonly report: Report; readonly path: Path }>();
  for (const { report: owner, path: model, alias } of read.models) {
    const place = [...model, 'provider'];
    const name = plainText(owner.read(place));
    const isUsed = alias !== null && options.aliases.includes(alias);
    if (isUsed && typeof name === 'string' && name.trim() !== '' && !wanted.has(name)) {
      wanted.set(name, { report: owner, path: place });
    }
  }
  if (options.isSimulated) {
    const simulated = [...wanted.keys()].map((name) => {
      const own = read.providers.find(
        (provider) => provider.name === name && provider.provider_type === 'simulated',
      );
      return [name, own ?? simulatedProvider(name)] as const;
    });
    return { providers: new Map(simulated), violations: [] };
  }
  return findProviders({ ...options, report, wanted, inDocument: read.providers });
}

/** The config if all its parts could be read. */
function wholeConfig(read: ReadConfig, run: RunConfig): DatasetConfig | null {
  const { columns, models, seeds, hasSeeds, rowloom, providers } = read;
  const processors = read.processors.flatMap(({ config }) => config ?? []);
  const constraints = read.constraints.flatMap(({ config }) => config ?? []);
  const ownColumns = columns.flatMap(({ config }) => (config === null ? [] : [config]));
  const ownModels = models.flatMap(({ config }) => (config === null ? [] : [config]));
  if (ownColumns.length < columns.length || rowloom === null || (hasSeeds && seeds === null)) return null;
  if (processors.length < read.processors.length) return null;
  if (constraints.length < read.constraints.length) return null;
  return {
    ...{ columns: ownColumns, models: ownModels, seeds, providers, processors, constraints },
    rowloom: { ...rowloom, ...run.settings },
  };
}
