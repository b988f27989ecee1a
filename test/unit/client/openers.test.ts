import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openingOnce } from '../../../src/client/wish/openers.ts';
import { temporaryFolder } from '../store/support.ts';

it('a command that needs a wish twice opens its document and seed files once, as they were then', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'config.yaml'), 'columns: []\n');
  await writeFile(join(cwd, 's.csv'), 'a\n1\n');
  const { openDocument, openSeeds } = openingOnce();
  const document = () => openDocument({ file: 'config.yaml', cwd, environment: {} });
  const places = { cwd, folder: cwd, home: cwd, directory: cwd, environment: {}, isSimulated: false };
  const seeds = () => openSeeds({ seed_type: 'local', path: 's.csv' }, places);
  const [first, read] = [await document(), await seeds()];
  await writeFile(join(cwd, 'config.yaml'), 'columns: [x]\n');
  await writeFile(join(cwd, 's.csv'), 'a\n2\n');
  expect(await document()).toBe(first);
  expect(await seeds()).toBe(read);
});
