// Builds that are killed and stopped: real processes, the real server on its file, a mock that counts calls by cell.
// `npm run chaos -- --seeds 100` does the same for more seeds.

import { beforeAll, describe, it } from 'vitest';
import { buildThrough, disturbancesOf, type Outcome, violationsOf } from '../support/disturbed-build.ts';

const SEEDS = [1, 4];
const LIMIT_MS = 480_000;

let undisturbed: Outcome;

beforeAll(async () => {
  undisturbed = await buildThrough([]);
}, LIMIT_MS);

// Concurrent: a build that was just killed leaves the machine to the other one while its processes start.
describe.concurrent('a build of 300 rows × 5 model columns', () => {
  it('asks for each cell once when nothing happens', ({ expect }) => {
    expect(undisturbed).toMatchObject({ repeated: 0, requests: 1_500, usage: { calls: 1_500 } });
    expect(violationsOf(undisturbed, undisturbed)).toEqual([]);
  });

  it.for(SEEDS)(
    'loses nothing but the calls in flight through the disturbances of seed %i',
    { timeout: LIMIT_MS },
    async (seed, { expect }) => {
      const outcome = await buildThrough(disturbancesOf(seed));
      expect(violationsOf(outcome, undisturbed)).toEqual([]);
    },
  );
});
