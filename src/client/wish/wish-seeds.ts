import type { SeedSourceConfig } from '../../config/schema/seeds.ts';
import { type OpenedSeeds, openSeeds, type SeedPlaces } from '../../seeds/open-seeds.ts';
import { datasetNameWith } from '../../store/names.ts';
import { SIMULATED_SUFFIX } from './target.ts';

/** Simulated datasets come from simulated ones, where there are some (W5 in `wish.ts`). */
export async function openSeedsOf(
  source: SeedSourceConfig,
  { isSimulated, ...places }: SeedPlaces & { readonly isSimulated: boolean },
): Promise<OpenedSeeds> {
  if (isSimulated && source.seed_type === 'dataset') {
    const name = datasetNameWith(SIMULATED_SUFFIX, source.name);
    const found = await openSeeds({ ...source, name }, places);
    if ('source' in found || found.problem.field !== 'name') return found;
  }
  return openSeeds(source, places);
}
