// Reads the shape of a document: unknown input in, a typed config out, everything wrong with it in the report.
// What depends on more than one part (names, references, providers) is checked in `check-columns.ts` and `providers.ts`.

import type { z } from 'zod';
import type { ColumnConfig, ColumnSchema } from '../columns/declaration.ts';
import { describe } from '../columns/fields.ts';
import { COLUMN_KINDS, type ColumnKind, declarationOf } from '../columns/kinds.ts';
import { ConfigError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import type { ProcessorConfig } from '../processors/declaration.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { type ConstraintConfig, type ReadConstraint, readConstraints } from './constraints.ts';
import { fieldsAt, readPart } from './explain.ts';
import { checkExtraBody } from './extra-body.ts';
import type { LoadedDocument, Path } from './load.ts';
import { laterColumnFields, warnOfOlder, withoutLaterFields } from './not-yet.ts';
import { type ReadProcessor, readProcessors } from './processors.ts';
import { checkProfilers } from './profilers.ts';
import { readProviders } from './providers.ts';
import { type Fields, fieldsOf, isReplaced, nameProblem, readList, readWord, textOf } from './read-parts.ts';
import { readSeeds } from './read-seeds.ts';
import { placeOfWord } from './references.ts';
import { Report, TOP_FIELDS } from './report.ts';
import { type RowloomSettings, rowloomSettings } from './schema/document.ts';
import { MODEL_CONFIGS, type ModelConfig, type ModelProvider } from './schema/models.ts';
import type { SeedConfig } from './schema/seeds.ts';
import type { RemoteToolServer, ToolConfig } from './schema/tools.ts';
import { readDocumentServers } from './tool-servers.ts';
import { type ReadTools, readToolConfigs } from './tools.ts';

/** What a document asks for, with all defaults filled in. */
export interface DatasetConfig {
  readonly columns: readonly ColumnConfig[];
  readonly models: readonly ModelConfig[];
  readonly seeds: SeedConfig | null;
  readonly rowloom: RowloomSettings;
  readonly providers: readonly ModelProvider[];
  readonly processors: readonly ProcessorConfig[];
  readonly constraints: readonly ConstraintConfig[];
  readonly tools: readonly ToolConfig[];
  readonly toolServers: readonly RemoteToolServer[];
}

/** A column as far as it could be read. */
export interface ReadColumn {
  readonly path: Path;
  readonly name: string | null;
  readonly columnType: string | null;
  /** Null for a word that is no kind. */
  readonly kind: ColumnKind | null;
  /** Null when something in it is wrong or not there yet. */
  readonly config: ColumnConfig | null;
}

export interface ReadModel {
  /** Of the document that it stands in. */
  readonly report: Report;
  readonly path: Path;
  readonly alias: string | null;
  readonly makes: 'text' | 'embeddings' | 'images';
  readonly config: ModelConfig | null;
}

/** A document as far as it could be read. */
export interface ReadConfig {
  readonly columns: readonly ReadColumn[];
  readonly models: readonly ReadModel[];
  /** Null where there are none, and where what is there cannot be used: `hasSeeds` tells. */
  readonly seeds: SeedConfig | null;
  readonly hasSeeds: boolean;
  readonly rowloom: RowloomSettings | null;
  readonly providers: readonly ModelProvider[];
  readonly processors: readonly ReadProcessor[];
  readonly constraints: readonly ReadConstraint[];
  readonly tools: readonly ReadTools[];
  readonly toolServers: readonly RemoteToolServer[];
}

const CONFIG_FIELDS = [
  'columns',
  'model_configs',
  'seed_config',
  'processors',
  'constraints',
  'profilers',
  'tool_configs',
];
/** Lists of providers that older documents have; only `rowloom.providers` is where they belong. */
const OLDER_PROVIDERS = ['model_providers', 'providers'];
const OLDER_FIELDS = [...OLDER_PROVIDERS, 'mcp_providers'];

/** A report for a document. Its config stands below `data_designer:`, or at the top. Throws `ConfigError` where it does not. */
export function openReport(document: LoadedDocument): Report {
  const isWrapped = Object.hasOwn(document.tree as Fields, 'data_designer');
  const report = new Report(document, isWrapped ? ['data_designer'] : []);
  const config = report.read([]);
  if (fieldsOf(config) === null) {
    report.add({ path: [], message: `data_designer has to be a map, not ${describe(config)}` });
    throw new ConfigError(report.violations);
  }
  return report;
}

/** Reads all parts of a document. Whatever is wrong is in the report. */
export function readConfig(report: Report): ReadConfig {
  checkFields(report);
  const seedsInput = report.read(['seed_config']);
  const models = readModels(report);
  checkProfilers(
    report,
    models.flatMap(({ alias }) => alias ?? []),
  );
  return {
    columns: readColumns(report),
    models,
    seeds: readSeeds(report),
    hasSeeds: seedsInput !== undefined && seedsInput !== null,
    rowloom: readRowloom(report),
    providers: readAllProviders(report, models),
    processors: readProcessors(report),
    constraints: readConstraints(report),
    ...readTools(report),
  };
}

function checkFields(report: Report): void {
  const top = report.document.tree as Fields;
  const isWrapped = report.base.length > 0;
  const fields = fieldsOf(report.read([])) ?? {};
  const known = isWrapped ? ['data_designer', ...TOP_FIELDS] : [...CONFIG_FIELDS, ...TOP_FIELDS];
  for (const name of Object.keys(top)) {
    if (known.includes(name)) continue;
    const position = report.document.keyPosition([name]);
    const near = suggestion(
      nearestName(
        name,
        known.filter((field) => !OLDER_FIELDS.includes(field)),
      ),
    );
    const hint =
      ownerOf(name, isWrapped) || near || (holdsColumns(findOwn(top, name)) ? under('columns') : '');
    report.add({
      path: [],
      message:
        hint === ''
          ? `"${name}" is no field of a document: it is left out`
          : `no field "${name}" at the top of a document${hint}`,
      isWhole: true,
      level: hint === '' ? 'warning' : 'error',
      position,
    });
  }
  if (!isWrapped) return;
  for (const name of Object.keys(fields)) {
    if (CONFIG_FIELDS.includes(name) || OLDER_FIELDS.includes(name)) continue;
    const position = report.document.keyPosition([...report.base, name]);
    const hint = TOP_FIELDS.includes(name)
      ? ': it belongs at the top'
      : suggestion(nearestName(name, CONFIG_FIELDS));
    report.add({ path: [], message: `no field "${name}" in data_designer${hint}`, isWhole: true, position });
  }
}

function under(field: string): string {
  return `: it belongs under ${field}`;
}

/** Where what stands at the top belongs: leaving it out would change what the document asks for. */
function ownerOf(name: string, isWrapped: boolean): string {
  if (isWrapped && CONFIG_FIELDS.includes(name)) return under('data_designer');
  return fieldsAt(rowloomSettings, []).includes(name) ? under('rowloom') : '';
}

/** Whether there are columns in it; what has no name is there for columns to refer to. */
function holdsColumns(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false;
  return (
    (Object.hasOwn(input, 'column_type') && Object.hasOwn(input, 'name')) ||
    Object.values(input).some(holdsColumns)
  );
}

const readAsIf = (list: string) => `those that are needed are read as if they stood in rowloom.${list}`;

/** The providers of a document; those of an older one as far as its models name them. */
function readAllProviders(report: Report, models: readonly ReadModel[]): readonly ModelProvider[] {
  const providers = [...readProviders(report, ['rowloom', 'providers'])];
  const named = models.map(({ path }) => textOf(report.read([...path, 'provider'])) ?? '');
  for (const field of OLDER_PROVIDERS) {
    if (!Array.isArray(report.read([field]))) continue;
    warnOfOlder(report, [field], readAsIf('providers'));
    const older = readProviders(report, [field], named.length === 0 ? undefined : named);
    providers.push(...older.filter(({ name }) => !providers.some((other) => other.name === name)));
  }
  return providers;
}

/** Of an older document's MCP providers those that its tools name. */
function readTools(report: Report): Pick<ReadConfig, 'tools' | 'toolServers'> {
  const tools = readToolConfigs(report);
  const toolServers = [...readDocumentServers(report, ['rowloom', 'mcp_providers'])];
  if ((report.read(['mcp_providers']) ?? null) !== null) {
    warnOfOlder(report, ['mcp_providers'], readAsIf('mcp_providers'));
    const named = tools.flatMap(({ config }) => config?.providers ?? []);
    toolServers.push(...readDocumentServers(report, ['mcp_providers'], named));
  }
  return { tools, toolServers };
}

/** Of several columns of one name the last counts, in the place of the first. */
function readColumns(report: Report): readonly ReadColumn[] {
  const all = readList(report, ['columns']).map((path) => readColumn(report, path));
  const counting = all.filter((column) => !isReplaced(report, column, { all, noun: 'column' }));
  const placeOf = ({ name, path }: ReadColumn) =>
    all.findIndex((other) => other.path === path || (name !== null && other.name === name));
  return counting.sort((left, right) => placeOf(left) - placeOf(right));
}

function readColumn(report: Report, path: Path): ReadColumn {
  const input = report.read(path);
  const fields = fieldsOf(input);
  if (fields === null) {
    report.add({ path, message: `has to be a map, not ${describe(input)}` });
    return { path, name: null, columnType: null, kind: null, config: null };
  }
  const name = textOf(fields.name);
  const problem = name === null ? null : nameProblem(name);
  if (problem !== null) report.add({ path: [...path, 'name'], message: problem });
  const kind = readWord(report, {
    path: [...path, 'column_type'],
    words: COLUMN_KINDS,
    plugin: 'make it a custom column whose task_queue is that of a worker in Python',
  });
  const read = { path, name, kind, columnType: textOf(fields.column_type) };
  if (kind === null) return { ...read, config: null };
  const kept = withoutLaterFields(report, { path, fields, later: laterColumnFields(kind) });
  const schema = schemaOf(report, path, declarationOf(kind).schema);
  return { ...read, config: schema === null ? null : readPart(report, { path, schema, input: kept }) };
}

function schemaOf(
  report: Report,
  path: Path,
  schema: ColumnSchema<ColumnConfig>,
): z.ZodType<ColumnConfig> | null {
  if (!('by' in schema)) return schema;
  const words = Object.keys(schema.schemas);
  const place = [...path, ...placeOfWord(schema, report.read(path))];
  const word = readWord(report, { path: place, words });
  return word === null ? null : findOwn(schema.schemas, word)!;
}

/** Reads a list of models, with `only` those of certain aliases. */
export function readModels(report: Report, only?: readonly string[]): readonly ReadModel[] {
  const models: ReadModel[] = [];
  for (const path of readList(report, ['model_configs'])) {
    const alias = textOf(report.read([...path, 'alias']));
    if (only === undefined || (alias !== null && only.includes(alias))) {
      models.push(readModel(report, path, models));
    }
  }
  return models;
}

function readModel(report: Report, path: Path, earlier: readonly ReadModel[]): ReadModel {
  const fields = fieldsOf(report.read(path)) ?? {};
  const alias = textOf(fields.alias);
  if (alias !== null && earlier.some((model) => model.alias === alias)) {
    report.add({ path: [...path, 'alias'], message: `"${alias}" is the name of an earlier model` });
  }
  const makes = kindOfModel(fieldsOf(fields.inference_parameters) ?? {});
  const config = readPart<z.ZodType<ModelConfig>>(report, { path, schema: MODEL_CONFIGS[makes] });
  const body = config?.inference_parameters.extra_body ?? null;
  checkExtraBody(report, [...path, 'inference_parameters', 'extra_body'], body);
  return { report, path, alias, makes, config };
}

function kindOfModel(parameters: Fields): ReadModel['makes'] {
  const generationType = textOf(parameters.generation_type);
  if (generationType === 'image') return 'images';
  const isEmbedding =
    generationType === 'embedding' || 'encoding_format' in parameters || 'dimensions' in parameters;
  return isEmbedding ? 'embeddings' : 'text';
}

/** Lists below `rowloom:` are read by themselves. */
const ROWLOOM_LISTS = ['providers', 'processors', 'mcp_providers'];

function readRowloom(report: Report): RowloomSettings | null {
  const input = report.read(['rowloom']) ?? {};
  const fields = fieldsOf(input);
  const own =
    fields === null
      ? input
      : Object.fromEntries(Object.entries(fields).filter(([name]) => !ROWLOOM_LISTS.includes(name)));
  return readPart(report, { path: ['rowloom'], schema: rowloomSettings, input: own });
}
