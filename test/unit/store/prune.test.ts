import { describe, expect, it } from 'vitest';
import { FencedError, RefusedError } from '../../../src/errors.ts';
import { costOf } from '../../../src/store/call-usage.ts';
import { DatasetStore } from '../../../src/store/dataset-store.ts';
import { MemoryWorld } from '../../../src/store/files/memory.ts';
import { hasItsFiles, readGroups } from '../../../src/store/groups.ts';
import { findRows, findVersion } from '../../../src/store/look.ts';
import { findPrunable, isPruned, prune } from '../../../src/store/prune.ts';
import { findPublished, listVersions } from '../../../src/store/published.ts';
import { readUsage } from '../../../src/store/usage.ts';
import { type Hook, hooked } from '../../support/hooked-files.ts';
import { readRows } from '../../support/read-output.ts';
import {
  buildAll,
  buildTickets,
  cellsOf,
  DROPPED_ROW,
  ticketsIn,
  ticketText,
  WISHES,
} from './edited-tickets.ts';
import { collect, startOf } from './support.ts';

const [ONE, TWO, THREE] = WISHES as [(typeof WISHES)[0], (typeof WISHES)[0], (typeof WISHES)[0]];
const OWNER = { host: 'here', machine: 'boot/1', pid: 1, processStart: '1' };
/** Steps of the port that change something. */
const WRITES = new Set([
  ...['append', 'create', 'link', 'makeFolder', 'point', 'publish', 'publishIfAbsent'],
  ...['remove', 'removeFolder', 'replace', 'start', 'syncFolder'],
]);
const ROWS = [0, 1, 2].map((row) => ({ body: ticketText('body', THREE, row) }));

async function editedTickets(): Promise<DatasetStore> {
  const dataset = await ticketsIn(new MemoryWorld().files({ root: 'tickets' }));
  await buildAll(dataset);
  return dataset;
}

/** The same dataset as another process sees it, whose steps a hook may hold. */
function seenBy(dataset: DatasetStore, hook: Hook): DatasetStore {
  return new DatasetStore({ name: dataset.name, files: hooked(dataset.files, hook) });
}

async function pruneAll(dataset: DatasetStore, keep = 1): Promise<number> {
  return prune(dataset, await findPrunable(dataset, { keep }), OWNER);
}

/** What holds at any time: readers see one whole edition, under Data Designer's names too, and no call is lost. */
async function expectWhole(
  dataset: DatasetStore,
  usage: object,
  rows: readonly object[] = ROWS,
): Promise<void> {
  const epoch = (await findPublished(dataset))!;
  const groups = await collect(readGroups(dataset, epoch));
  expect(groups.map(({ rowGroup, isComplete }) => [rowGroup, isComplete])).toEqual([
    [0, true],
    [1, true],
  ]);
  for (const group of groups) expect(await hasItsFiles(dataset, group, epoch)).toBe(true);
  expect(await collect(readRows(dataset))).toEqual(rows);
  expect((await dataset.files.find('metadata.json'))?.toString()).toMatch(/"actual_num_records": 3/);
  expect(await readUsage(dataset)).toEqual(usage);
}

/** The cells with their inputs, as `row status input`. */
async function inputsOf(dataset: DatasetStore, column: string): Promise<string[]> {
  const cells = [...(await cellsOf(dataset, column, 0)), ...(await cellsOf(dataset, column, 1))];
  return cells.map(({ row, status, in: input }) => `${row} ${status} ${input}`);
}

const PRUNED_BODIES = [
  '0 call open',
  '0 ok three',
  '1 ok three',
  '2 ok three',
  // A row that is not in the output keeps its cells, and how it failed.
  '3 ok before',
  '3 retry three',
  '3 failed three',
];

describe('a prune', () => {
  it('says what it would free, and writes nothing until it is told to', async () => {
    const dataset = await editedTickets();
    const steps: string[] = [];
    const view = await findPrunable(
      seenBy(dataset, (operation) => void steps.push(operation)),
      { keep: 1 },
    );
    expect(steps.filter((step) => WRITES.has(step))).toEqual([]);
    // Three rows of "body" for two prompts, and of "tone", which the plan no longer has.
    expect(view).toMatchObject({ versions: [1, 2], cells: 3 * 2 + 3 });
    expect(view.sizeBytes).toBeGreaterThan(0);
  });

  it('leaves what people see, each cell of it with its answers, and every sum', async () => {
    const dataset = await editedTickets();
    const usage = await readUsage(dataset);
    const looks = async () => collect(findRows(dataset, [{ first: 0, last: 3 }], await findVersion(dataset)));
    const before = await looks();
    const freed = await pruneAll(dataset);
    expect(freed).toBeGreaterThan(0);
    await expectWhole(dataset, usage);
    expect(await looks()).toEqual(before);
    expect(await listVersions(dataset)).toEqual([4]);
    expect(await dataset.files.list('editions')).toEqual(['000004']);
    expect(await inputsOf(dataset, 'body')).toEqual(PRUNED_BODIES);
    expect(await inputsOf(dataset, 'tone')).toEqual(['0 call open', '3 ok two']);
    expect(await dataset.findState()).toBe('complete');
    expect(isPruned(await findPrunable(dataset, { keep: 1 }))).toBe(true);
  });

  it('keeps as many versions as it is told to, and their cells', async () => {
    const dataset = await editedTickets();
    const usage = await readUsage(dataset);
    await pruneAll(dataset, 2);
    await expectWhole(dataset, usage);
    expect(await listVersions(dataset)).toEqual([2, 4]);
    const looks = await collect(findRows(dataset, [{ first: 0, last: 0 }], await findVersion(dataset, 2)));
    expect(looks[0]).toMatchObject({
      values: { body: ticketText('body', TWO, 0), tone: ticketText('tone', TWO, 0) },
      cells: { body: { in: 'two', chosen: true }, tone: { in: 'two', chosen: true } },
    });
    expect(await inputsOf(dataset, 'body')).not.toContain('0 ok one');
    expect(isPruned(await findPrunable(dataset, { keep: 2 }))).toBe(true);
  });

  it('makes an undone edit pay for the cells that it took away, and for no others', async () => {
    const dataset = await editedTickets();
    const before = costOf((await readUsage(dataset)).body!).calls;
    const { cells } = await findPrunable(dataset, { keep: 2 });
    expect(cells).toBe(3);
    await pruneAll(dataset, 2);
    await buildTickets(dataset, TWO);
    // The row that failed is tried again in any case.
    expect(costOf((await readUsage(dataset)).body!).calls).toBe(before + 2);
    await buildTickets(dataset, ONE);
    expect(costOf((await readUsage(dataset)).body!).calls).toBe(before + 2 + cells + 2);
  });

  it('can be killed at any step: what people see is whole, no sum changes, and the next one goes on', async () => {
    for (let at = 1; ; at += 1) {
      const dataset = await editedTickets();
      const usage = await readUsage(dataset);
      const view = await findPrunable(dataset, { keep: 1 });
      let steps = 0;
      const dying = seenBy(dataset, (operation) => {
        if (WRITES.has(operation)) steps += 1;
        if (steps >= at) throw new Error('killed');
      });
      const isDone = await prune(dying, view, OWNER).then(
        () => true,
        () => false,
      );
      await expectWhole(dataset, usage);
      expect(await inputsOf(dataset, 'body')).toEqual(expect.arrayContaining(PRUNED_BODIES));
      const rest = await findPrunable(dataset, { keep: 1 });
      if (!isPruned(rest)) await prune(dataset, rest, OWNER);
      await expectWhole(dataset, usage);
      expect(await listVersions(dataset)).toHaveLength(1);
      expect(await inputsOf(dataset, 'body')).toEqual(PRUNED_BODIES);
      expect(isPruned(await findPrunable(dataset, { keep: 1 }))).toBe(true);
      if (isDone) return;
    }
  });

  it('hurts nobody where a build takes the dataset over at any step', async () => {
    for (let at = 1, isOver = false; !isOver; at += 1) {
      const dataset = await editedTickets();
      const view = await findPrunable(dataset, { keep: 1 });
      let steps = 0;
      let usage: object | undefined;
      const suspended = seenBy(dataset, async (operation) => {
        // A look at the epochs, and what follows it.
        if (!WRITES.has(operation) && operation !== 'has') return;
        steps += 1;
        if (steps !== at) return;
        await buildTickets(dataset, THREE);
        usage = await readUsage(dataset);
      });
      const end = await prune(suspended, view, OWNER).then(
        () => 'pruned',
        (error: unknown) => error,
      );
      if (usage === undefined) isOver = true;
      else {
        if (end !== 'pruned' && !(end instanceof FencedError)) expect(end).toBeInstanceOf(RefusedError);
        await expectWhole(dataset, usage);
        // The row that failed was tried again by the build.
        const bodies = await inputsOf(dataset, 'body');
        expect(bodies).toEqual(expect.arrayContaining(PRUNED_BODIES.slice(0, -2)));
        expect(bodies).toContain(`${DROPPED_ROW} failed three`);
      }
    }
  });

  it('is refused where the newest build is not complete, with the reason', async () => {
    const dataset = await editedTickets();
    await dataset.takeEpoch(3, startOf({ datasetId: 'tickets-id', rows: 4, planDigest: 'plan-three' }));
    await expect(findPrunable(dataset, { keep: 1 })).rejects.toThrow(/newest build is not complete/);
    await dataset.endBuild(4, { isComplete: false, reason: 'stopped by Ctrl-C', at: 1 });
    await expect(findPrunable(dataset, { keep: 1 })).rejects.toThrow(/not complete \(stopped by Ctrl-C\)/);
  });

  it('takes nothing away that it has not seen: a build in between has it refused', async () => {
    const dataset = await editedTickets();
    const view = await findPrunable(dataset, { keep: 1 });
    await buildTickets(dataset, TWO);
    await expect(prune(dataset, view, OWNER)).rejects.toThrow(/has begun meanwhile/);
    expect(await listVersions(dataset)).toEqual([1, 2, 3, 4]);
  });

  it('removes seed rows that no kept version reads', async () => {
    const dataset = await editedTickets();
    await dataset.files.makeFolder('seeds/old');
    await dataset.files.create('seeds/old/rows.jsonl', '{}');
    await pruneAll(dataset);
    expect(await dataset.files.list('seeds')).toEqual([]);
  });
});
