// What the parent works from: the sizes, and the groups that have to be opened. Makes the edition of this start, with all
// that earlier ones have of it.

import { preparedLimiters } from '../config/graph-columns.ts';
import { groupCount } from '../graph/row-groups.ts';
import { isMade } from '../plan.ts';
import type { PreparedDataset } from '../protocol.ts';
import { rangesOf } from '../store/groups.ts';
import type { Build } from './build.ts';

export async function prepareDatasetActivity(build: Build): Promise<PreparedDataset> {
  const { plan, settings, edition } = build;
  // A key that is missing ends the build here, before anything is made.
  await build.calls.openModels();
  const { open, takenRows, takenDrops } = await edition.start(groupCount(build.shape));
  return {
    groups: rangesOf(open),
    sizing: {
      ...build.shape,
      cellColumns: plan.columns.filter(isMade).length,
      window: settings.maxConcurrentRowGroups,
      sliceSize: settings.sliceSize,
    },
    limiters: preparedLimiters(plan, settings),
    inOrder: build.graphColumns.flatMap(({ name, inOrder }) => (inOrder ? name : [])),
    trustedRows: takenRows,
    trustedDrops: takenDrops,
  };
}
