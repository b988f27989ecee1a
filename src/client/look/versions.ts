// `versions`: the published outputs of a dataset that are there, from the store alone.

import type { Plan } from '../../plan.ts';
import type { EpochRecord } from '../../store/dataset-store.ts';
import { listVersions } from '../../store/published.ts';
import { ownBytes, readVersion, type VersionContent } from '../../store/versions.ts';
import { plural } from '../../text/plural.ts';
import { type DatasetPlace, findDataset } from '../wish/find-dataset.ts';
import { findChanges, findOutputChanges } from '../wish/plan-changes.ts';

export interface DatasetVersion extends Omit<VersionContent, 'files'> {
  /** The number of the start that made it: `show NAME@6`. */
  readonly version: number;
  /** It is the one that people see. */
  readonly isCurrent: boolean;
  /** When it was started, in milliseconds since the epoch, UTC. */
  readonly at: number;
  readonly rowsAsked: number;
  /** Against the version before, for people; empty for the first one. */
  readonly changes: readonly string[];
  /** The size of what no other version has. */
  readonly ownBytes: number;
}

/** The newest first. Throws `StoreError` where there is no such dataset. */
export async function readVersions(place: DatasetPlace): Promise<DatasetVersion[]> {
  const dataset = await findDataset(place);
  const versions = await listVersions(dataset);
  const contents = await Promise.all(versions.map((version) => readVersion(dataset, version)));
  const made: Made[] = [];
  for (const [index, version] of versions.entries()) {
    const start = await dataset.readEpoch(version);
    made.push({ start, plan: await dataset.readPlan(start.planDigest), ...contents[index]! });
  }
  const described = made.map((version, index) => {
    const { start, rows, dropped, finishedRows } = version;
    const before = made[index - 1];
    return {
      version: start.epoch,
      isCurrent: index === made.length - 1,
      ...{ at: start.at, rows, rowsAsked: start.rows, dropped, finishedRows },
      changes: before === undefined ? [] : changesOf(before, version),
      ownBytes: ownBytes(contents.slice(index, index + 1), contents.toSpliced(index, 1)),
    };
  });
  return described.reverse();
}

interface Made extends VersionContent {
  readonly start: EpochRecord;
  readonly plan: Plan;
}

function changesOf(before: Made, after: Made): string[] {
  const columns = [...findChanges(before.plan, after.plan)].map(([column, { what }]) => `${column}: ${what}`);
  const output = findOutputChanges(before.plan, after.plan);
  const more = after.start.rows - before.start.rows;
  const changes = [...new Set([...columns, ...output]), ...(more > 0 ? [`${plural(more, 'row')} more`] : [])];
  if (changes.length > 0) return changes;
  if (after.start.kind === 'prune') return ['pruned'];
  if (after.start.planDigest !== before.start.planDigest) return ['which old cells are kept'];
  if (before.rows + before.dropped < before.start.rows) return ['gone on with'];
  return [before.dropped > 0 ? 'failed rows tried again' : 'the same rows'];
}
