// Reads the processors of a document and checks what they say of its columns.

import type { AddedColumn, ProcessorChecks, ProcessorConfig } from '../processors/declaration.ts';
import { kindOf, PROCESSOR_KINDS, processorOf, USER_PROCESSOR_KINDS } from '../processors/kinds.ts';
import type { ShapeOf } from '../templates/shape.ts';
import { readPart } from './explain.ts';
import type { Path } from './load.ts';
import {
  fieldsOf,
  isReplaced,
  nameProblem,
  ONE_IN_PARQUET,
  readList,
  readWord,
  textOf,
} from './read-parts.ts';
import type { Report } from './report.ts';
import { shapeOfType } from './shapes.ts';

/** A processor as far as it could be read; null when something in it is wrong. */
export interface ReadProcessor {
  readonly path: Path;
  readonly name: string | null;
  readonly config: ProcessorConfig | null;
}

/**
 * In the order in which they run: those of users' modules, which stand below `rowloom:`, before Data Designer's, which write
 * what those left; those after generation last. Of several of one name only the last counts.
 */
export function readProcessors(report: Report): readonly ReadProcessor[] {
  const lists: readonly ProcessorList[] = [
    { path: ['rowloom', 'processors'], word: 'stage', kinds: USER_PROCESSOR_KINDS },
    { path: ['processors'], word: 'processor_type', kinds: PROCESSOR_KINDS, plugin: PLUGIN },
  ];
  const all = lists.flatMap((list) =>
    readList(report, list.path).map((path) => readProcessor(report, path, list)),
  );
  const left = all.filter((processor) => !isReplaced(report, processor, { all, noun: 'processor' }));
  const isLast = ({ config }: ReadProcessor) =>
    config !== null && processorOf(kindOf(config)).stage === 'afterGeneration';
  return [...left.filter((processor) => !isLast(processor)), ...left.filter(isLast)];
}

interface ProcessorList {
  readonly path: Path;
  /** The field that names the kind. */
  readonly word: string;
  readonly kinds: readonly string[];
  readonly plugin?: string;
}

const PLUGIN = 'make it a function of a module, under rowloom.processors';

function readProcessor(report: Report, path: Path, { word, kinds, plugin }: ProcessorList): ReadProcessor {
  // Says what is wrong with one that is no map.
  const fields = fieldsOf(report.read(path)) ?? {};
  const name = textOf(fields.name);
  const problem = name === null ? null : nameProblem(name);
  if (problem !== null) report.add({ path: [...path, 'name'], message: problem });
  const kind = readWord(report, {
    path: [...path, word],
    words: kinds,
    ...(plugin === undefined ? {} : { plugin }),
  });
  const config = kind === null ? null : readPart(report, { path, schema: processorOf(kind).schema });
  return { path, name, config };
}

/** The columns that processors take out of the output, each with the name of the first that does. */
export function droppedColumns(
  processors: readonly ProcessorConfig[],
  columns: readonly string[],
): ReadonlyMap<string, string> {
  const dropped = new Map<string, string>();
  for (const config of processors) {
    const names = processorOf(kindOf(config)).drops?.(config, columns) ?? [];
    for (const name of names) if (!dropped.has(name)) dropped.set(name, config.name);
  }
  return dropped;
}

export interface ProcessorCheck extends Pick<ProcessorChecks, 'columns' | 'sideEffects' | 'engine'> {
  readonly processors: readonly ReadProcessor[];
  readonly shapeOf: ShapeOf;
}

/** Everything wrong with what processors say of columns is in the report. */
export function checkProcessors(report: Report, { processors, columns, ...known }: ProcessorCheck): void {
  const before: ProcessorConfig[] = [];
  const added = new Map<string, AddedColumn>();
  for (const { path: place, config } of processors) {
    if (config === null) continue;
    const { check, adds } = processorOf(kindOf(config));
    const names = columns === null ? null : [...columns, ...added.keys()];
    check?.(config, {
      sideEffects: known.sideEffects,
      engine: known.engine,
      columns: names,
      dropped: droppedColumns(before, names ?? []),
      shapeOf: (name) => (added.has(name) ? shapeOfType(added.get(name)!.type) : known.shapeOf(name)),
      add(below, message, { at, ...options } = {}) {
        const path = [...place, ...below];
        report.add({ path, message, ...options, position: positionOf(report, path, at) });
      },
    });
    for (const column of adds?.(config) ?? []) {
      const problem = problemOfAdded(column.name, [...(columns ?? []), ...added.keys()]);
      if (problem !== null) report.add({ path: [...place, ...column.path], message: problem, isWhole: true });
      added.set(column.name, column);
    }
    before.push(config);
  }
}

function problemOfAdded(name: string, taken: readonly string[]): string | null {
  const problem = nameProblem(name);
  if (problem !== null) return `the name of a column that it adds ${problem}`;
  const twin = taken.find((other) => other.toLowerCase() === name.toLowerCase());
  if (twin === undefined) return null;
  return twin === name
    ? `"${name}" is there already: what changes a column returns it and does not declare it`
    : `"${name}" and "${twin}" ${ONE_IN_PARQUET}`;
}

function positionOf(
  report: Report,
  path: Path,
  at: number | { readonly mention: string } | 'key' | undefined,
) {
  if (at === 'key') return report.keyPosition(path);
  const full = report.fullPath(path);
  if (at === undefined) return report.document.valuePosition(full);
  return typeof at === 'number'
    ? report.document.positionInText(full, at)
    : report.document.mentionPosition(full, at.mention);
}
