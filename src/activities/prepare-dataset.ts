// What the parent works from: the sizes, and the groups that have to be opened.

import { groupCount, rowsOfGroup } from '../graph/row-groups.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { isModelColumn, modelKeyOf } from '../plan.ts';
import type { PreparedDataset, PreparedModel } from '../protocol.ts';
import type { Base, GroupRecord } from '../store/groups.ts';
import { findGroup, hasItsFiles, isTrusted, rangesOf } from '../store/groups.ts';
import { discardNext, finishSwap, openNext } from '../store/swap.ts';
import type { Build } from './build.ts';

export async function prepareDatasetActivity(build: Build): Promise<PreparedDataset> {
  const { plan, settings } = build;
  // A key that is missing ends the build here, before anything is made.
  build.calls.openModels();
  const { open, trusted } = await findOpenGroups(build);
  return {
    groups: rangesOf(open),
    sizing: {
      rows: settings.rows,
      rowGroupSize: plan.rowGroupSize,
      cellColumns: plan.columns.filter(isModelColumn).length,
      window: settings.maxConcurrentRowGroups,
      sliceSize: settings.sliceSize,
    },
    models: preparedModels(build),
    trustedRows: trusted.reduce((sum, { rowCount }) => sum + rowCount, 0),
    trustedDrops: trusted.reduce((sum, { drops }) => sum + drops.length, 0),
  };
}

interface GroupsOfOutput {
  readonly open: readonly number[];
  readonly trusted: readonly GroupRecord[];
}

/** Readies the folder of the output and finds what it lacks. */
async function findOpenGroups(build: Build): Promise<GroupsOfOutput> {
  const { dataset, base, ref } = build;
  await finishSwap(dataset);
  const inPlace = await checkGroups(build, 'place');
  // A swap that was decided before the last start died has just put this plan in place.
  if (base === 'next' && inPlace.open.length > 0) {
    await openNext(dataset, ref.planDigest);
    return checkGroups(build, 'next');
  }
  await discardNext(dataset);
  return inPlace;
}

async function checkGroups({ dataset, plan, settings, ref }: Build, base: Base): Promise<GroupsOfOutput> {
  const shape = { rows: settings.rows, rowGroupSize: plan.rowGroupSize };
  const open: number[] = [];
  const trusted: GroupRecord[] = [];
  for (let rowGroup = 0; rowGroup < groupCount(shape); rowGroup += 1) {
    const rows = rowsOfGroup(rowGroup, shape);
    const group = await findGroup(dataset, { rowGroup, base });
    const isDone =
      group !== undefined &&
      isTrusted(group, { planDigest: ref.planDigest, rows }) &&
      (await hasItsFiles(dataset, group, { base, isByteExact: true }));
    if (isDone) trusted.push(group);
    else open.push(rowGroup);
  }
  return { open, trusted };
}

function preparedModels({ plan, settings }: Build): PreparedDataset['models'] {
  const models: Record<string, PreparedModel> = {};
  for (const column of plan.columns) {
    if (!isModelColumn(column)) continue;
    const key = modelKeyOf(column.alias, { plan, settings });
    setOwn(models, column.alias, {
      key,
      maxParallelRequests: findOwn(settings.models, column.alias)!.maxParallelRequests,
    });
  }
  return models;
}
