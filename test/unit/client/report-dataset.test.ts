import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli } from './cli.ts';
import { commitTrips, openTrips, startTrips, tripsOnDisk } from './dataset-on-disk.ts';

it('report writes one HTML file with the dataset at a glance, its columns, and prompts beside answers', async () => {
  const cwd = await tripsOnDisk();
  const { talk, code } = await cli(['report', 'trips'], { cwd });
  expect(talk).toEqual([expect.stringMatching(/^report {4}trips\.html · \d+ kB$/)]);
  expect(code).toBe(0);
  const page = await readFile(join(cwd, 'trips.html'), 'utf8');
  expect(page).toContain('<dt>rows</dt><dd>3 of 8</dd>');
  expect(page).toContain('1 × column &quot;rating&quot;: The answer is no JSON (row 2)');
  expect(page).toContain('<h3>story</h3><p class="quiet">llm-text · string</p>');
  expect(page).toMatch(
    /<pre class="text">A short trip number 0<\/pre>.*Write a story from Ulm of no more words/s,
  );
  expect(page).toMatch(
    /<td>story<\/td><td>\d+<\/td><td>0<\/td><td>\d+<\/td><td>\d+<\/td><td>[\d.]+ s<\/td><td>\d+ ms<\/td>/,
  );
  expect(page).toContain('not in the output: column &quot;rating&quot;');
  const again = await cli(['report', 'trips'], { cwd });
  expect(again.talk).toEqual([
    'error     Cannot report to "~/trips.html": it is there already. Use --force to replace it',
  ]);
  await writeFile(join(cwd, 'trips.html'), 'old');
  expect((await cli(['report', 'trips', '--force'], { cwd })).code).toBe(0);
  expect(await readFile(join(cwd, 'trips.html'), 'utf8')).toBe(page);
});

it('report takes a version, in a file of its name', async () => {
  const cwd = await tripsOnDisk();
  const dataset = await openTrips(cwd);
  await dataset.writePlan('edited', await dataset.readPlan('plan'));
  const edition = await startTrips(dataset, { planDigest: 'edited' });
  await commitTrips(dataset, { rowGroup: 1, isComplete: false, completeRows: [5] });
  await edition.publish({ isFinished: true });
  const { talk, code } = await cli(['report', 'trips@1'], { cwd });
  expect({ talk, code }).toEqual({ talk: [expect.stringMatching(/^report {4}trips@1\.html/)], code: 0 });
  const [old, now] = await Promise.all(
    ['trips@1', 'trips'].map(async (name) => {
      if (name === 'trips') await cli(['report', name], { cwd });
      return readFile(join(cwd, `${name}.html`), 'utf8');
    }),
  );
  expect(old).toContain('<h1>trips@1</h1>');
  expect(old).toContain('<dt>rows</dt><dd>3 of 8</dd>');
  expect(old).toContain('<dt>state</dt><dd>incomplete</dd>');
  expect(now).toContain('<dt>rows</dt><dd>1 of 8</dd>');
  expect(now).toContain('A short trip number 5');
});
