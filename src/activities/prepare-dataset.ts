// What the parent works from: the sizes, and the groups that have to be opened. Makes the edition of this start, with all
// that earlier ones have of it.

import { datasetPlan } from '../config/graph-columns.ts';
import { groupCount } from '../graph/row-groups.ts';
import type { PreparedDataset } from '../protocol.ts';
import { rangesOf } from '../store/groups.ts';
import type { Build } from './build.ts';

export async function prepareDatasetActivity(build: Build): Promise<PreparedDataset> {
  const { plan, settings, edition } = build;
  // A key or a tool that is missing ends the build here, before anything is made.
  await build.calls.openModels();
  await build.calls.checkTools();
  const { open, takenRows, takenDrops } = await edition.start(groupCount(build.shape));
  return {
    groups: rangesOf(open),
    ...datasetPlan(plan, settings),
    trustedRows: takenRows,
    trustedDrops: takenDrops,
  };
}
