// The finished rows of a dataset as the Parquet files that hold them: what exports, queries and profiles read.

import { RefusedError, StoreError } from '../../errors.ts';
import type { RowRange } from '../../graph/types.ts';
import { finishedColumns, type OutputColumn, outputColumns, type Plan } from '../../plan.ts';
import type { SchemaTransform } from '../../processors/schema-transform/declare.ts';
import { asTemplate, columnsOfTemplate } from '../../processors/schema-transform/template.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import { findFinishedRows } from '../../store/finished-rows.ts';
import { type OutputFile, readGroups } from '../../store/groups.ts';
import { editionFolder, GENERATED_FOLDER } from '../../store/names.ts';
import { filesOf, processorFolder } from '../../store/outputs.ts';
import { parseJson, type ValueObject } from '../../values.ts';
import { type DatasetPlace, findDatasetVersion } from '../wish/find-dataset.ts';

/** The finished rows of a version of a dataset, as they were when it was opened. */
export interface DatasetTable {
  readonly dataset: DatasetStore;
  /** The start that made them. */
  readonly epoch: number;
  readonly plan: Plan;
  /** Without those that are dropped. */
  readonly columns: readonly OutputColumn[];
  /** In the order of the rows, each with the numbers of its own; null where a processor after generation made them. */
  readonly files: readonly (OutputFile & { readonly rowsInFiles: readonly RowRange[] | null })[];
  /** A record of a processor as its template has it, which one type for all may not show. */
  readonly asRecord?: (row: ValueObject) => ValueObject;
  /** All that rows name, each once for a row group. */
  readonly pictures: readonly OutputFile[];
  /** Rows that were asked for. */
  readonly asked: number;
  /** Finished rows. */
  readonly rows: number;
  /** Rows that were asked for and are neither finished nor dropped. */
  readonly missing: number;
}

/**
 * Opens them for what is to be done, a verb, or the records that a `schema_transform` made of them. Throws `StoreError` where no
 * row is finished, and `RefusedError` for a processor that makes none.
 */
export async function openTable(
  place: DatasetPlace,
  verb: string,
  { processor }: { readonly processor?: string | undefined } = {},
): Promise<DatasetTable> {
  const { dataset, version } = await findDatasetVersion(place);
  const { epoch, rows: asked } = version;
  let planDigest: string | undefined;
  let rows = 0;
  let dropped = 0;
  const files: DatasetTable['files'][number][] = [];
  const pictures: OutputFile[] = [];
  const isWanted = ({ name }: OutputFile) => name.startsWith(`${processorFolder(processor ?? '')}/`);
  for await (const group of readGroups(dataset, epoch)) {
    planDigest ??= group.planDigest;
    rows += group.rowCount;
    dropped += group.drops.length;
    const { rowsInFiles } = group;
    pictures.push(...filesOf(group, 'isOfAllEditions'));
    const own = processor === undefined ? filesOf(group, 'isGenerated') : group.files.filter(isWanted);
    files.push(...own.map((file) => ({ ...file, rowsInFiles })));
  }
  if (planDigest === undefined || epoch === undefined) {
    throw new StoreError(
      `Cannot ${verb} "${dataset.name}": no row is finished yet, they are written ${(await dataset.read()).rowGroupSize} at a time`,
    );
  }
  const missing = Math.max(0, asked - rows - dropped);
  const plan = await dataset.readPlan(planDigest);
  const table = { dataset, epoch, plan, columns: finishedColumns(plan), pictures, asked, missing };
  if (processor !== undefined) {
    const template = templateOf(plan, { processor, verb, name: dataset.name });
    const typeOf = (column: string) => outputColumns(plan).find(({ name }) => name === column)?.type;
    const asRecord = (row: ValueObject) => asTemplate(template, row, typeOf) as ValueObject;
    return { ...table, columns: columnsOfTemplate(template), files, rows, asRecord };
  }
  if (plan.afterGeneration === undefined) return { ...table, files, rows };
  const finished = await findFinishedRows(dataset, epoch);
  if (finished === undefined) {
    const names = plan.afterGeneration.map(({ name }) => name).join('", "');
    throw new StoreError(
      `Cannot ${verb} "${dataset.name}": processor "${names}" makes its rows at the end of a build, and has not yet. As they were generated they are in ${dataset.path(`${editionFolder(epoch)}/${GENERATED_FOLDER}`)}`,
    );
  }
  return {
    ...table,
    files: finished.files.map((file) => ({ ...file, rowsInFiles: null })),
    rows: finished.rows,
  };
}

function templateOf(
  { processors }: Plan,
  { processor, verb, name }: { readonly processor: string; readonly verb: string; readonly name: string },
): ValueObject {
  const makers = processors.filter(({ kind }) => kind === 'schema_transform');
  const found = makers.find((each) => each.name === processor);
  if (found !== undefined) return parseJson((found as SchemaTransform).form.template) as ValueObject;
  const names = makers.map((each) => each.name);
  const there = names.length === 0 ? 'the dataset has none' : `there is ${names.join(', ')}`;
  throw new RefusedError(
    `Cannot ${verb} the records of processor "${processor}" of "${name}": no schema_transform has that name, ${there}`,
  );
}
