// Reads the processors of a document and checks what they say of its columns.

import type { ProcessorChecks, ProcessorConfig } from '../processors/declaration.ts';
import { PROCESSOR_KINDS, processorOf } from '../processors/kinds.ts';
import type { ShapeOf } from '../templates/shape.ts';
import { readPart } from './explain.ts';
import type { Path } from './load.ts';
import { fieldsOf, isReplaced, nameProblem, readList, readWord, textOf } from './read-parts.ts';
import type { Report } from './report.ts';

/** A processor as far as it could be read; null when something in it is wrong. */
export interface ReadProcessor {
  readonly path: Path;
  readonly name: string | null;
  readonly config: ProcessorConfig | null;
}

/** In the order in which they run. Of several of one name only the last counts. */
export function readProcessors(report: Report): readonly ReadProcessor[] {
  const all = readList(report, ['processors']).map((path) => readProcessor(report, path));
  return all.filter((processor) => !isReplaced(report, processor, { all, noun: 'processor' }));
}

function readProcessor(report: Report, path: Path): ReadProcessor {
  // Says what is wrong with one that is no map.
  const fields = fieldsOf(report.read(path)) ?? {};
  const name = textOf(fields.name);
  const problem = name === null ? null : nameProblem(name);
  if (problem !== null) report.add({ path: [...path, 'name'], message: problem });
  const kind = readWord(report, { path: [...path, 'processor_type'], words: PROCESSOR_KINDS, later: [] });
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
    const names = processorOf(config.processor_type).drops?.(config, columns) ?? [];
    for (const name of names) if (!dropped.has(name)) dropped.set(name, config.name);
  }
  return dropped;
}

export interface ProcessorCheck extends Pick<ProcessorChecks, 'columns' | 'sideEffects'> {
  readonly processors: readonly ReadProcessor[];
  readonly shapeOf: ShapeOf;
}

/** Everything wrong with what processors say of columns is in the report. */
export function checkProcessors(report: Report, { processors, ...known }: ProcessorCheck): void {
  const before: ProcessorConfig[] = [];
  for (const { path: place, config } of processors) {
    if (config === null) continue;
    processorOf(config.processor_type).check?.(config, {
      ...known,
      dropped: droppedColumns(before, known.columns ?? []),
      add(below, message, { at, ...options } = {}) {
        const path = [...place, ...below];
        report.add({ path, message, ...options, position: positionOf(report, path, at) });
      },
    });
    before.push(config);
  }
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
