// The end of a build: every group is looked at, the edition is published if all of them are there, and the start says how
// it ended. A build of which no row is left has failed, and replaces nothing.

import { ProcessorError, ReadFaultError, StoreError } from '../errors.ts';
import { groupCount, rowsOfGroup } from '../graph/row-groups.ts';
import { processFinishedRows } from '../processors/after-generation/make.ts';
import { type BuildRef, type DatasetResult, SAME_COMMAND } from '../protocol.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { groupFailures } from '../store/failures.ts';
import {
  finishedKey,
  readGeneratedRows,
  takeFinishedRows,
  writeFinishedRows,
} from '../store/finished-rows.ts';
import { forgetCrashes } from '../store/flights.ts';
import { type Drop, findGroup, hasItsFiles, readGroups, readOutputFile } from '../store/groups.ts';
import { editionFolder, IMAGES_FOLDER, isOfAllEditions } from '../store/names.ts';
import { describeEdition } from '../store/outputs.ts';
import { findPublished } from '../store/published.ts';
import { forgetSpent } from '../store/spent.ts';
import { readVersion } from '../store/versions.ts';
import type { Attempt } from './attempt.ts';
import type { Build } from './build.ts';

export interface FinishDatasetInput {
  readonly build: BuildRef;
  readonly isComplete: boolean;
  readonly reason: string | null;
}

export async function finishDatasetActivity(
  build: Build,
  { isComplete: hasAll, reason: why }: FinishDatasetInput,
  { isCancelled: signal }: Attempt,
): Promise<DatasetResult> {
  const { dataset, ref, plan, settings, edition } = build;
  const { epoch, planDigest } = ref;
  const failure = hasAll ? ((await findDamage(build)) ?? (await findFailure(dataset, epoch))) : null;
  // Of a build that is stopped, too: nothing else makes an output of the rows that are there.
  const unfinished = failure === null ? await finishRows(build, signal) : null;
  const isComplete = hasAll && failure === null && unfinished === null;
  const reason = failure ?? ([why, unfinished].filter((each) => each !== null).join('; ') || null);
  await build.traces?.flush();
  await describeEdition(dataset, { epoch, plan, planDigest, rows: settings.rows });
  // What killed attempts at commits left unpublished there: nobody else writes in this edition.
  await dataset.sweepFolder(editionFolder(epoch), { isDeep: true });
  // Not at each start: there may be millions of pictures.
  await dataset.sweepFolder(IMAGES_FOLDER, { isDeep: true });
  await edition.publish({ isFinished: isComplete });
  await forgetSpent(dataset);
  if (hasAll) await forgetCrashes(dataset);
  await edition.checkEpoch();
  await dataset.endBuild(epoch, { isComplete, reason, at: Date.now() });
  const { rows, dropped } = await readVersion(dataset, await findPublished(dataset));
  return { isComplete, reason, rows, dropped };
}

/** Makes the rows of processors after generation, unless they are there. Returns why they could not be made. */
async function finishRows(
  { dataset, ref, plan, functions, edition }: Build,
  signal: AbortSignal,
): Promise<string | null> {
  if (plan.afterGeneration === undefined) return null;
  const { epoch } = ref;
  const key = await finishedKey(dataset, epoch, plan);
  if (await takeFinishedRows(dataset, { from: await findPublished(dataset), to: epoch, key })) return null;
  const rows = processFinishedRows(readGeneratedRows(dataset, epoch, plan), { plan, functions, signal });
  try {
    const check = () => edition.checkEpoch();
    await writeFinishedRows(dataset, { epoch, plan, key, rows, check });
  } catch (error) {
    if (error instanceof ProcessorError) return error.message;
    throw error;
  }
  return null;
}

/** The first group that is not as its record says: somebody has been in the folder while the build went on. */
async function findDamage({ dataset, ref, shape, digests }: Build): Promise<string | null> {
  for (let rowGroup = 0; rowGroup < groupCount(shape); rowGroup += 1) {
    const rows = rowsOfGroup(rowGroup, shape);
    const group = await findGroup(dataset, { epoch: ref.epoch, rowGroup });
    const isThere =
      group?.isComplete === true &&
      group.digest === digests.groupDigest(rows) &&
      (await hasItsFiles(dataset, group, ref.epoch));
    if (!isThere) {
      return `The files of rows ${rows.first}-${rows.last} are gone from "${dataset.directory}" · see who removes them, ${SAME_COMMAND}`;
    }
    // Those of earlier starts were held against their records when they were made.
    if (group.epoch !== ref.epoch) continue;
    try {
      // Pictures are told by their size: to read them all again may take hours.
      for (const file of group.files.filter(({ name }) => !isOfAllEditions(name)))
        await readOutputFile(dataset, ref.epoch, file);
    } catch (error) {
      if (!(error instanceof StoreError) || error instanceof ReadFaultError) throw error;
      return error.message;
    }
  }
  return null;
}

/** Why a build has failed that made all it could: every row was dropped. */
async function findFailure(dataset: DatasetStore, epoch: number): Promise<string | null> {
  const drops: Drop[] = [];
  for await (const group of readGroups(dataset, epoch)) {
    // Nearly always the first one tells, however many there are.
    if (group.rowCount > 0) return null;
    for (const drop of group.drops) drops.push(drop);
  }
  const [commonest] = await groupFailures(drops);
  if (commonest === undefined) return null;
  const { count, column, example } = commonest;
  const share = count === drops.length ? 'all' : `${count} of ${drops.length}`;
  return `No row is left: ${share} were dropped for column "${column}": ${example.message} · correct that, ${SAME_COMMAND}`;
}
