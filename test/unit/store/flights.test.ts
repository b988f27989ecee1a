// What a crash leaves behind of the calls in flight. The process that crashes is one of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DatasetStore } from '../../../src/store/dataset-store.ts';
import {
  CrashedFlights,
  FlightLog,
  type FlyingCell,
  forgetCrashes,
  isGuilty,
  isSuspect,
} from '../../../src/store/flights.ts';
import { formatLine } from '../../../src/store/lines.ts';
import type { Ending } from './fly-and-end.ts';
import { startOf, testDataset } from './support.ts';

const together = { isAlone: false };

function cell(row: number, column = 'body'): FlyingCell {
  return { column, row, in: `digest ${row}` };
}

/** Ends a process that has these cells in flight. */
async function end(
  dataset: DatasetStore,
  ending: Ending,
  cells: readonly (FlyingCell & { readonly isAlone?: boolean })[],
): Promise<void> {
  const script = fileURLToPath(new URL('./fly-and-end.ts', import.meta.url));
  const all = JSON.stringify(cells.map((each) => ({ isAlone: false, ...each })));
  const args = ['--import', 'tsx', script, dirname(dataset.directory), all, ending];
  await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit');
}

async function crash(dataset: DatasetStore, times: number, cells: Parameters<typeof end>[2]): Promise<void> {
  await Promise.all(Array.from({ length: times }, () => end(dataset, 'killed', cells)));
}

function files(dataset: DatasetStore): string[] {
  return readdirSync(dataset.path('flights'));
}

/** The only file there is. */
function fileOf(dataset: DatasetStore): string {
  return dataset.path(`flights/${files(dataset)[0]!}`);
}

/** Has the only file name an owner that is gone, in the place of this process. */
function loseOwner(dataset: DatasetStore, change: { readonly v?: number; readonly owner?: object }): void {
  const [header = '', ...lines] = readFileSync(fileOf(dataset), 'utf8').split('\n');
  const before = JSON.parse(header.slice(9));
  const lost = { ...before, ...change, owner: { ...before.owner, ...change.owner } };
  writeFileSync(fileOf(dataset), formatLine(JSON.stringify(lost)) + lines.join('\n'));
}

const GONE = { owner: { pid: 1, start: 'long ago' } };

describe('the calls in flight', () => {
  it('are those of a process that was killed, or ended by an error that nobody caught', async () => {
    const dataset = await testDataset();
    await end(dataset, 'killed', [cell(1), cell(2)]);
    await end(dataset, 'thrown', [cell(2), cell(3)]);
    const crashed = await CrashedFlights.read(dataset);
    expect([0, 1, 2, 3].map((row) => crashed.of(cell(row)).inFlight)).toEqual([0, 1, 2, 1]);
    expect(crashed.of({ ...cell(2), in: 'another digest' }).inFlight).toBe(0);
    expect(crashed.of({ ...cell(2), column: 'summary' }).inFlight).toBe(0);
  });

  it('of a process that ended in another way are forgotten', async () => {
    const dataset = await testDataset();
    await end(dataset, 'left', [cell(1)]);
    await end(dataset, 'finished', [cell(1)]);
    expect(files(dataset)).toEqual([]);
  });

  it('of a process that lives tell of no crash', async () => {
    const dataset = await testDataset();
    const log = new FlightLog(dataset, 1);
    log.begin(cell(1), together);
    expect((await CrashedFlights.read(dataset)).of(cell(1)).inFlight).toBe(0);
    await forgetCrashes(dataset);
    expect(files(dataset)).toHaveLength(1);
    log.dispose();
    expect(files(dataset)).toEqual([]);
  });

  it('of another machine tell of a crash once a newer build has begun', async () => {
    const dataset = await testDataset();
    new FlightLog(dataset, 1).begin(cell(1), together);
    loseOwner(dataset, { owner: { ...GONE.owner, host: 'elsewhere', machine: 'elsewhere' } });
    await dataset.takeEpoch(0, startOf());
    expect((await CrashedFlights.read(dataset)).of(cell(1)).inFlight).toBe(0);
    await dataset.takeEpoch(1, startOf());
    expect((await CrashedFlights.read(dataset)).of(cell(1)).inFlight).toBe(1);
  });

  it('are no longer those that have ended, and their lines are used again', async () => {
    const dataset = await testDataset();
    const log = new FlightLog(dataset, 1);
    // None that a document may have is longer in a file's name.
    const longName = `.${'*'.repeat(66)}`;
    log.begin(cell(0, longName), together);
    const { size } = statSync(fileOf(dataset));
    for (let row = 1; row < 100; row += 1) {
      log.end(log.begin(cell(row), together));
      if (row % 10 === 0) await new Promise(setImmediate);
    }
    log.end(log.begin(cell(101), together));
    await new Promise(setImmediate);
    log.begin(cell(100), together);
    expect(statSync(fileOf(dataset)).size).toBe((3 / 2) * size);
    loseOwner(dataset, GONE);
    const crashed = await CrashedFlights.read(dataset);
    const inFlight = [cell(0, longName), cell(99), cell(100), cell(101)].map(
      (each) => crashed.of(each).inFlight,
    );
    expect(inFlight).toEqual([1, 0, 1, 0]);
    log.dispose();
  });

  it('are told as far as they can be read', async () => {
    const dataset = await testDataset();
    await end(dataset, 'killed', [cell(1), cell(2)]);
    truncateSync(fileOf(dataset), statSync(fileOf(dataset)).size - 10);
    const crashed = await CrashedFlights.read(dataset);
    expect([1, 2].map((row) => crashed.of(cell(row)).inFlight)).toEqual([1, 0]);
    writeFileSync(fileOf(dataset), `damaged${readFileSync(fileOf(dataset), 'utf8').slice(7)}`);
    expect((await CrashedFlights.read(dataset)).of(cell(1)).inFlight).toBe(1);
  });

  it('of a newer Rowloom are refused by name', async () => {
    const dataset = await testDataset();
    await end(dataset, 'killed', [cell(1)]);
    loseOwner(dataset, { v: 2 });
    await expect(CrashedFlights.read(dataset)).rejects.toThrow(/was written by a newer Rowloom \(format 2\)/);
  });
});

describe('a cell', () => {
  it('is suspect from the second crash on at which it was in flight', async () => {
    const dataset = await testDataset();
    await crash(dataset, 1, [cell(1), cell(2)]);
    await crash(dataset, 1, [cell(2), cell(3, 'summary')]);
    const crashed = await CrashedFlights.read(dataset);
    expect([1, 2].map((row) => isSuspect(crashed.of(cell(row))))).toEqual([false, true]);
    expect(crashed.suspectRows('body')).toEqual([2]);
    expect(crashed.suspectRows('summary')).toEqual([]);
  });

  it('is guilty after three crashes alone, however often it was there with others', async () => {
    const dataset = await testDataset();
    await crash(dataset, 3, [cell(1)]);
    await crash(dataset, 2, [{ ...cell(1), isAlone: true }]);
    const suspect = (await CrashedFlights.read(dataset)).of(cell(1));
    expect([isSuspect(suspect), isGuilty(suspect)]).toEqual([true, false]);
    await crash(dataset, 1, [{ ...cell(1), isAlone: true }]);
    const guilty = (await CrashedFlights.read(dataset)).of(cell(1));
    expect([isSuspect(guilty), isGuilty(guilty)]).toEqual([false, true]);
  });

  it('has a clean record once its crashes are forgotten', async () => {
    const dataset = await testDataset();
    await crash(dataset, 2, [cell(1)]);
    await forgetCrashes(dataset);
    expect((await CrashedFlights.read(dataset)).of(cell(1))).toEqual({ inFlight: 0, alone: 0 });
    expect(files(dataset)).toEqual([]);
  });
});
