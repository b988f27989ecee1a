import { cp } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sha256Of } from '../../../src/digest.ts';
import { FencedError } from '../../../src/errors.ts';
import { DatasetStore } from '../../../src/store/dataset-store.ts';
import { formatDocument } from '../../../src/store/documents.ts';
import { Edition, isPublishedByName, pointAtPublished } from '../../../src/store/editions.ts';
import { FolderFiles } from '../../../src/store/files/folder.ts';
import {
  findGroup,
  GROUP_VERSION,
  type GroupRecord,
  groupPath,
  readGroups,
  rowsOfRanges,
} from '../../../src/store/groups.ts';
import { batchName, editionFolder, OUTPUT_FOLDER } from '../../../src/store/names.ts';
import { findPublished, findVerdict, listEditions, listVersions } from '../../../src/store/published.ts';
import { Actor, seeded } from '../../support/interleaving.ts';
import { hookedDataset, memoryDataset, startOf, testDataset } from './support.ts';

interface Start {
  readonly planDigest?: string;
  /** Of every group. */
  readonly digest?: string;
  readonly groups?: number;
}

const SIZE = 10;

async function takeEpoch(dataset: DatasetStore, { planDigest = 'plan' }: Start = {}): Promise<number> {
  const { id } = await dataset.read();
  const start = startOf({ datasetId: id, planDigest });
  return (await dataset.takeEpoch(await dataset.newestEpoch(), start))!.epoch;
}

function editionOf(
  dataset: DatasetStore,
  epoch: number,
  { planDigest = 'plan', digest = 'digest' }: Start = {},
) {
  return new Edition(dataset, { epoch, planDigest, digestOf: () => digest });
}

async function startEdition(dataset: DatasetStore, start: Start = {}) {
  const edition = editionOf(dataset, await takeEpoch(dataset, start), start);
  return { edition, ...(await edition.start(start.groups ?? 2)) };
}

/** What a commit leaves: a file and its record. */
async function putGroup(
  dataset: DatasetStore,
  epoch: number,
  rowGroup: number,
  change: Partial<GroupRecord> & { readonly text?: string } = {},
): Promise<void> {
  const { text = `made by ${epoch}`, ...fields } = change;
  const rows = { first: rowGroup * SIZE, last: rowGroup * SIZE + SIZE - 1 };
  const name = `${OUTPUT_FOLDER}/${batchName(rowGroup)}`;
  const bytes = Buffer.from(text);
  const record: GroupRecord = {
    ...{ v: GROUP_VERSION, rowGroup, epoch, digest: 'digest', planDigest: 'plan', rows, isComplete: true },
    ...{ rowCount: SIZE, rowsInFiles: [rows], drops: [], nulls: [], definitions: {}, covers: {}, usage: {} },
    files: [{ name, sizeBytes: bytes.length, sha256: sha256Of(bytes) }],
    ...fields,
  };
  await dataset.files.replace(`${editionFolder(epoch)}/${name}`, bytes);
  await dataset.files.create(groupPath({ epoch, rowGroup }), formatDocument(record));
}

async function textsOf(dataset: DatasetStore, epoch: number | undefined): Promise<string[]> {
  const texts: string[] = [];
  for await (const { files } of readGroups(dataset, epoch)) {
    const bytes = await dataset.files.find(`${editionFolder(epoch!)}/${files[0]!.name}`);
    texts.push(bytes?.toString('utf8') ?? 'no file');
  }
  return texts;
}

async function seen(dataset: DatasetStore): Promise<string[]> {
  return textsOf(dataset, await findPublished(dataset));
}

/** One published edition of two groups. */
async function withOutput(): Promise<DatasetStore> {
  const dataset = await memoryDataset();
  const { edition } = await startEdition(dataset);
  for (const rowGroup of [0, 1]) await putGroup(dataset, 1, rowGroup);
  await edition.publish({ isFinished: true });
  return dataset;
}

describe('an edition', () => {
  it('is seen at once where nothing was there, and grows', async () => {
    const dataset = await memoryDataset();
    const { open } = await startEdition(dataset);
    expect(open).toEqual([0, 1]);
    expect(await findPublished(dataset)).toBe(1);
    await putGroup(dataset, 1, 0);
    expect(await seen(dataset)).toEqual(['made by 1']);
  });

  it('has all that the one before has as it is wanted, and is seen at once then', async () => {
    const dataset = await withOutput();
    const { open, takenRows } = await startEdition(dataset, { groups: 3 });
    expect([open, takenRows]).toEqual([[2], 20]);
    expect(await findPublished(dataset)).toBe(2);
    expect(await seen(dataset)).toEqual(['made by 1', 'made by 1']);
  });

  it('takes no group that is damaged, stopped, or has a failure worth a retry', async () => {
    const dataset = await withOutput();
    const drop = { row: 1, column: 'body', kind: 'TriesExhausted', message: '' } as const;
    await putGroup(dataset, 1, 2, { isComplete: false });
    await putGroup(dataset, 1, 3, { drops: [drop] });
    await dataset.files.replace(`editions/000001/${OUTPUT_FOLDER}/${batchName(1)}`, 'short');
    expect((await startEdition(dataset, { groups: 4 })).open).toEqual([1, 2, 3]);
  });

  it.each(['plan', 'another'])(
    'reads what it is to replace once, however many commits it takes, under the %s plan',
    async (planDigest) => {
      const groups = 40;
      const dataset = await memoryDataset();
      const drop = { row: 1, column: 'body', kind: 'TriesExhausted', message: '' } as const;
      const first = await startEdition(dataset, { groups });
      for (let rowGroup = 0; rowGroup < groups; rowGroup += 1)
        await putGroup(dataset, 1, rowGroup, { drops: [drop] });
      await first.edition.publish({ isFinished: true });
      let looks = 0;
      const counted = hookedDataset(dataset, (operation, path) => {
        if (['find', 'list'].includes(operation) && path.includes('editions/000001')) looks += 1;
      });
      const { edition, open } = await startEdition(counted, { groups, planDigest });
      expect(open).toHaveLength(groups);
      looks = 0;
      for (const rowGroup of open) {
        await putGroup(counted, 2, rowGroup, { planDigest });
        const isLast = rowGroup === groups - 1;
        expect(await edition.publish({ isFinished: false })).toBe(isLast && planDigest === 'plan');
      }
      expect(looks).toBeLessThan(3 * groups);
    },
  );

  it('is seen after the commits of the groups that were opened again, and no row goes away', async () => {
    const dataset = await withOutput();
    const drop = { row: 11, column: 'body', kind: 'TriesExhausted', message: '' } as const;
    await putGroup(dataset, 1, 2, { drops: [drop] });
    const { edition, open } = await startEdition(dataset, { groups: 4 });
    expect(open).toEqual([2, 3]);
    expect(await findPublished(dataset)).toBe(1);
    await putGroup(dataset, 2, 3);
    expect(await edition.publish({ isFinished: false })).toBe(false);
    await putGroup(dataset, 2, 2, { rowsInFiles: [{ first: 20, last: 28 }] });
    expect(await edition.publish({ isFinished: false })).toBe(false);
    await dataset.files.remove(groupPath({ epoch: 2, rowGroup: 2 }));
    await putGroup(dataset, 2, 2);
    expect(await edition.publish({ isFinished: false })).toBe(true);
    expect(await seen(dataset)).toEqual(['made by 1', 'made by 1', 'made by 2', 'made by 2']);
  });

  it('of another plan is seen at its end, whole; the one before stays as it was', async () => {
    const dataset = await withOutput();
    const edited = { planDigest: 'edited', digest: 'edited' };
    const { edition } = await startEdition(dataset, edited);
    for (const rowGroup of [0, 1]) {
      await putGroup(dataset, 2, rowGroup, edited);
      expect(await edition.publish({ isFinished: false })).toBe(false);
      expect(await seen(dataset)).toEqual(['made by 1', 'made by 1']);
    }
    await edition.publish({ isFinished: true });
    expect(await seen(dataset)).toEqual(['made by 2', 'made by 2']);
    expect(await listVersions(dataset)).toEqual([1, 2]);
    expect(await textsOf(dataset, 1)).toEqual(['made by 1', 'made by 1']);
  });

  it('that was never seen is ended for good by the next start, which takes what it has', async () => {
    const dataset = await withOutput();
    const edited = { planDigest: 'edited', digest: 'edited' };
    const { edition } = await startEdition(dataset, edited);
    await putGroup(dataset, 2, 0, edited);
    const next = await startEdition(dataset, edited);
    expect(next.open).toEqual([1]);
    expect(await findVerdict(dataset, 2)).toBe('abandoned');
    expect(await listEditions(dataset)).toEqual([1, 3]);
    await expect(edition.publish({ isFinished: true })).rejects.toThrow(FencedError);
    await expect(edition.start(2)).rejects.toThrow(FencedError);
    expect(await listEditions(dataset)).toEqual([1, 3]);
    await putGroup(dataset, 3, 1, edited);
    await next.edition.publish({ isFinished: true });
    expect(await seen(dataset)).toEqual(['made by 2', 'made by 3']);
  });

  it('is started again with nothing changed', async () => {
    const dataset = await withOutput();
    const { edition } = await startEdition(dataset, { groups: 3 });
    await putGroup(dataset, 2, 2);
    expect(await edition.start(4)).toEqual({ open: [3], takenRows: 30, takenDrops: 0 });
    expect(await seen(dataset)).toEqual(['made by 1', 'made by 1', 'made by 2']);
  });

  it('ends the same after a crash at any step of its start, by itself or the next one', async () => {
    let steps = 0;
    const calm = await withOutput();
    const watched = hookedDataset(calm, () => {
      steps += 1;
    });
    await editionOf(watched, await takeEpoch(calm)).start(3);
    for (let step = 1; step <= steps; step += 1) {
      for (const isSameStart of [true, false]) {
        const dataset = await withOutput();
        const epoch = await takeEpoch(dataset);
        let count = 0;
        const dying = hookedDataset(dataset, () => {
          count += 1;
          if (count >= step) throw new Error('dead');
        });
        await expect(editionOf(dying, epoch).start(3)).rejects.toThrow('dead');
        expect(await seen(dataset)).toEqual(['made by 1', 'made by 1']);
        const next = editionOf(dataset, isSameStart ? epoch : await takeEpoch(dataset));
        expect((await next.start(3)).open).toEqual([2]);
        expect(await seen(dataset)).toEqual(['made by 1', 'made by 1']);
        expect(await findPublished(dataset)).toBe(next.epoch);
        expect(await dataset.files.findPointer('current')).toBe(editionFolder(next.epoch));
      }
    }
  });
});

describe('what Data Designer names', () => {
  const finished = async () => {
    const dataset = await testDataset();
    const { edition } = await startEdition(dataset);
    for (const name of ['metadata.json', 'builder_config.json'])
      await dataset.files.create(`editions/000001/${name}`, '{}');
    await edition.publish({ isFinished: true });
    return dataset;
  };

  it('is there after a build, and in a copy that followed links', async () => {
    const dataset = await finished();
    expect(await isPublishedByName(dataset)).toBe(true);
    await cp(dataset.directory, `${dataset.directory}-copy`, { recursive: true, dereference: true });
    const files = new FolderFiles(`${dataset.directory}-copy`);
    expect(await isPublishedByName(new DatasetStore({ name: 'copy', files }))).toBe(true);
  });

  it.each(['current', 'parquet-files', 'metadata.json', 'editions/000001/metadata.json'])(
    'is missed when somebody removes %s',
    async (name) => {
      const dataset = await finished();
      await dataset.files.remove(name);
      expect(await isPublishedByName(dataset)).toBe(false);
    },
  );
});

it('says which file helps where a record is damaged', async () => {
  const dataset = await withOutput();
  await dataset.files.replace(groupPath({ epoch: 1, rowGroup: 1 }), '');
  await expect(findGroup(dataset, { epoch: 1, rowGroup: 1 })).rejects.toThrow(
    /00001.json": it is damaged. Remove that file, and the same command makes it again$/,
  );
});

it('is refused a number that has output, but no start any more: the rows there are of another wish', async () => {
  const dataset = await withOutput();
  await startEdition(dataset, { planDigest: 'edited', digest: 'edited' });
  await dataset.files.remove('epochs/000002.json');
  await expect(takeEpoch(dataset)).rejects.toThrow(
    /Cannot start build 2 of "[^"]+": there is output of build 2, but ".*epochs.000002.json" is gone/,
  );
  await dataset.files.removeFolder('editions/000002');
  expect(await takeEpoch(dataset)).toBe(2);
});

describe('editions that are published at once', () => {
  /** Runs all of them, a step of one at a time, in an order that follows from the seed. */
  async function interleave(
    seed: number,
    runs: readonly ((actor: Actor) => Promise<unknown>)[],
    after: () => Promise<void>,
  ) {
    const random = seeded(seed);
    const ends: unknown[] = [];
    let left = runs.map((run, index) => {
      const actor = new Actor(`run ${index}`);
      actor.start(async () => {
        ends[index] = await run(actor).catch((error: unknown) => error);
      });
      return actor;
    });
    while (left.length > 0) {
      await left[Math.floor(random() * left.length)]!.step((count) => Math.floor(random() * count));
      await after();
      left = left.filter(({ hasEnded }) => !hasEnded);
    }
    return ends;
  }

  it('by two finishers of one start end as one', async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const dataset = await withOutput();
      const edited = { planDigest: 'edited', digest: 'edited' };
      await startEdition(dataset, edited);
      for (const rowGroup of [0, 1]) await putGroup(dataset, 2, rowGroup, edited);
      const finish = (actor: Actor) =>
        editionOf(hookedDataset(dataset, actor.before), 2, edited).publish({ isFinished: true });
      const ends = await interleave(seed, [finish, finish], async () => {
        expect(new Set(await seen(dataset)).size, `seed ${seed}`).toBe(1);
      });
      expect(ends, `seed ${seed}`).toEqual([true, true]);
      expect(await seen(dataset)).toEqual(['made by 2', 'made by 2']);
      await expectNames(dataset, 2);
    }
  });

  it('by two starts leave what the newer one makes, and the older one is fenced or was there before', async () => {
    for (let seed = 1; seed <= 120; seed += 1) {
      const dataset = await withOutput();
      const [old, young] = ['old', 'young'].map((digest) => ({ planDigest: digest, digest })) as [
        Start,
        Start,
      ];
      await startEdition(dataset, old);
      for (const rowGroup of [0, 1]) await putGroup(dataset, 2, rowGroup, old as object);
      const finishOld = (actor: Actor) =>
        editionOf(hookedDataset(dataset, actor.before), 2, old).publish({ isFinished: true });
      const makeYoung = async (actor: Actor) => {
        const own = hookedDataset(dataset, actor.before);
        const { edition, open } = await startEdition(own, young);
        for (const rowGroup of open) await putGroup(own, edition.epoch, rowGroup, young as object);
        return edition.publish({ isFinished: true });
      };
      let newest = 1;
      const [first, second] = await interleave(seed, [finishOld, makeYoung], async () => {
        const epoch = (await findPublished(dataset))!;
        expect(epoch, `seed ${seed}`).toBeGreaterThanOrEqual(newest);
        newest = epoch;
        expect(await seen(dataset), `seed ${seed}`).toEqual([`made by ${epoch}`, `made by ${epoch}`]);
      });
      expect(second, `seed ${seed}`).toBe(true);
      if (first !== true) expect(first, `seed ${seed}`).toBeInstanceOf(FencedError);
      expect((await findVerdict(dataset, 2)) === 'published').toBe(first === true);
      await pointAtPublished(dataset);
      await expectNames(dataset, 3);
    }
  });

  async function expectNames(dataset: DatasetStore, epoch: number): Promise<void> {
    expect(await dataset.files.findPointer('current')).toBe(editionFolder(epoch));
    for (const name of [OUTPUT_FOLDER, 'metadata.json', 'builder_config.json']) {
      expect(await dataset.files.findPointer(name)).toBe(`current/${name}`);
    }
  }
});

it('shows a group that a replaced build committed before it was fenced, once the next edition is seen', async () => {
  const dataset = await withOutput();
  const epoch = await takeEpoch(dataset);
  const slow = hookedDataset(dataset, async (operation, path) => {
    if (operation === 'create' && path === 'published/000002') await putGroup(dataset, 1, 2);
  });
  await editionOf(slow, epoch).start(3);
  expect(await findPublished(dataset)).toBe(2);
  const rows = [];
  for await (const group of readGroups(dataset, 2)) rows.push(...rowsOfRanges(group.rowsInFiles));
  expect(rows).toHaveLength(30);
});
