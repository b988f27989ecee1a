// A redo costs what it names: its own calls, once, and the row groups that it touches.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DATASET, notesDocument } from '../support/build-harness.ts';
import { eachInWorkplace, type TestPlace } from '../support/each-workplace.ts';
import { until } from '../support/until.ts';

const ROWS = 60;
const GROUPS = 12;

let mock: TestPlace['mock'];
let workplace: TestPlace['workplace'];

eachInWorkplace({}, async (place) => {
  ({ mock, workplace } = place);
  workplace.write(notesDocument({ endpoint: mock.endpoint, rowGroupSize: ROWS / GROUPS }));
  expect(await workplace.run(['-n', String(ROWS)]).ended).toMatchObject({ code: 0 });
  expect(mock.stats().requests).toBe(ROWS);
});

/** Names in a folder of the dataset; none where there is no such folder. */
function namesIn(...path: readonly string[]): readonly string[] {
  try {
    return readdirSync(join(workplace.directory, 'artifacts', DATASET, ...path)).sort();
  } catch {
    return [];
  }
}

/** Which file each one of the output is. */
function inodes(): { readonly [file: string]: number } {
  const folder = join(workplace.directory, 'artifacts', DATASET, 'parquet-files');
  const names = namesIn('parquet-files');
  return Object.fromEntries(names.map((name) => [name, statSync(join(folder, name)).ino]));
}

describe('a redo', () => {
  it('of one row makes one call and one group anew: all others stay the very files that they are', async () => {
    const before = inodes();
    const end = await workplace.run(['--redo', 'note', '--rows', '32']).ended;
    expect(end.code, end.talk).toBe(0);
    expect(end.talk).toContain('note: redo → 1 again');
    expect(mock.stats().requests).toBe(ROWS + 1);
    const after = inodes();
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect([changed, Object.keys(after).length]).toEqual([['batch_00006.parquet'], GROUPS]);
  });

  it.each([0, GROUPS / 2, GROUPS - 1])(
    'is paid once, though it is killed when %i groups are committed',
    async (committed) => {
      const killed = workplace.run(['--redo', 'note']);
      const groups = () => namesIn('editions', '000002', 'groups').filter((name) => name.endsWith('.json'));
      // All answers are in the store: an answer that is still on the wire would be asked for again.
      await until(async () => groups().length >= committed && (await workplace.usage()).calls === 2 * ROWS);
      await killed.kill();
      const isSeen = namesIn('published').includes('000002');
      const resumed = await workplace.run(['--redo', 'note']).ended;
      expect(resumed.code, resumed.talk).toBe(0);
      // Seen by people, it was finished, and the second command asks for another one.
      expect(mock.stats().requests).toBe((isSeen ? 3 : 2) * ROWS);
      expect((await workplace.usage()).calls).toBe((isSeen ? 3 : 2) * ROWS);
      expect(await workplace.rows()).toHaveLength(ROWS);
    },
    90_000,
  );
});
