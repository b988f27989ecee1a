// Random walks of builds that overlap, see `test/support/overlapping-builds.ts`. `ROWLOOM_WALKS=20000` takes more of
// them, `ROWLOOM_SEED=17` begins with another seed; the message names the seed of the walk that failed. Names of files
// are random in every walk, so a seed that failed may have to be walked a few times.

import { describe, expect, it } from 'vitest';
import type { StoreFiles } from '../../../src/store/files/port.ts';
import { type WalkOptions, type WalkResult, walk } from '../../support/overlapping-builds.ts';

const WALKS = Number(process.env.ROWLOOM_WALKS ?? 80);
const FIRST_SEED = Number(process.env.ROWLOOM_SEED ?? 1);
/** What each broken rule is found within, with room to spare. */
const WALKS_TO_FIND = 300;

async function walkSeed(seed: number, options?: WalkOptions): Promise<WalkResult> {
  return walk(seed, options).catch((error: unknown) => {
    throw new Error(`In the walk of seed ${seed}`, { cause: error });
  });
}

describe('builds that overlap in any way', () => {
  it(
    'show people one whole edition, lose no answer and count each call once',
    async () => {
      const results: WalkResult[] = [];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + WALKS; seed += 1) results.push(await walkSeed(seed));
      const sum = (of: keyof WalkResult) => results.reduce((total, result) => total + result[of], 0);
      expect(sum('paid')).toBeGreaterThan(0);
      if (WALKS > 1_000) {
        console.log(`${sum('steps')} steps, ${sum('kills')} kills, ${sum('seenEarly')} seen early`);
      }
    },
    4 * 3_600_000,
  );

  it.each([
    ['removes parts before what holds their cells is there', removingEarly],
    ['has two attempts write one settled file', withOneSettledName],
  ])(
    'show that a rule is broken: a store that %s',
    async (_, breaking) => {
      let failure: unknown;
      for (let seed = 1; seed <= WALKS_TO_FIND && failure === undefined; seed += 1) {
        failure = await walk(seed, { breaking }).then(
          () => undefined,
          (error: unknown) => error,
        );
      }
      expect(failure).toBeInstanceOf(Error);
    },
    120_000,
  );
});

function removingEarly(files: StoreFiles): StoreFiles {
  return {
    ...files,
    async start(path) {
      const folder = path.slice(0, path.lastIndexOf('/'));
      if (path.startsWith('cells/')) {
        const names = await files.list(folder);
        const file = await files.start(path);
        return {
          ...file,
          async publish() {
            for (const name of names) await files.remove(`${folder}/${name}`);
            await file.publish();
          },
        };
      }
      return files.start(path);
    },
  };
}

function withOneSettledName(files: StoreFiles): StoreFiles {
  return { ...files, start: (path) => files.start(path.replace(/(settled\.\d+)\.[0-9a-f]+/, '$1.0')) };
}
