// Checks what columns say of each other: names, references, cycles, samplers' parents, models. Columns that could not be
// read count as far as their names go, so that one mistake is not reported twice.

import { type Facts, NO_FACTS } from '../columns/declaration.ts';
import { declarationOf } from '../columns/kinds.ts';
import type { MarkedField } from '../columns/marks.ts';
import { GraphError } from '../errors.ts';
import { ExecutionGraph } from '../graph/execution-graph.ts';
import { type Engine, sayRefusal } from '../templates/engines.ts';
import type { ShapeOf } from '../templates/shape.ts';
import { TemplateSyntaxError } from '../templates/syntax/template-error.ts';
import { missingFieldsOf } from '../templates/template.ts';
import { nearestName } from '../text/nearest-name.ts';
import { lowerFirst, suggestion } from '../text/phrases.ts';
import { checkKinds } from './check-kinds.ts';
import { checkNames, checkSideEffects, howToMakeBeside, madeBeside } from './check-names.ts';
import { checkConstraintNames, comparedWith, constraintsByTarget } from './constraints.ts';
import { type DefaultModels, howToAdd } from './default-models.ts';
import type { Path } from './load.ts';
import { checkProcessors, droppedColumns } from './processors.ts';
import { fieldsOfColumn, printedNames, readField } from './references.ts';
import { formatPath, type Report } from './report.ts';
import type { SeedColumn } from './resolve.ts';
import { shapesOf } from './shapes.ts';
import type { ReadColumn, ReadConfig } from './validate.ts';

export interface ColumnChecks {
  readonly config: ReadConfig;
  /** Null when the seed source could not be read: its names are unknown then. */
  readonly seedColumns: readonly SeedColumn[] | null;
  readonly personas: Facts['personas'];
  /** Of the aliases that are not the document's. */
  readonly defaults: DefaultModels;
  readonly engine: Engine;
  /** The default models are for documents without any. */
  readonly hasOwnModels: boolean;
}

/** Everything wrong between the columns of a document is in the report. */
export function checkColumns(report: Report, checks: ColumnChecks): void {
  const { columns } = checks.config;
  checkNames(report, checks);
  checkSideEffects(report, columns);
  const shapeOf = shapesOf(
    columns.map(({ config }) => config),
    { seedColumns: checks.seedColumns ?? [], facts: { ...NO_FACTS, personas: checks.personas } },
  );
  const producers = new Map(
    columns.flatMap((column) => madeBeside(column).map((name) => [name, column.name!] as const)),
  );
  const producerOf = (name: string) => producers.get(name) ?? name;
  const known = knownNames(checks);
  checkConstraintNames(report, { constraints: checks.config.constraints, columns, known });
  const constraintsOf = constraintsByTarget(checks.config.constraints.flatMap(({ config }) => config ?? []));
  const needs = columns.map((column) => [
    ...checkReferences(report, column, { ...checks, shapeOf, producerOf }),
    ...comparedWith(constraintsOf, column.name ?? ''),
  ]);
  checkCycles(report, columns, needs);
  checkKinds(report, { columns, constraints: checks.config.constraints, constraintsOf, needs });
  checkProcessors(report, {
    processors: checks.config.processors,
    columns: known,
    sideEffects: [...producers.keys()],
    shapeOf,
    engine: checks.engine,
  });
  const processors = checks.config.processors.flatMap(({ config }) => config ?? []);
  const dropped = droppedColumns(processors, known ?? []);
  const seeds = checks.config.processors.length === 0 ? [] : (checks.seedColumns ?? [{ name: '' }]);
  checkOutput(report, { columns, dropped, hasSeeds: seeds.some(({ name }) => !dropped.has(name)) });
}

interface OutputChecks {
  readonly columns: readonly ReadColumn[];
  readonly dropped: ReadonlyMap<string, string>;
  readonly hasSeeds: boolean;
}

/** At least one column has to stay, and one that is made where no processor does something with the seeds, as in Data Designer. */
function checkOutput(report: Report, { columns, dropped, hasSeeds }: OutputChecks): void {
  if (hasSeeds) return;
  const path = ['columns'];
  const input = report.read(path) ?? null;
  const isDropped = ({ config }: ReadColumn) =>
    config !== null && (config.drop || dropped.has(config.name) || config.column_type === 'seed-dataset');
  if (input === null || (Array.isArray(input) && input.length === 0)) {
    const message = 'there are no columns: a document lists at least one under "columns"';
    report.add({ path, message, isWhole: true, isAtKey: true });
  } else if (columns.length > 0 && columns.every(isDropped)) {
    report.add({ path, message: 'are all dropped: at least one has to stay' });
  }
}

/** The names that references may use; null when they cannot all be known. */
function knownNames({ config, seedColumns }: ColumnChecks): readonly string[] | null {
  if (seedColumns === null) return null;
  return [
    ...seedColumns.map(({ name }) => name),
    ...config.columns.flatMap((column) => (column.name === null ? [] : [column.name, ...madeBeside(column)])),
  ];
}

/** Whether a name may be made beside a column that could not be read: that it is wrong is reported already. */
function mayBeMadeBeside(name: string, { columns }: ReadConfig): boolean {
  return columns.some(
    (column) => column.config === null && column.name !== null && name.startsWith(`${column.name}__`),
  );
}

interface ReferenceChecks extends ColumnChecks {
  readonly shapeOf: ShapeOf;
  /** The column that makes another one beside it; the name itself for all others. */
  readonly producerOf: (name: string) => string;
}

function checkReferences(report: Report, column: ReadColumn, checks: ReferenceChecks): readonly string[] {
  const needs = new Set<string>();
  if (column.kind === null) return [];
  for (const field of fieldsOfColumn(declarationOf(column.kind).schema, report.read(column.path))) {
    const path = [...column.path, ...field.path];
    if (field.mark.holds === 'model') checkAlias(report, { path, field, makes: field.mark.makes }, checks);
    else for (const name of checkField(report, { path, column, field, checks })) needs.add(name);
  }
  return [...needs].map((name) => checks.producerOf(name));
}

interface FieldCheck {
  /** From the top of the config. */
  readonly path: Path;
  readonly column: ReadColumn;
  readonly field: MarkedField;
  readonly checks: ReferenceChecks;
}

/** Returns the other columns that the field names. */
function checkField(report: Report, check: FieldCheck): readonly string[] {
  const { path, column, field, checks } = check;
  const { holds } = field.mark;
  const where = `(in ${formatPath(field.path.slice(0, holds === 'expressions' ? 1 : undefined))})`;
  const fullPath = report.fullPath(path);
  const placeAt = (at: number) =>
    holds === 'expressions' ? report.keyPosition(path) : report.document.positionInText(fullPath, at);
  if (field.text.trim() === '') {
    if (holds === 'prompt' && !hasContext(report, column)) report.add({ path, message: 'is empty' });
    return [];
  }
  let read: ReturnType<typeof readField>;
  try {
    read = readField(field);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const position = placeAt(error.offset);
    report.add({ path, message: `${lowerFirst(error.message)} ${where}`, isWhole: true, position });
    return [];
  }
  const { variables, computed } = read;
  // Conditions of skips are native in both engines.
  const isNative = checks.engine === 'native' || holds === 'condition';
  for (const refusal of isNative ? [] : (computed?.refusals ?? []))
    report.add({
      path,
      message: sayRefusal(refusal),
      level: refusal.level,
      position: placeAt(refusal.at),
    });
  const known = knownNames(checks);
  for (const name of variables) {
    const position =
      holds === 'expressions'
        ? report.keyPosition(path)
        : holds === 'column'
          ? report.document.valuePosition(fullPath)
          : report.document.mentionPosition(fullPath, name);
    const problem = problemOfName(name, { ...check, known });
    if (problem !== null) report.add({ path, message: `${problem} ${where}`, isWhole: true, position });
  }
  // A field that is never there: what reads it drops every row, or stays empty, after what it is read of was paid for.
  for (const { at, message, isGuarded } of computed === null ? [] : missingFieldsOf(computed, checks.shapeOf))
    report.add({
      path,
      message: `${message} ${where}`,
      isWhole: true,
      level: isGuarded ? 'warning' : 'error',
      position: placeAt(at),
    });
  if (holds === 'prompt' || holds === 'template' || holds === 'condition') {
    checkTemplate(report, { ...check, known: known ?? [], variables });
  }
  return variables.filter((name) => checks.producerOf(name) !== column.name);
}

/** What is wrong with a name that a field takes from its row. */
function problemOfName(
  name: string,
  { column, field, checks, known }: FieldCheck & { readonly known: readonly string[] | null },
): string | null {
  if (name === column.name) return 'needs itself';
  if (known === null) return null;
  if (!known.includes(name)) {
    if (mayBeMadeBeside(name, checks.config)) return null;
    const others = known.filter((other) => other !== column.name);
    return `no column "${name}"${howToMakeBeside(name, checks.config.columns) ?? suggestion(nearestName(name, others))}`;
  }
  if (checks.producerOf(name) === column.name) return 'looks at what it makes itself';
  if (field.mark.holds !== 'expressions') return null;
  const isSampler = checks.config.columns.some((other) => other.name === name && other.kind === 'sampler');
  return isSampler ? null : `a sampler can depend on samplers only, and "${name}" is none`;
}

interface TemplateCheck extends FieldCheck {
  readonly known: readonly string[];
  readonly variables: readonly string[];
}

function checkTemplate(report: Report, check: TemplateCheck): void {
  const { path, column, field, variables } = check;
  const { holds } = field.mark;
  if (variables.length === 0) {
    if (holds === 'prompt' && !hasContext(report, column))
      report.add({ path, message: 'names no column: every row gets the same prompt', level: 'warning' });
    if (holds === 'condition') report.add({ path, message: problemOfConstant(field.text) });
  }
  if (column.kind === 'expression') return;
  warnOfSingleBraces(report, check);
  warnOfEmptyCells(report, check);
}

/** A condition that names no column. */
function problemOfConstant(condition: string): string {
  return condition.includes('{{') || condition.includes('{%')
    ? 'names no column: it holds for every row or for none'
    : `is plain text, which holds for every row: write {{ ${condition.trim()} }}`;
}

/** Whether a prompt stands beside an image or the like, which may say it all. */
function hasContext(report: Report, { path }: ReadColumn): boolean {
  const context = report.read([...path, 'multi_modal_context']);
  return Array.isArray(context) && context.length > 0;
}

/** A seed cell with nothing in it prints as `None`. */
function warnOfEmptyCells(report: Report, { field, path, checks }: TemplateCheck): void {
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
function warnOfSingleBraces(report: Report, { field, path, known }: TemplateCheck): void {
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
      : [
          {
            name,
            strategy: 'cell' as const,
            needs: needs[index]!.filter((need) => names.has(need)),
            limiters: [],
          },
        ],
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

interface AliasCheck {
  readonly path: Path;
  readonly field: MarkedField;
  readonly makes: 'text' | 'embeddings' | 'images';
}

function checkAlias(
  report: Report,
  { path, field: { text: alias, path: below }, makes }: AliasCheck,
  { config: { models }, defaults, hasOwnModels }: ColumnChecks,
): void {
  if (alias.trim() === '') return;
  const model = models.find((candidate) => candidate.alias === alias);
  const where = `(in ${formatPath(below)})`;
  const add = (message: string) => report.add({ path, message, isWhole: true });
  if (model === undefined) {
    const known = hasOwnModels ? models.flatMap(({ alias: other }) => other ?? []) : defaults.aliases;
    const foreign = defaults.models.find((candidate) => candidate.alias === alias);
    const near = foreign === undefined ? nearestName(alias, known) : null;
    const howTo =
      foreign === undefined
        ? 'describe it under model_configs'
        : `a document with models has no others, ${howToAdd(foreign)} to model_configs`;
    const remedy = near === null ? `: ${howTo}` : '';
    add(`no model "${alias}"${suggestion(near)} ${where}${remedy}`);
  } else if (model.makes !== makes && !(makes === 'images' && model.makes === 'text'))
    add(`model "${alias}" makes ${model.makes}, no ${makes} ${where}`);
}
