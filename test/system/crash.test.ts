// Builds that are killed and stopped: real processes, the real server on its file, a mock that counts calls by cell.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ticketsDocument, Workplace } from '../support/build-harness.ts';
import {
  buildThrough,
  disturbancesOf,
  type Outcome,
  PARALLEL,
  violationsOf,
} from '../support/disturbed-build.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const LIMIT_MS = 180_000;

let mock: MockModelServer;
let undisturbed: Outcome;
let workplace: Workplace;

beforeAll(async () => {
  mock = await startMockModelServer({ latencyMs: 30 });
  workplace = newWorkplace();
  undisturbed = await buildThrough({ workplace, mock }, []);
  await workplace.dispose();
}, LIMIT_MS);

afterAll(() => mock.close());

beforeEach(() => {
  workplace = newWorkplace();
});

afterEach(() => workplace.dispose());

function newWorkplace(): Workplace {
  const created = new Workplace();
  created.write(ticketsDocument({ endpoint: mock.endpoint, parallel: PARALLEL }));
  return created;
}

describe('a build of 300 rows × 5 model columns', () => {
  it('asks for each cell once when nothing happens', () => {
    expect(undisturbed).toMatchObject({ repeated: 0, requests: 1_500, usage: { calls: 1_500 } });
    expect(violationsOf(undisturbed, undisturbed)).toEqual([]);
  });

  it.each(SEEDS)(
    'loses nothing but the calls in flight through the disturbances of seed %i',
    async (seed) => {
      const outcome = await buildThrough({ workplace, mock }, disturbancesOf(seed));
      expect(violationsOf(outcome, undisturbed)).toEqual([]);
    },
    LIMIT_MS,
  );
});
