// The one call from a document's file to what a build works from.

import path from 'node:path';
import { plainText } from '../columns/fields.ts';
import { declarationOf } from '../columns/kinds.ts';
import { ConfigError, type Violation } from '../errors.ts';
import type { Bundle } from '../modules/bundle.ts';
import type { PersonaReader } from '../personas/persona-file.ts';
import type { Plan, Settings } from '../plan.ts';
import { type BundleModule, bundleModules, hashesOf } from './bundle-modules.ts';
import { checkAbilities } from './check-abilities.ts';
import { checkColumns } from './check-columns.ts';
import { checkOnError } from './check-on-error.ts';
import { checkPrices } from './check-prices.ts';
import { findDefaultModels } from './default-models.ts';
import { findTools } from './find-tools.ts';
import { type LoadedDocument, loadDocument, type Path, type Position } from './load.ts';
import { findPersonas } from './personas.ts';
import { type Environment, findProviders, simulatedProvider } from './providers.ts';
import { fieldsOfColumn } from './references.ts';
import type { Report } from './report.ts';
import { resolveConfig, type SeedSource, selectionProblem, selectRows } from './resolve.ts';
import { NO_RUN_CONFIG, type RunConfig, readRunConfig } from './run-config.ts';
import type { ModelProvider } from './schema/models.ts';
import type { SeedSourceConfig, SeedType } from './schema/seeds.ts';
import { type DatasetConfig, openReport, type ReadConfig, readConfig } from './validate.ts';
import { refuseLocalParts } from './web-documents.ts';

/** What is opened for a `seed_config`, or what is wrong with a field of its source. */
export type FoundSeeds =
  | { readonly source: SeedSource; readonly name: string; readonly warnings: readonly Violation[] }
  | { readonly problem: { readonly field: string; readonly message: string } };

/** Reads a seed source. Comes in from outside: configs know nothing of files. Throws `ConfigError` for those of the source. */
export type OpenSeeds = (
  source: SeedSourceConfig,
  places: Pick<PrepareOptions, 'cwd' | 'home' | 'environment' | 'directory'> & { readonly folder: string },
) => Promise<FoundSeeds>;

export interface OpenDocumentOptions
  extends Pick<PrepareOptions, 'file' | 'cwd' | 'environment' | 'scriptArgs'> {
  /** Only a file of YAML or JSON counts. */
  readonly isLocal?: boolean;
}

export interface OpenedDocument {
  /** As people read it in messages. */
  readonly file: string;
  /** Where what it names by a relative path is looked for, beside the working directory. */
  readonly folder: string;
  readonly bytes: Uint8Array;
  /** Somebody else wrote it, and nobody has looked at it. */
  readonly isFromWeb?: true;
  /** A program wrote it, with seeds of its own, into a folder that can go when they are read. */
  readonly written?: { readonly folder: string; dispose(): Promise<void> };
}

/** Opens a document. Comes in from outside as {@link OpenSeeds} does. Throws `ConfigError`. */
export type OpenDocument = (options: OpenDocumentOptions) => Promise<OpenedDocument>;

const DEFAULT_ROWS = 10;

export interface PrepareOptions {
  /** The document: a path or an address as the user typed it. */
  readonly file: string;
  /** What a document that is a program is given. */
  readonly scriptArgs?: readonly string[] | undefined;
  readonly cwd: string;
  /** The user's home folder. */
  readonly home: string;
  readonly environment: Environment;
  /** The store's folder, where datasets that are seeds are looked for. */
  readonly directory: string;
  readonly openDocument: OpenDocument;
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
  /** The document as people read it in messages: of the web without what may be a key in its address. */
  readonly document: string;
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
  const opened = await options.openDocument(options);
  try {
    return await prepareOpened(opened, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(placed(error.violations, opened));
  } finally {
    await opened.written?.dispose();
  }
}

/** A program's document has no lines that people know. */
function placed(violations: readonly Violation[], { file, written }: OpenedDocument): readonly Violation[] {
  if (written === undefined) return violations;
  return violations.map((violation) =>
    violation.file === file ? { ...violation, line: null, column: null } : violation,
  );
}

async function prepareOpened(opened: OpenedDocument, given: PrepareOptions): Promise<PreparedConfig> {
  const options = { ...given, folder: opened.folder };
  const report = openReport(loadOpened(opened));
  const own = readConfig(report);
  if (opened.isFromWeb) refuseLocalParts(report, own);
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
  const run =
    options.runConfig === undefined ? NO_RUN_CONFIG : await findRunConfig(options.runConfig, options);
  const engine = { ...read.rowloom, ...run.settings }.jinja_rendering_engine ?? 'secure';
  checkColumns(report, { config: read, seedColumns, personas, defaults, engine, hasOwnModels: hasOwn });
  checkRows(report, read, options);
  const modules = await bundleModules(report, read, options);
  const { providers, violations } = await providersInUse(report, read, { ...options, aliases });
  checkAbilities(report, read, { aliases, providers });
  const tools = await findTools(report, read, options);
  const found = () => [
    ...run.violations,
    ...report.violations,
    ...(hasOwn ? [] : defaults.violations()),
    ...seeds.violations,
    ...violations,
    ...tools.violations,
  ];
  const config = wholeConfig(read, run);
  if (config === null || hasErrors(found())) throw new ConfigError(found());

  const rows = rowsOf(options, { selected: seeds.selected ?? 0, type: config.seeds?.source.seed_type });
  const resolved = resolveConfig(config, {
    ...options,
    rows,
    providers,
    seedSource: seeds.source,
    personas,
    tools: tools.settings,
    modules: hashesOf(modules),
  });
  checkOnError(report, read, resolved.plan);
  await checkPrices(read.models, resolved);
  const all = found();
  if (hasErrors(all)) throw new ConfigError(all);
  return {
    config,
    plan: resolved.plan,
    settings: run.isTraced ? { ...resolved.settings, isTraced: true } : resolved.settings,
    document: opened.file,
    seeds:
      seeds.source === null ? null : { name: nameOfSeeds(seeds.name, opened), rows: seeds.selected ?? 0 },
    modules: [...modules.values()],
    warnings: placed(all, opened),
    positionOf(column, field) {
      const place = read.columns.find(({ name }) => name === column);
      if (place === undefined || opened.written !== undefined) return null;
      return report.keyPosition(field === undefined ? place.path : [...place.path, field]);
    },
  };
}

function hasErrors(violations: readonly Violation[]): boolean {
  return violations.some(({ level }) => level === 'error');
}

async function findRunConfig(file: string, options: PrepareOptions): Promise<RunConfig> {
  return readRunConfig(
    loadOpened(await options.openDocument({ ...options, file, isLocal: true, scriptArgs: [] })),
  );
}

/** Rows of a program's memory are in no file that people know. */
function nameOfSeeds(name: string, { file, written }: OpenedDocument): string {
  return written !== undefined && name.startsWith(written.folder) ? `rows of ${file}` : name;
}

function rowsOf(
  { rows, rowsBefore }: PrepareOptions,
  { selected, type }: { readonly selected: number; readonly type: SeedType | undefined },
): number {
  if (rows === 'all') return selected;
  if (rows !== null) return rows;
  return type === 'dataset' ? Math.max(selected, rowsBefore ?? 0) : (rowsBefore ?? DEFAULT_ROWS);
}

function loadOpened({ file, bytes }: OpenedDocument): LoadedDocument {
  const { document, violations } = loadDocument(bytes, file);
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
  options: PrepareOptions & { readonly folder: string },
): Promise<OpenedSeeds> {
  const none = { source: null, name: '', selected: null, violations: [] };
  if (seeds === null) return none;
  let found: FoundSeeds;
  try {
    found = await options.openSeeds(seeds.source, options);
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
  const tools = read.tools.flatMap(({ config }) => config ?? []);
  const ownColumns = columns.flatMap(({ config }) => (config === null ? [] : [config]));
  const ownModels = models.flatMap(({ config }) => (config === null ? [] : [config]));
  if (ownColumns.length < columns.length || rowloom === null || (hasSeeds && seeds === null)) return null;
  if (processors.length < read.processors.length) return null;
  if (constraints.length < read.constraints.length || tools.length < read.tools.length) return null;
  return {
    ...{ columns: ownColumns, models: ownModels, seeds, providers, processors, constraints },
    ...{ tools, toolServers: read.toolServers },
    rowloom: { ...rowloom, ...run.settings },
  };
}
