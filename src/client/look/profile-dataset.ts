// `profile`: what the finished rows of a dataset are like, column by column.

import type { SamplerColumn } from '../../columns/sampler/form.ts';
import { StoreError } from '../../errors.ts';
import { finishedColumns, outputColumns, type Plan } from '../../plan.ts';
import { type CallTimes, readCosts } from '../../report/cell-tokens.ts';
import type { ColumnProfile, Profile } from '../../report/profile.ts';
import { profileColumn } from '../../report/profile-column.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
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
  /** `profile.json` in the edition's folder; null where nothing was written. */
  readonly path: string | null;
  /** Why nothing was. */
  readonly why: string | null;
  /** Rows that were asked for and are neither finished nor dropped. */
  readonly missing: number;
}

/**
 * Measures the finished rows. Writes `profile.json` beside them once no more can come, so that what stands in it is true for
 * good. Throws `StoreError`.
 */
export async function profileDataset(place: DatasetPlace, verb = 'profile'): Promise<DatasetProfile> {
  const table = await openTable(place, verb);
  const { dataset, epoch, plan, rows, asked, missing } = table;
  const connection = await openInDuckdb(table);
  const columns = new Map(plan.columns.map((column) => [column.name, column]));
  const { tokens, times } = await readCosts(dataset, { plan, epoch });
  const statistics: ColumnProfile[] = [];
  for (const column of table.columns) {
    const made = columns.get(column.name);
    if (made === undefined) continue;
    const { kind } = made;
    const sampler = kind === 'sampler' ? (made as SamplerColumn).form.sampler : undefined;
    const of = { view: TABLE_NAME, column, kind, sampler, tokens: tokens.get(column.name) };
    statistics.push(await profileColumn(connection, of));
  }
  connection.closeSync();
  const measured = new Set(statistics.map(({ column_name }) => column_name));
  const profile: Profile = {
    num_records: rows,
    target_num_records: asked,
    column_statistics: statistics,
    side_effect_column_names: [
      ...new Set([...outputColumns(plan), ...finishedColumns(plan)].map(({ name }) => name)),
    ].filter((name) => !measured.has(name)),
    column_profiles: null,
  };
  return { dataset: dataset.name, profile, plan, times, missing, ...(await write(dataset, epoch, profile)) };
}

async function write(
  dataset: DatasetStore,
  epoch: number,
  profile: Profile,
): Promise<Pick<DatasetProfile, 'path' | 'why'>> {
  if ((await dataset.findEnd(epoch)) === undefined && epoch === (await dataset.newestEpoch()))
    return { path: null, why: 'its build has not ended' };
  const name = `${editionFolder(epoch)}/profile.json`;
  try {
    await dataset.files.replace(name, `${profileText(profile)}\n`);
    return { path: dataset.path(name), why: null };
  } catch (error) {
    // A folder that this process may only read is profiled all the same.
    if (!(error instanceof StoreError)) throw error;
    return { path: null, why: 'the folder cannot be written' };
  }
}

/** A profile as JSON: counts are whole numbers, and values stay what they are. */
export function profileText(profile: Profile, indent = 2): string {
  return formatJson(fromPlain(profile), indent);
}
