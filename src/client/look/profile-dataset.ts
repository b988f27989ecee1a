// `profile`: what the finished rows of a dataset are like, column by column.

import { StoreError } from '../../errors.ts';
import { outputColumns, type Plan } from '../../plan.ts';
import { type CallTimes, readCosts } from '../../report/cell-tokens.ts';
import type { ColumnProfile, Profile } from '../../report/profile.ts';
import { profileColumn } from '../../report/profile-column.ts';
import { editionFolder } from '../../store/names.ts';
import { formatJson, fromPlain } from '../../values.ts';
import type { DatasetPlace } from '../wish/find-dataset.ts';
import { openTable } from './open-table.ts';
import { openInDuckdb, TABLE_NAME } from './table-in-duckdb.ts';

export interface DatasetProfile {
  readonly dataset: string;
  readonly profile: Profile;
  /** What the rows were made by. */
  readonly plan: Plan;
  /** By column, of its calls. */
  readonly times: ReadonlyMap<string, CallTimes>;
  /** `profile.json` in the edition's folder; null where nothing could be written. */
  readonly path: string | null;
  /** Rows that were asked for and are neither finished nor dropped. */
  readonly missing: number;
}

/** Measures the finished rows and writes `profile.json` beside them. Throws `StoreError`. */
export async function profileDataset(place: DatasetPlace): Promise<DatasetProfile> {
  const table = await openTable(place, 'profile');
  const { dataset, epoch, plan, rows, asked, missing } = table;
  const connection = await openInDuckdb(table);
  const kinds = new Map(plan.columns.map(({ name, kind }) => [name, kind]));
  const { tokens, times } = await readCosts(dataset, { plan, epoch });
  const statistics: ColumnProfile[] = [];
  for (const column of table.columns) {
    const kind = kinds.get(column.name);
    if (kind === undefined) continue;
    const measured = await profileColumn(connection, { view: TABLE_NAME, column, kind });
    statistics.push({ ...measured, ...tokens.get(column.name) });
  }
  connection.closeSync();
  const measured = new Set(statistics.map(({ column_name }) => column_name));
  const profile: Profile = {
    num_records: rows,
    target_num_records: asked,
    percent_complete: asked === 0 ? 0 : (100 * rows) / asked,
    column_statistics: statistics,
    side_effect_column_names: outputColumns(plan)
      .map(({ name }) => name)
      .filter((name) => !measured.has(name)),
  };
  const name = `${editionFolder(epoch)}/profile.json`;
  const isWritten = await dataset.files.replace(name, `${profileText(profile)}\n`).then(
    () => true,
    (error) => {
      // A folder that this process may only read is profiled all the same.
      if (error instanceof StoreError) return false;
      throw error;
    },
  );
  return {
    dataset: dataset.name,
    profile,
    plan,
    times,
    path: isWritten ? dataset.path(name) : null,
    missing,
  };
}

/** A profile as JSON: counts are whole numbers, and values stay what they are. */
export function profileText(profile: Profile, indent = 2): string {
  return formatJson(fromPlain(profile), indent);
}
