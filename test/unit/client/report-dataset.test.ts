import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli } from './cli.ts';
import { tripsOnDisk } from './dataset-on-disk.ts';

it('report writes one HTML file with the dataset at a glance, its columns, and prompts beside answers', async () => {
  const cwd = await tripsOnDisk();
  const { talk, code } = await cli(['report', 'trips'], { cwd });
  expect(talk).toEqual([expect.stringMatching(/^report {4}trips\.html · \d+ kB$/)]);
  expect(code).toBe(0);
  const page = await readFile(join(cwd, 'trips.html'), 'utf8');
  expect(page).toContain('<dt>rows</dt><dd>3 of 8</dd>');
  expect(page).toContain('1 × column &quot;rating&quot;: The answer is no JSON (row 2)');
  expect(page).toContain('<h3>story</h3><p class="quiet">llm-text · string</p>');
  expect(page).toMatch(/<pre>A short trip number 0<\/pre>.*Write a story from Ulm of no more words/s);
  expect(page).toContain('not in the output: column &quot;rating&quot;');
  const again = await cli(['report', 'trips'], { cwd });
  expect(again.talk).toEqual([
    'error     Cannot report to "~/trips.html": it is there already. Use --force to replace it',
  ]);
  await writeFile(join(cwd, 'trips.html'), 'old');
  expect((await cli(['report', 'trips', '--force'], { cwd })).code).toBe(0);
  expect(await readFile(join(cwd, 'trips.html'), 'utf8')).toBe(page);
});
