import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, NO_COST, NO_MODEL } from '../../../src/store/call-usage.ts';
import { makeCellFolder } from '../../../src/store/cell-files.ts';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { gatherRecords } from '../../../src/store/gather.ts';
import { cellFolder } from '../../../src/store/names.ts';
import { createPart, type PartWriter } from '../../../src/store/parts.ts';
import { type CellRecord, identityOf, type StoredRecord } from '../../../src/store/records.ts';
import { type SettledColumn, settleColumn } from '../../../src/store/settled.ts';
import { countGroup, listGroupsWithCells, readUsage } from '../../../src/store/usage.ts';
import { call, cellRecord, hookedDataset, memoryDataset, readCellFile } from './support.ts';

const ROWS = { first: 0, last: 9 };

async function startPart(dataset: DatasetStore, rows = ROWS, column = 'body'): Promise<PartWriter> {
  const rowGroup = Math.floor(rows.first / 10);
  await makeCellFolder(dataset, { column, rowGroup });
  return createPart(dataset, { column, rows, rowGroup, epoch: 1 });
}

async function writePart(
  dataset: DatasetStore,
  records: readonly CellRecord[],
  rows = ROWS,
): Promise<PartWriter> {
  const part = await startPart(dataset, rows);
  for (const record of records) await part.append(record);
  await part.close();
  return part;
}

async function gather(
  dataset: DatasetStore,
  rowGroup = 0,
  chosenBy?: number,
): Promise<readonly CellRecord[]> {
  const rows = { first: rowGroup * 10, last: rowGroup * 10 + 9 };
  const found = await gatherRecords(dataset, { columns: ['body'], rowGroup, rows, chosenBy });
  return found.get('body') ?? [];
}

let settledCount = 0;

/** Settles the group and removes what was folded, as a commit does. */
async function settle(
  dataset: DatasetStore,
  of: { epoch: number; chosen?: readonly StoredRecord[]; editions?: readonly number[]; dropped?: number[] },
): Promise<SettledColumn> {
  settledCount += 1;
  const settled = await settleColumn(dataset, {
    column: 'body',
    rowGroup: 0,
    epoch: of.epoch,
    nonce: settledCount.toString(16).padStart(16, '0'),
    chosen: new Map((of.chosen ?? []).map((record) => [record.row, identityOf(record)])),
    editions: of.editions ?? [],
    failedRows: new Set(of.dropped ?? []),
  });
  for (const name of settled.folded) await dataset.files.remove(name);
  return settled;
}

describe('gathering', () => {
  it('finds nothing where nothing is', async () => {
    expect(await gather(await memoryDataset())).toEqual([]);
  });

  it('finds all records of a group in parts of any range, and none of another group', async () => {
    const dataset = await memoryDataset();
    const late = cellRecord({ row: 2, at: 5_000, calls: [call('a:1')] });
    const early = cellRecord({ row: 2, at: 4_000, status: 'retry', calls: [call('a:2')] });
    const first = cellRecord({ row: 0, in: 'other', calls: [call('b:1')] });
    await writePart(dataset, [late], { first: 2, last: 2 });
    await writePart(dataset, [early, first]);
    await writePart(dataset, [cellRecord({ row: 10 })], { first: 10, last: 19 });
    expect(await gather(dataset)).toEqual([first, early, late]);
    expect((await gather(dataset, 1)).map(({ row }) => row)).toEqual([10]);
  });

  it('takes copies of a record for one, and records of other calls for others', async () => {
    const dataset = await memoryDataset();
    const record = cellRecord({ row: 1, calls: [call('a:1')] });
    const other = cellRecord({ row: 1, calls: [call('a:2')], value: 'another answer' });
    const reread = { ...record, read: 2, value: 'read again' };
    const root = cellRecord({ row: 2, host: null, at: 1 });
    await writePart(dataset, [record, root]);
    await writePart(dataset, [record, other, reread, { ...root, at: 2 }]);
    const found = await gather(dataset);
    expect(found).toHaveLength(4);
    expect(found).toEqual(expect.arrayContaining([record, other, reread]));
    expect(found.filter(({ row }) => row === 2)).toHaveLength(1);
  });

  it('lists again when a commit folds a part after the listing', async () => {
    const dataset = await memoryDataset();
    const record = cellRecord({ row: 1, calls: [call('a:1')] });
    await writePart(dataset, [record]);
    let isFolded = false;
    const slow = hookedDataset(dataset, async (operation) => {
      if (operation !== 'find' || isFolded) return;
      isFolded = true;
      await settle(dataset, { epoch: 1 });
    });
    expect(await gather(slow)).toEqual([record]);
    expect(await dataset.files.list('cells/body/00000')).toEqual([expect.stringMatching(/^settled/)]);
  });

  it('looks into no other folder than those of its group', async () => {
    const dataset = await memoryDataset();
    for (const first of [0, 10, 20])
      await writePart(dataset, [cellRecord({ row: first })], { first, last: first + 9 });
    const listed: string[] = [];
    const watched = hookedDataset(dataset, (operation, path) => {
      if (operation === 'list') listed.push(path);
    });
    await gather(watched, 1);
    expect(listed).toEqual([cellFolder({ column: 'body', rowGroup: 1 })]);
  });

  it('knows the groups that have cells', async () => {
    const dataset = await memoryDataset();
    await writePart(dataset, [cellRecord({ row: 1_000_000 })], { first: 1_000_000, last: 1_000_009 });
    await writePart(dataset, [cellRecord({ row: 20 })], { first: 20, last: 29 });
    expect(await listGroupsWithCells(dataset, ['body', 'none'])).toEqual([2, 100_000]);
  });
});

describe('a settled file', () => {
  it('knows the cells of each output that is kept', async () => {
    const dataset = await memoryDataset();
    const [old, now] = ['old', 'now'].map((value, at) =>
      cellRecord({ row: 1, value, at, calls: [call(`a:${at}`)] }),
    ) as [CellRecord, CellRecord];
    await writePart(dataset, [old, now]);
    await settle(dataset, { epoch: 9, chosen: [old] });
    await settle(dataset, { epoch: 10, chosen: [now], editions: [9, 10] });
    const valuesOf = async (epoch: number) =>
      (await gather(dataset, 0, epoch)).filter(({ chosen }) => chosen === true).map(({ value }) => value);
    expect([await valuesOf(9), await valuesOf(10), await valuesOf(11)]).toEqual([['old'], ['now'], []]);
    await settle(dataset, { epoch: 11, chosen: [now], editions: [10] });
    expect([await valuesOf(9), await valuesOf(10), await valuesOf(11)]).toEqual([[], ['now'], ['now']]);
  });

  it('gives back what it was made from, whatever is settled again, torn or damaged', async () => {
    const anyPart = fc.record({
      rows: fc.array(fc.nat(9), { maxLength: 6 }),
      inputs: fc.array(fc.constantFrom('x', 'y'), { minLength: 6, maxLength: 6 }),
      harm: fc.constantFrom('none', 'none', 'torn', 'damaged', 'open'),
      isSettled: fc.boolean(),
      picks: fc.array(fc.nat(9), { minLength: 1, maxLength: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyPart, { minLength: 1, maxLength: 6 }), async (parts) => {
        const dataset = await memoryDataset();
        const written: CellRecord[] = [];
        const chosen = new Map<number, readonly string[]>();
        const staying: string[] = [];
        let [at, calls] = [0, 0];
        for (const [index, { rows, inputs, harm, isSettled, picks }] of parts.entries()) {
          const part = await startPart(dataset);
          const own: CellRecord[] = [];
          for (const [position, row] of rows.entries()) {
            at += 1;
            const record = cellRecord({
              row,
              at,
              in: inputs[position]!,
              value: `${at}`,
              calls: [call(part.nextCallId())],
            });
            await part.append(record);
            own.push(record);
          }
          if (harm !== 'open') await part.close();
          const bytes = await dataset.files.find(part.name);
          const lines = bytes?.toString('utf8').split('\n') ?? [];
          if (bytes !== undefined && harm === 'torn') {
            // The last record and the end of the part.
            own.pop();
            await dataset.files.replace(
              part.name,
              `${lines.slice(0, -3).join('\n')}\n${lines.at(-3)!.slice(0, 20)}`,
            );
          }
          if (bytes !== undefined && harm === 'damaged') {
            own.shift();
            await dataset.files.replace(part.name, lines.with(1, lines[1]!.replace('"v"', '"w"')).join('\n'));
          }
          if (bytes !== undefined && harm !== 'none') staying.push(part.name);
          written.push(...own);
          calls += own.length;
          if (!isSettled) continue;
          const picked = new Map(
            picks.flatMap((pick) => written.slice(pick, pick + 1)).map((each) => [each.row, each]),
          );
          const editions = [...chosen.keys()];
          const settled = await settle(dataset, { epoch: index, chosen: [...picked.values()], editions });
          expect(costOf(settled.usage).calls).toBe(calls);
          chosen.set(index, [...picked.values()].map(({ value }) => String(value)).sort());
        }
        const sorted = (records: readonly CellRecord[]) =>
          records.map(({ value }) => Number(value)).sort((a, b) => a - b);
        expect(sorted(await gather(dataset))).toEqual(sorted(written));
        for (const [epoch, values] of chosen) {
          const found = (await gather(dataset, 0, epoch)).filter((record) => record.chosen === true);
          expect(found.map(({ value }) => String(value)).sort()).toEqual(values);
        }
        expect(costOf(...Object.values(await readUsage(dataset))).calls).toBe(calls);
        for (const name of staying) expect(await dataset.files.findStat(name)).toBeDefined();
      }),
      { numRuns: 150 },
    );
  });

  it('is never in memory as a whole: neither its text nor what it is made of', async () => {
    const dataset = await memoryDataset();
    const answer = 'An answer that repeats itself. '.repeat(1_000);
    const part = await startPart(dataset);
    let bytes = 0;
    for (let at = 0; at < 2_200; at += 1) {
      const record = cellRecord({ row: at % 10, at, in: `digest ${at}`, value: `${at} ${answer}` });
      await part.append(record);
      bytes += answer.length;
    }
    await part.close();
    expect(bytes).toBeGreaterThan(64 * 1024 * 1024);
    let largest = 0;
    const files = dataset.files;
    const measured = hookedDataset(dataset, () => undefined);
    const count = (content: Uint8Array | string) => {
      largest = Math.max(largest, content.length);
    };
    Object.assign(measured.files, {
      async find(path: string, range?: { start: number; end: number }) {
        const found = await files.find(path, range);
        if (found !== undefined) count(found);
        return found;
      },
      async start(path: string) {
        const file = await files.start(path);
        return {
          ...file,
          async append(content: Uint8Array | string) {
            count(content);
            await file.append(content);
          },
        };
      },
    });
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().heapUsed - before);
    }, 5);
    const settled = await settleColumn(measured, {
      ...{ column: 'body', rowGroup: 0, epoch: 1, nonce: 'feed' },
      ...{ chosen: new Map(), editions: [], failedRows: new Set<number>() },
    });
    clearInterval(timer);
    expect(largest).toBeLessThanOrEqual(1024 * 1024);
    expect(peak).toBeLessThan(48 * 1024 * 1024);
    expect((await readCellFile(dataset, settled.covers.at(-1)!)).records).toHaveLength(2_200);
  });
});

describe('usage', () => {
  it('counts the calls of a part that are its own, and no copy', async () => {
    const dataset = await memoryDataset();
    const part = await startPart(dataset);
    await part.append(cellRecord({ row: 0, calls: [call(part.nextCallId()), call(part.nextCallId(), 0)] }));
    await part.append(cellRecord({ row: 1, calls: [call('another:1')] }));
    await part.close();
    expect(await readUsage(dataset)).toEqual({
      body: { [NO_MODEL]: { ...NO_COST, calls: 2, failedCalls: 1, promptTokens: 14, completionTokens: 6 } },
    });
  });

  it('counts a part once that several files counted, as the one that saw more of it did', async () => {
    const dataset = await memoryDataset();
    const part = await startPart(dataset);
    await part.append(cellRecord({ row: 0, calls: [call(part.nextCallId())] }));
    await settle(dataset, { epoch: 1 });
    await part.append(cellRecord({ row: 1, calls: [call(part.nextCallId())] }));
    await part.close();
    expect(costOf((await readUsage(dataset)).body!).calls).toBe(2);
    await settle(dataset, { epoch: 2 });
    expect(costOf((await countGroup(dataset, 0, ['body'])).usage.body!).calls).toBe(2);
    expect(await dataset.files.list('cells/body/00000')).toHaveLength(1);
  });

  it('keeps what a column cost that the plan no longer has, and reads around damage', async () => {
    const dataset = await memoryDataset();
    const part = await startPart(dataset, ROWS, 'Größe/alt');
    await part.append(cellRecord({ row: 0, calls: [call(part.nextCallId())] }));
    await part.close();
    const bytes = await dataset.files.find(part.name);
    await dataset.files.replace(part.name, `${bytes?.toString('utf8')}torn`);
    expect(await readUsage(dataset)).toMatchObject({ 'Größe/alt': { [NO_MODEL]: { calls: 1 } } });
  });
});
