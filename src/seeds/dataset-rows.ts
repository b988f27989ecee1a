// The rows of another dataset as seeds, from what people see of it. They keep their numbers: a row that was dropped there, or
// filtered out here, leaves its place empty, so that one that comes back shifts no other.

import type { SeedSourceOf } from '../config/schema/seeds.ts';
import { columnDraws } from '../draws.ts';
import { findOwn } from '../own-keys.ts';
import { finishedColumns } from '../plan.ts';
import { findFinishedRows } from '../store/finished-rows.ts';
import { type OutputFile, readGroups, readOutputFile, rowsOfRanges } from '../store/groups.ts';
import { editionFolder } from '../store/names.ts';
import { filesOf } from '../store/outputs.ts';
import { findPublished } from '../store/published.ts';
import { nestedRow, parseParquet } from '../store/read-parquet.ts';
import { openStore } from '../store/store.ts';
import { TemplateRenderError, TemplateSyntaxError } from '../templates/syntax/template-error.ts';
import { conditionHolds, parseTemplate, type Template } from '../templates/template.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { plural } from '../text/plural.ts';
import type { ValueObject } from '../values.ts';
import { SeedProblem } from './problems.ts';
import type { WrittenRow } from './row-blocks.ts';

export interface DatasetRowsOptions {
  readonly source: SeedSourceOf<'dataset'>;
  /** The store that it is in. */
  readonly directory: string;
  warn(message: string): void;
}

/** Throws `SeedProblem` for a dataset without rows, and for columns that it has not; `StoreError`. */
export async function* datasetRows({
  source,
  directory,
  warn,
}: DatasetRowsOptions): AsyncGenerator<WrittenRow> {
  const { name } = source;
  const store = await openStore(directory, { access: 'look' }).catch(() => undefined);
  const dataset = await store?.findDataset(name);
  const epoch = dataset === undefined ? undefined : await findPublished(dataset);
  if (dataset === undefined || epoch === undefined) {
    throw new SeedProblem(
      'name',
      `is "${name}", and ${directory} has no finished rows of such a dataset: run its document first`,
    );
  }
  const { rows: asked, planDigest } = await dataset.readEpoch(epoch);
  const plan = await dataset.readPlan(planDigest);
  const columns = finishedColumns(plan);
  const names = columns.map((column) => column.name);
  const taken = source.columns ?? names;
  const unknown = taken.find((column) => !names.includes(column));
  if (unknown !== undefined) {
    throw new SeedProblem(
      'columns',
      `has "${unknown}", which ${name} has not${suggestion(nearestName(unknown, names))}`,
    );
  }
  const filter = source.filter === null ? null : filterOf(source.filter, names);
  let next = 0;
  let ended = 0;
  let isEmpty = true;
  async function* rowsOf(
    file: OutputFile,
    numberOf: (position: number) => number,
  ): AsyncGenerator<WrittenRow> {
    const path = dataset!.path(`${editionFolder(epoch!)}/${file.name}`);
    const rows = await parseParquet(await readOutputFile(dataset!, epoch!, file), path);
    for (const [position, read] of rows.entries()) {
      const number = numberOf(position);
      for (; next < number; next += 1) yield null;
      const row = nestedRow(read, columns);
      const isTaken = filter === null || filter(row, number);
      isEmpty &&= !isTaken;
      yield isTaken ? only(row, taken) : null;
      next += 1;
    }
  }
  if (plan.afterGeneration === undefined) {
    for await (const group of readGroups(dataset, epoch)) {
      if (group.isComplete) ended += group.rows.last - group.rows.first + 1;
      const numbers = rowsOfRanges(group.rowsInFiles);
      for (const file of filesOf(group, 'isGenerated')) yield* rowsOf(file, (position) => numbers[position]!);
    }
  } else {
    const finished = await findFinishedRows(dataset, epoch);
    if (finished === undefined) {
      throw new SeedProblem(
        'name',
        `is "${name}", whose processors after generation have not run: run its document first`,
      );
    }
    // They have no numbers but their places.
    for (const file of finished.files) {
      const first = next;
      yield* rowsOf(file, (position) => first + position);
    }
  }
  if (isEmpty) {
    throw filter === null || next === 0
      ? new SeedProblem('name', `is "${name}", of which no row is left`)
      : new SeedProblem('filter', `holds for no row of ${name}`);
  }
  // Rows that were dropped there count as finished.
  if (plan.afterGeneration !== undefined) return;
  if (next < asked && ended < asked)
    warn(`has ${next} of ${plural(asked, 'row')} so far: rows without a seed row are dropped`);
  for (; next < asked; next += 1) yield null;
}

function only(row: ValueObject, columns: readonly string[]): ValueObject {
  return Object.fromEntries(columns.map((name) => [name, findOwn(row, name) ?? null]));
}

function filterOf(source: string, columns: readonly string[]): (row: ValueObject, number: number) => boolean {
  const template = templateOf(source);
  const unknown = template.variables.find((name) => !columns.includes(name));
  if (unknown !== undefined) {
    const near = suggestion(nearestName(unknown, columns));
    throw new SeedProblem('filter', `reads "${unknown}", which is no column there${near}`);
  }
  const draws = columnDraws(['seed filter', source]);
  return (row, number) => {
    try {
      return conditionHolds(template, row, { draw: draws(number, 0) });
    } catch (error) {
      // As where a condition of a skip cannot be told: it does not hold.
      if (error instanceof TemplateRenderError) return false;
      throw error;
    }
  };
}

function templateOf(source: string): Template {
  try {
    return parseTemplate(source);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    throw new SeedProblem('filter', `is no condition: ${error.message}`);
  }
}
