// Checks what columns say of each other: names, references, cycles, samplers' parents, models. Columns that could not be
// read count as far as their names go, so that one mistake is not reported twice.

import { GraphError } from '../errors.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import type { ShapeOf } from '../templates/shape.ts';
import { TemplateSyntaxError } from '../templates/syntax/template-error.ts';
import { missingFieldsOf, parseTemplate } from '../templates/template.ts';
import { nearestName } from '../text/nearest-name.ts';
import { checkSampler } from './check-samplers.ts';
import { type DefaultModels, howToAdd } from './default-models.ts';
import { lowerFirst, suggestion } from './explain.ts';
import { checkSchema } from './json-schema.ts';
import type { Path } from './load.ts';
import { isLater } from './not-yet.ts';
import { parentsOf, printedNames, type TemplateField, templatesOf, variablesOf } from './references.ts';
import type { Report } from './report.ts';
import type { SeedColumn } from './resolve.ts';
import { plainText } from './schema/scalars.ts';
import { shapesOf } from './shapes.ts';
import { nameProblem, type ReadColumn, type ReadConfig } from './validate.ts';

export interface ColumnChecks {
  readonly config: ReadConfig;
  /** Null when the seed source could not be read: its names are unknown then. */
  readonly seedColumns: readonly SeedColumn[] | null;
  /** Of the aliases that are not the document's. */
  readonly defaults: DefaultModels;
  /** The default models are for documents without any. */
  readonly hasOwnModels: boolean;
}

/** Everything wrong between the columns of a document is in the report. */
export function checkColumns(report: Report, checks: ColumnChecks): void {
  const { columns } = checks.config;
  checkNames(report, checks);
  const shapeOf = shapesOf(
    columns.map(({ config }) => config),
    checks.seedColumns ?? [],
  );
  const needs = columns.map((column) => checkReferences(report, column, { ...checks, shapeOf }));
  checkCycles(report, columns, needs);
  for (const column of columns) {
    checkAlias(report, column, checks);
    if (column.config?.column_type === 'sampler') checkSampler(report, column, columns);
    if (column.config?.column_type === 'llm-structured') {
      checkSchema(report, [...column.path, 'output_format'], column.config.output_format);
    }
  }
  checkOutput(report, columns);
}

/** At least one column that is made has to stay; seed columns alone make no dataset, as in Data Designer. */
function checkOutput(report: Report, columns: readonly ReadColumn[]): void {
  const path = ['columns'];
  const input = report.read(path) ?? null;
  const isDropped = ({ config }: ReadColumn) =>
    config !== null && (config.drop || config.column_type === 'seed-dataset');
  if (input === null || (Array.isArray(input) && input.length === 0)) {
    const message = 'there are no columns: a document lists at least one under "columns"';
    report.add({ path, message, isWhole: true, position: report.keyPosition(path) });
  } else if (columns.length > 0 && columns.every(isDropped)) {
    report.add({ path, message: 'are all dropped: at least one has to stay' });
  }
}

/** What is wrong with two names of one spelling. */
const ONE_IN_PARQUET = 'differ only in case: readers of Parquet such as DuckDB take them for one';

function checkNames(report: Report, { config, seedColumns }: ColumnChecks): void {
  const seedNames = seedColumns?.map(({ name }) => name) ?? null;
  for (const name of seedNames ?? []) {
    const problem = nameProblem(name);
    const message = `has a column ${JSON.stringify(name)} whose name ${problem}`;
    if (problem !== null) report.add({ path: ['seed_config', 'source', 'path'], message });
  }
  const seen = new Map<string, string>();
  for (const name of seedNames ?? []) {
    const twin = seen.get(name.toLowerCase());
    const message = `has columns "${twin}" and "${name}", which ${ONE_IN_PARQUET}`;
    if (twin !== undefined) report.add({ path: ['seed_config', 'source', 'path'], message });
    seen.set(name.toLowerCase(), name);
  }
  for (const { path, name, columnType } of config.columns) {
    if (name === null) continue;
    const add = (message: string) => report.add({ path: [...path, 'name'], message });
    const lineOf = (other: string) =>
      report.keyPosition(config.columns.find((column) => column.name === other)!.path).line;
    const isSeed = seedNames?.includes(name) ?? false;
    const twin = seen.get(name.toLowerCase());
    if (twin === name && !isSeed) add(`"${name}" is the name of an earlier column, in line ${lineOf(name)}`);
    else if (twin !== undefined && twin !== name) add(`"${name}" and "${twin}" ${ONE_IN_PARQUET}`);
    seen.set(name.toLowerCase(), name);
    if (columnType !== 'seed-dataset') {
      if (isSeed) add(`"${name}" is the name of a seed column too`);
    } else if (!config.hasSeeds) {
      add('is of a seed column, and there is no seed_config');
    } else if (seedNames !== null && !isSeed) {
      add(`"${name}" is no column of the seed source${suggestion(nearestName(name, seedNames))}`);
    }
  }
}

/** The names that references may use; null when they cannot all be known. */
function knownNames({ config, seedColumns }: ColumnChecks): readonly string[] | null {
  if (seedColumns === null) return null;
  return [
    ...seedColumns.map(({ name }) => name),
    ...config.columns.flatMap(({ name }) => (name === null ? [] : [name])),
  ];
}

interface ReferenceChecks extends ColumnChecks {
  readonly shapeOf: ShapeOf;
}

function checkReferences(report: Report, column: ReadColumn, checks: ReferenceChecks): readonly string[] {
  const parents = column.config === null ? [] : parentsOf(column.config);
  const needs = new Set(parents.filter((name) => name !== column.name));
  const readField = (name: string) => plainText(report.read([...column.path, name]));
  for (const field of templatesOf(column.columnType, readField)) {
    for (const name of checkTemplate(report, { column, field, checks })) needs.add(name);
  }
  return [...needs];
}

interface TemplateCheck {
  readonly column: ReadColumn;
  readonly field: TemplateField;
  readonly checks: ReferenceChecks;
}

interface FieldCheck {
  readonly path: Path;
  readonly field: TemplateField;
  readonly shapeOf: ShapeOf;
}

function checkTemplate(report: Report, { column, field, checks }: TemplateCheck): readonly string[] {
  const path = [...column.path, ...field.path];
  const fullPath = report.fullPath(path);
  let variables: readonly string[];
  try {
    variables = variablesOf(field);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const position = field.isExpression
      ? report.keyPosition(path)
      : report.document.positionInText(fullPath, error.offset);
    report.add({
      path,
      message: `${lowerFirst(error.message)} (in ${field.path[0]})`,
      isWhole: true,
      position,
    });
    return [];
  }
  const known = knownNames(checks);
  const samplers = checks.config.columns
    .filter(({ columnType }) => columnType === 'sampler')
    .map(({ name }) => name);
  for (const name of variables) {
    const position = field.isExpression
      ? report.keyPosition(path)
      : report.document.mentionPosition(fullPath, name);
    const add = (message: string) => report.add({ path, message, isWhole: true, position });
    if (name === column.name) {
      add(`needs itself (in ${field.path[0]})`);
    } else if (known !== null && !known.includes(name)) {
      if (!isLaterSideEffect(report, name, checks.config)) {
        add(
          `no column "${name}"${suggestion(
            nearestName(
              name,
              known.filter((other) => other !== column.name),
            ),
          )} (in ${field.path[0]})`,
        );
      }
    } else if (field.isExpression && known !== null && !samplers.includes(name)) {
      add(`a sampler can depend on samplers only, and "${name}" is none (in ${field.path[0]})`);
    }
  }
  if (field.path[0] === 'prompt' && !hasContext(report, column)) {
    if (field.text.trim() === '') report.add({ path, message: 'is empty' });
    else if (variables.length === 0) {
      report.add({ path, message: 'names no column: every row gets the same prompt', level: 'warning' });
    }
  }
  if (!field.isExpression) checkFields(report, { path, field, shapeOf: checks.shapeOf });
  if (!field.isExpression && column.columnType !== 'expression') {
    warnOfSingleBraces(report, { field, path, known: known ?? [] });
    warnOfEmptyCells(report, { field, path, checks });
  }
  return variables.filter((name) => name !== column.name);
}

/** A field that is never there: what reads it drops every row, or stays empty, after what it is read of was paid for. */
function checkFields(report: Report, { path, field, shapeOf }: FieldCheck): void {
  for (const { at, message, isGuarded } of missingFieldsOf(parseTemplate(field.text), shapeOf)) {
    report.add({
      path,
      message: `${message} (in ${field.path[0]})`,
      isWhole: true,
      level: isGuarded ? 'warning' : 'error',
      position: report.document.positionInText(report.fullPath(path), at),
    });
  }
}

/** Whether a prompt stands beside an image or the like, which may say it all. */
function hasContext(report: Report, { path }: ReadColumn): boolean {
  const context = report.read([...path, 'multi_modal_context']);
  return Array.isArray(context) && context.length > 0;
}

/** `x__trace` of a column whose trace is asked for: that it is not there yet is reported already. */
function isLaterSideEffect(report: Report, name: string, { columns }: ReadConfig): boolean {
  return columns.some(({ path, name: owner }) => {
    const asksFor = (field: 'with_trace' | 'extract_reasoning_content') =>
      isLater(field, report.read([...path, field]));
    return (
      (name === `${owner}__trace` && asksFor('with_trace')) ||
      (name === `${owner}__reasoning_content` && asksFor('extract_reasoning_content'))
    );
  });
}

/** A seed cell with nothing in it prints as `None`. */
function warnOfEmptyCells(
  report: Report,
  {
    field,
    path,
    checks,
  }: { readonly field: TemplateField; readonly path: Path; readonly checks: ColumnChecks },
): void {
  const printed = printedNames(field.text);
  for (const { name, emptyCells } of checks.seedColumns ?? []) {
    if (emptyCells === 0 || !printed.includes(name)) continue;
    report.add({
      path,
      message: `prints "${name}", which is empty in ${emptyCells} seed ${emptyCells === 1 ? 'row' : 'rows'}: None stands there`,
      level: 'warning',
      position: report.document.mentionPosition(report.fullPath(path), name),
    });
  }
}

/** Python's f-string braces print as they stand. */
function warnOfSingleBraces(
  report: Report,
  {
    field,
    path,
    known,
  }: {
    readonly field: TemplateField;
    readonly path: readonly (string | number)[];
    readonly known: readonly string[];
  },
): void {
  for (const match of field.text.matchAll(/(?<![{%])\{\s*([^{}%\s]+)\s*\}(?!\})/g)) {
    const name = match[1]!;
    if (!known.includes(name)) continue;
    report.add({
      path,
      message: `has {${name}} in single braces, which print as they stand: write {{ ${name} }}`,
      level: 'warning',
      position: report.document.positionInText(report.fullPath(path), match.index),
    });
  }
}

function checkCycles(
  report: Report,
  columns: readonly ReadColumn[],
  needs: readonly (readonly string[])[],
): void {
  const names = new Set(columns.map(({ name }) => name));
  if (names.size < columns.length) return;
  let left = columns.flatMap(({ name }, index) =>
    name === null
      ? []
      : [{ name, strategy: 'cell' as const, needs: needs[index]!.filter((need) => names.has(need)) }],
  );
  // One cycle at a time: without its first column the next one shows.
  for (;;) {
    try {
      ExecutionGraph.create(left);
      return;
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      const [first] = error.cycle;
      const { path } = columns.find(({ name }) => name === first)!;
      report.add({
        path: [...path, 'name'],
        message: `columns need each other: ${error.cycle.join(' → ')}`,
        isWhole: true,
      });
      left = left
        .filter(({ name }) => name !== first)
        .map((column) => ({ ...column, needs: column.needs.filter((need) => need !== first) }));
    }
  }
}

function checkAlias(
  report: Report,
  { path, columnType }: ReadColumn,
  { config: { models }, defaults, hasOwnModels }: ColumnChecks,
): void {
  if (!columnType?.startsWith('llm-')) return;
  const alias = plainText(report.read([...path, 'model_alias']));
  if (typeof alias !== 'string' || alias.trim() === '') return;
  const model = models.find((candidate) => candidate.alias === alias);
  const add = (message: string) => report.add({ path: [...path, 'model_alias'], message, isWhole: true });
  if (model === undefined) {
    const known = hasOwnModels ? models.flatMap(({ alias: other }) => other ?? []) : defaults.aliases;
    const foreign = defaults.models.find((candidate) => candidate.alias === alias);
    const near = foreign === undefined ? nearestName(alias, known) : null;
    const howTo =
      foreign === undefined
        ? 'describe it under model_configs'
        : `a document with models has no others, ${howToAdd(foreign)} to model_configs`;
    const remedy = near === null ? `: ${howTo}` : '';
    add(`no model "${alias}"${suggestion(near)} (in model_alias)${remedy}`);
  } else if (model.makes !== 'text') add(`model "${alias}" makes ${model.makes}, no text (in model_alias)`);
}
