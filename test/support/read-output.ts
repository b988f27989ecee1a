// What people see of a dataset, read from the files of its output.

import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { readGroups, readOutputFile } from '../../src/store/groups.ts';
import { OUTPUT_FOLDER } from '../../src/store/names.ts';
import { findPublished } from '../../src/store/published.ts';
import { parseParquet } from '../../src/store/read-parquet.ts';
import type { ValueObject } from '../../src/values.ts';

/** The rows of the output in order. */
export async function* readRows(dataset: DatasetStore): AsyncGenerator<ValueObject> {
  const epoch = await findPublished(dataset);
  for await (const { files } of readGroups(dataset, epoch)) {
    for (const file of files.filter(({ name }) => name.startsWith(`${OUTPUT_FOLDER}/`))) {
      yield* await parseParquet(await readOutputFile(dataset, epoch!, file), file.name);
    }
  }
}
