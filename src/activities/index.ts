import { asActivity } from './as-activity.ts';
import type { Builds } from './builds.ts';
import { commitRowGroupActivity } from './commit-row-group.ts';
import { finishDatasetActivity } from './finish-dataset.ts';
import { generateSliceActivity } from './generate-slice.ts';
import { openRowGroupActivity } from './open-row-group.ts';
import { prepareDatasetActivity } from './prepare-dataset.ts';

export type Activities = ReturnType<typeof createActivities>;

/** The activities of one worker. Each is safe to repeat. */
export function createActivities({ builds }: { builds: Builds }) {
  return {
    prepareDataset: asActivity(builds, prepareDatasetActivity),
    openRowGroup: asActivity(builds, openRowGroupActivity),
    generateSlice: asActivity(builds, generateSliceActivity),
    commitRowGroup: asActivity(builds, commitRowGroupActivity),
    finishDataset: asActivity(builds, finishDatasetActivity),
  };
}
