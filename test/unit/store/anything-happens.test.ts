// Random histories of a row group: parts, commits, crashes in the middle of a commit, new starts, copies. Whatever
// happens, every cell that was written is found, and every call that was paid for is counted once.

import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commitRowGroup } from '../../../src/store/commit.ts';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import { gatherRecords } from '../../../src/store/gather.ts';
import { createPart } from '../../../src/store/parts.ts';
import { readParquet } from '../../../src/store/read-parquet.ts';
import type { CellRecord } from '../../../src/store/records.ts';
import { readUsage } from '../../../src/store/usage.ts';
import {
  call,
  cellRecord,
  crashingFileSystem,
  startOf,
  temporaryFolder,
  testDataset,
  textPlan,
} from './support.ts';

const ROWS = { first: 0, last: 9 };
const PLAN = textPlan(['body']);
const DIGEST = 'current';

type Step =
  | {
      readonly do: 'part';
      readonly first: number;
      readonly count: number;
      readonly isEdited: boolean;
      readonly isCopy: boolean;
    }
  | { readonly do: 'commit'; readonly crashAt: number | null }
  | { readonly do: 'start' | 'copy' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('part' as const),
    first: fc.integer({ min: 0, max: 9 }),
    count: fc.integer({ min: 1, max: 10 }),
    isEdited: fc.boolean(),
    isCopy: fc.boolean(),
  }),
  fc.record({ do: fc.constant('commit' as const), crashAt: fc.option(fc.integer({ min: 1, max: 60 })) }),
  fc.record({ do: fc.constantFrom('start' as const, 'copy' as const) }),
);

class History {
  #dataset: DatasetStore;
  #epoch = 0;
  #made = 0;
  readonly #written = new Map<string, CellRecord>();
  readonly #calls = new Set<string>();

  constructor(dataset: DatasetStore) {
    this.#dataset = dataset;
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.#start();
    for (const step of steps) {
      if (step.do === 'part') await this.#write(step);
      else if (step.do === 'commit') await this.#commit(step.crashAt);
      else if (step.do === 'start') await this.#start();
      else await this.#copy();
      await this.#check();
    }
    await this.#start();
    await this.#commit(null);
    await this.#check();
    const rows = [
      ...new Set([...this.#written.values()].filter((record) => record.in === DIGEST).map(({ row }) => row)),
    ];
    const path = this.#dataset.path('parquet-files', 'batch_00000.parquet');
    const values = rows.length === 0 ? [] : (await readParquet(path)).map(({ body }) => body);
    expect(values.map((value) => Number(String(value).split(' ')[0]))).toEqual(
      rows.sort((left, right) => left - right),
    );
  }

  async #start(): Promise<void> {
    const { id } = await this.#dataset.read();
    const taken = await this.#dataset.takeEpoch(
      await this.#dataset.newestEpoch(),
      startOf({ datasetId: id }),
    );
    this.#epoch = taken?.epoch ?? 0;
  }

  async #write({ first, count, isEdited, isCopy }: Step & { do: 'part' }): Promise<void> {
    const rows = { first, last: Math.min(first + count - 1, ROWS.last) };
    const part = createPart(this.#dataset, { column: 'body', rows, rowGroup: 0, epoch: this.#epoch });
    for (let row = rows.first; row <= rows.last; row += 1) {
      this.#made += 1;
      const calls = [call(part.nextCallId())];
      const made = cellRecord({
        row,
        calls,
        in: isEdited ? 'edited' : DIGEST,
        at: this.#made,
        value: `${row} ${this.#made}`,
      });
      const copied = [...this.#written.values()].find((record) => record.row === row);
      const record = isCopy && copied !== undefined ? copied : made;
      await part.append(record);
      this.#written.set(String(record.value), record);
      for (const { id } of record.calls) this.#calls.add(id);
    }
    await part.close();
  }

  async #commit(crashAt: number | null): Promise<void> {
    const directory = dirname(this.#dataset.directory);
    const dying = crashAt === null ? undefined : crashingFileSystem(crashAt).fileSystem;
    const dataset = dying === undefined ? this.#dataset : await testDataset({ directory, fileSystem: dying });
    const commit = commitRowGroup(dataset, {
      plan: PLAN,
      planDigest: 'plan',
      epoch: this.#epoch,
      rowGroup: 0,
      rows: ROWS,
      isComplete: true,
      base: 'place',
      readContent: async () => {
        const chosen = new Map<number, CellRecord>();
        for (const record of await this.#gather()) {
          if (record.in === DIGEST && !chosen.has(record.row)) chosen.set(record.row, record);
        }
        const rows = Array.from({ length: 10 }, (_, row) => row);
        const completeRows = rows.filter((row) => chosen.has(row));
        return {
          completeRows,
          chosen: new Map([['body', chosen]]),
          drops: rows
            .filter((row) => !chosen.has(row))
            .map((row) => ({ row, column: 'body', kind: 'TriesExhausted', message: 'none' })),
          valuesOf: () => completeRows.map((row) => chosen.get(row)?.value ?? null),
        };
      },
    });
    if (dying === undefined) await commit;
    else await commit.catch(() => undefined);
  }

  async #copy(): Promise<void> {
    const directory = join(await temporaryFolder(), 'artifacts');
    await cp(dirname(this.#dataset.directory), directory, { recursive: true });
    this.#dataset = await testDataset({ directory });
    await this.#start();
  }

  async #gather(): Promise<readonly CellRecord[]> {
    const { records } = await gatherRecords(this.#dataset, { plan: PLAN, rowGroup: 0, rows: ROWS });
    return records.get('body') ?? [];
  }

  async #check(): Promise<void> {
    const found = (await this.#gather()).map(({ value }) => String(value)).sort();
    expect(found).toEqual([...this.#written.keys()].sort());
    expect((await readUsage(this.#dataset)).body?.calls ?? 0).toBe(this.#calls.size);
  }
}

it('loses no cell and counts every call once, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      await new History(await testDataset()).run(steps);
    }),
    { numRuns: 60 },
  );
}, 60_000);
