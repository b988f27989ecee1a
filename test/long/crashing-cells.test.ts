// A cell whose call ends the process that makes it, told apart from kills that no cell is to blame for. Real processes,
// the real server, a mock model that kills who asks it for the wrong row.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DATASET, notesDocument, Workplace } from '../support/build-harness.ts';
import type { CliProcess } from '../support/cli.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

const PARALLEL = 8;
/** Generous: on a busy machine everything takes ten times as long. */
const LIMIT_MS = 300_000;

interface Place {
  readonly workplace: Workplace;
  readonly mock: MockModelServer;
  run(): CliProcess;
}

/** A folder with a document of notes, and a mock that calls `onCall` for each cell before it answers. */
async function inPlace(
  options: {
    readonly rows: number;
    readonly latencyMs: number;
    readonly onCall?: (cell: string, place: Place) => void;
  },
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const { rows, latencyMs, onCall = () => undefined } = options;
  const mock = await startMockModelServer({ latencyMs, onCall: (cell) => onCall(cell, place) });
  const workplace = new Workplace();
  const run = () => workplace.run(['-n', String(rows)]);
  const place = { workplace, mock, run };
  try {
    workplace.write(notesDocument({ endpoint: mock.endpoint, rowGroupSize: 20, parallel: PARALLEL }));
    await use(place);
  } finally {
    await workplace.dispose();
    await mock.close();
  }
}

/** The files that tell of calls in flight. */
function flightFiles({ directory }: Workplace): string[] {
  return readdirSync(join(directory, 'artifacts', DATASET, 'flights'));
}

async function expectRows({ workplace }: Place, count: number): Promise<void> {
  const ids = (await workplace.rows()).map(({ id }) => id);
  expect([ids.length, new Set(ids).size]).toEqual([count, count]);
}

describe.concurrent('a call in flight at crashes', { timeout: LIMIT_MS }, () => {
  it('that is their cause is made alone, and given up after three more', async () => {
    let run: CliProcess | undefined;
    const onCall = (cell: string) => {
      if (cell === 'note/7') run?.signal('SIGKILL');
    };
    await inPlace({ rows: 40, latencyMs: 30, onCall }, async (place) => {
      const { workplace, mock } = place;
      const talks: string[] = [];
      let code: number | null = null;
      while (code === null && talks.length < 10) {
        run = place.run();
        const end = await run.ended;
        talks.push(end.talk);
        code = end.code;
      }
      expect(code).toBe(0);
      expect(mock.stats().cells['note/7']).toMatchObject({ requests: 5 });
      // Two kills with others beside it, three alone.
      expect(talks).toHaveLength(6);
      expect(talks[2]).toMatch(/\d+ cells? in flight at two crashes: made one at a time/);
      expect(talks[5]).toMatch(/^done +39 rows · 1 dropped/m);
      await expectRows(place, 39);
      expect(flightFiles(workplace)).toEqual([]);

      const failures = await workplace.command(['failures', DATASET]).ended;
      expect(failures.output).toMatch(
        /^row 7 · note\n {2}Making it crashed the worker 3 times with nothing else in flight/m,
      );
      const { requests } = mock.stats();
      const again = await place.run().ended;
      expect(again).toMatchObject({ code: 0 });
      expect(again.talk).toMatch(/nothing to do\n.*1 row dropped for a cell that crashed the worker/);
      expect(mock.stats().requests).toBe(requests);

      run = undefined;
      const redone = await workplace.run(['--redo', 'note', '--rows', '7']).ended;
      expect(redone).toMatchObject({ code: 0 });
      expect(mock.stats().requests).toBe(requests + 1);
      await expectRows(place, 40);
    });
  });

  it('that is not is made alone once, and nothing is lost', async () => {
    const beside: { [cell: string]: number } = {};
    const onCall = (cell: string, { mock }: Place) => {
      beside[cell] = mock.stats().inFlight - 1;
    };
    await inPlace({ rows: PARALLEL + 2, latencyMs: 300, onCall }, async (place) => {
      const { mock } = place;
      for (let kills = 0; kills < 2; kills += 1) {
        const run = place.run();
        await until(() => mock.stats().inFlight === PARALLEL, { limitMs: LIMIT_MS });
        await run.kill();
        await until(() => mock.stats().inFlight === 0, { limitMs: LIMIT_MS });
      }
      const end = await place.run().ended;
      expect(end).toMatchObject({ code: 0 });
      // All but those that a start asked for alone, to see whether the model answers.
      const suspects = Object.keys(mock.stats().cells).filter(
        (cell) => mock.stats().cells[cell]?.requests === 3,
      );
      expect(suspects.length).toBeGreaterThanOrEqual(PARALLEL - 1);
      expect(suspects.map((cell) => beside[cell])).toEqual(suspects.map(() => 0));
      expect(end.talk).toContain(`${suspects.length} cells in flight at two crashes`);
      expect(end.talk).toMatch(/^done +10 rows · 0 dropped/m);
      await expectRows(place, 10);
    });
  });

  it('tells of none when Ctrl-C was pressed twice', async () => {
    await inPlace({ rows: 10, latencyMs: 30_000 }, async (place) => {
      const run = place.run();
      await until(() => place.mock.stats().inFlight > 0, { limitMs: LIMIT_MS });
      expect(flightFiles(place.workplace)).toHaveLength(1);
      run.signal('SIGINT');
      await run.says(/^stopping/m);
      run.signal('SIGINT');
      expect(await run.ended).toMatchObject({ code: 1 });
      expect(flightFiles(place.workplace)).toEqual([]);
    });
  });
});
