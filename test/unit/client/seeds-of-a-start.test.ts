// What a start does with seed files that change after its plan was made.

import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { takeEpoch } from '../../../src/client/build/start-build.ts';
import { type AcceptedWish, acceptWish, openWish } from '../../../src/client/wish/wish.ts';
import { findSeeds } from '../../../src/seeds/stored-seeds.ts';
import { temporaryFolder } from '../store/support.ts';

const DOCUMENT = `columns: [{ name: label, column_type: expression, expr: "{{ topic }}" }]
seed_config: { source: { seed_type: local, path: seeds.csv } }
`;
/** A time that a file can be given again. */
const TIME = new Date('2026-01-01T00:00:00Z');

async function writeSeedFile(cwd: string, topic: string): Promise<void> {
  await writeFile(join(cwd, 'seeds.csv'), `topic\n${topic}\n`);
  await utimes(join(cwd, 'seeds.csv'), TIME, TIME);
}

async function accept(cwd: string): Promise<AcceptedWish> {
  await writeFile(join(cwd, 'tickets.yaml'), DOCUMENT);
  return acceptWish(
    await openWish({
      ...{ target: 'tickets.yaml', rows: 1, cwd, home: join(cwd, 'home'), environment: {} },
      ...{ isSimulated: false, isNew: false, keep: false, redo: [] },
    }),
  );
}

async function start(wish: AcceptedWish) {
  const server = {
    namespace: 'default',
    isEmbedded: false,
    connectionOptions: { address: 'localhost:7233' },
  };
  const connected = { server } as Parameters<typeof takeEpoch>[0]['connected'];
  return takeEpoch({ wish, connected, newest: await wish.dataset.newestEpoch(), kind: 'run' });
}

it('takes the rows as they were read when its plan was made, whatever became of the file', async () => {
  const cwd = await temporaryFolder();
  await writeSeedFile(cwd, 'sun');
  const wish = await accept(cwd);
  await writeSeedFile(cwd, 'sea');
  expect(await start(wish)).toMatchObject({ epoch: 1 });
  const seeds = await findSeeds(wish.dataset.files, wish.plan.seedSource!.contentHash);
  expect(await seeds!.readRows(0, 1)).toEqual([{ topic: 'sun' }]);
  // The next command sees what the file says now, also where it kept its time and size.
  expect((await accept(cwd)).plan.seedSource!.contentHash).not.toBe(wish.plan.seedSource!.contentHash);
});

it('goes on without the file once the dataset has its rows', async () => {
  const cwd = await temporaryFolder();
  await writeSeedFile(cwd, 'sun');
  expect(await start(await accept(cwd))).toMatchObject({ epoch: 1 });
  const wish = await accept(cwd);
  await writeSeedFile(cwd, 'sea');
  expect(await start(wish)).toMatchObject({ epoch: 2, planDigest: wish.planDigest });
});
