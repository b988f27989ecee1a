import type { GenerateSliceInput } from '../protocol.ts';
import { asActivity } from './as-activity.ts';
import type { Builds } from './builds.ts';
import { commitRowGroupActivity } from './commit-row-group.ts';
import { finishDatasetActivity } from './finish-dataset.ts';
import { generateSliceActivity } from './generate-slice.ts';
import { openRowGroupActivity } from './open-row-group.ts';
import { prepareDatasetActivity } from './prepare-dataset.ts';

export type Activities = ReturnType<typeof createActivities>;

export interface ActivitiesOptions {
  readonly builds: Builds;
  /** Says a text to the people of this process. */
  readonly warn: (text: string) => void;
}

/** The activities of one worker. Each is safe to repeat. */
export function createActivities({ builds, warn }: ActivitiesOptions) {
  const told = new Set<string>();

  /** A slice is tried again for ever: without a word a build would stand still, and nobody knew why. */
  function tell({ build, task: { column, rows } }: GenerateSliceInput, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const [what = '', ...trace] = text.split('\n');
    const key = `${build.datasetId}/${build.epoch} ${what}`;
    if (told.has(key)) return;
    told.add(key);
    const where = `"${build.dataset}": column "${column}", rows ${rows.first}-${rows.last}`;
    warn([`error     ${where}: ${what} · tried again until it works`, ...trace].join('\n'));
  }

  return {
    prepareDataset: asActivity(builds, prepareDatasetActivity),
    openRowGroup: asActivity(builds, openRowGroupActivity),
    generateSlice: asActivity(builds, generateSliceActivity, { onSurprise: tell }),
    commitRowGroup: asActivity(builds, commitRowGroupActivity),
    finishDataset: asActivity(builds, finishDatasetActivity),
  };
}
