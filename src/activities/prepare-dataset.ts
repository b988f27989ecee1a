// What the parent works from: the sizes, and the groups that have to be opened. Makes the edition of this start, with all
// that earlier ones have of it.

import { groupCount } from '../graph/row-groups.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { aliasesOf, isMade, modelKeyOf } from '../plan.ts';
import type { PreparedDataset, PreparedModel } from '../protocol.ts';
import { rangesOf } from '../store/groups.ts';
import type { Build } from './build.ts';

export async function prepareDatasetActivity(build: Build): Promise<PreparedDataset> {
  const { plan, settings, edition } = build;
  // A key that is missing ends the build here, before anything is made.
  build.calls.openModels();
  const { open, takenRows, takenDrops } = await edition.start(groupCount(build.shape));
  return {
    groups: rangesOf(open),
    sizing: {
      ...build.shape,
      cellColumns: plan.columns.filter(isMade).length,
      window: settings.maxConcurrentRowGroups,
      sliceSize: settings.sliceSize,
    },
    models: preparedModels(build),
    trustedRows: takenRows,
    trustedDrops: takenDrops,
  };
}

function preparedModels({ plan, settings }: Build): PreparedDataset['models'] {
  const models: Record<string, PreparedModel> = {};
  for (const alias of plan.columns.flatMap(aliasesOf)) {
    setOwn(models, alias, {
      key: modelKeyOf(alias, { plan, settings }),
      maxParallelRequests: findOwn(settings.models, alias)!.maxParallelRequests,
    });
  }
  return models;
}
