import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Bundle, bundleModule } from '../../../src/modules/bundle.ts';
import { readModule, writeModule } from '../../../src/modules/stored-modules.ts';
import { FolderFiles } from '../../../src/store/files/folder.ts';
import { temporaryFolder } from '../store/support.ts';

async function moduleIn(files: { readonly [name: string]: string }): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const bundled = async (path: string) => (await bundleModule(path)) as Bundle;

describe('a bundle', () => {
  it('is one file with all that the module imports, which runs', async () => {
    const folder = await moduleIn({
      'gen.ts':
        "import { shout } from './lib/shout.ts';\nexport const title = (row: { topic: string }): string => shout(row.topic);",
      'lib/shout.ts':
        "import { EOL } from 'node:os';\nexport const shout = (text: string) => text.toUpperCase() + EOL.trim();",
    });
    const { code, exports } = await bundled(join(folder, 'gen.ts'));
    expect(exports).toEqual(['title']);
    const { title } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    expect(title({ topic: 'tents' })).toBe('TENTS');
  });

  it('has the same hash wherever its files are, and another one when what it imports changes', async () => {
    const files = { 'gen.ts': "export { word } from './word.ts';", 'word.ts': "export const word = 'a';" };
    const [here, there] = [await moduleIn(files), await moduleIn(files)];
    const before = (await bundled(join(here, 'gen.ts'))).hash;
    expect((await bundled(join(there, 'gen.ts'))).hash).toBe(before);
    await writeFile(join(there, 'word.ts'), "export const word = 'b';");
    expect((await bundled(join(there, 'gen.ts'))).hash).not.toBe(before);
  });

  it('keeps its hash when a comment moves its lines: those are in its map alone', async () => {
    const folder = await moduleIn({ 'gen.ts': 'export const a = 1;' });
    const before = await bundled(join(folder, 'gen.ts'));
    await writeFile(join(folder, 'gen.ts'), '// The first.\n\nexport const a = 1;');
    const after = await bundled(join(folder, 'gen.ts'));
    expect(after.hash).toBe(before.hash);
    expect(after.map).not.toBe(before.map);
  });

  it('says what is wrong with a module, and where', async () => {
    const folder = await moduleIn({
      'gen.ts': 'export const a = 1;\nexport const b = {;\n',
      'lost.ts': "import './none.ts';",
    });
    expect(await bundleModule(join(folder, 'gen.ts'))).toMatchObject({
      problems: [{ file: 'gen.ts', line: 2, column: 19 }],
    });
    expect(await bundleModule(join(folder, 'lost.ts'))).toMatchObject({
      problems: [{ file: 'lost.ts', line: 1, message: expect.stringContaining('./none.ts') }],
    });
    expect(await bundleModule(join(folder, 'gone.ts'))).toMatchObject({
      problems: [{ file: null, message: expect.stringContaining('gone.ts') }],
    });
  });
});

it('a module of a dataset is read as it was written, or refused', async () => {
  const files = new FolderFiles(await temporaryFolder());
  const folder = await moduleIn({ 'gen.ts': 'export const a = 1;' });
  const bundle = await bundled(join(folder, 'gen.ts'));
  await writeModule(files, bundle);
  const { hash, code, map } = bundle;
  expect(await readModule(files, hash)).toEqual({ hash, code, map });
  await files.replace(`modules/${bundle.hash}.mjs`, 'other');
  await expect(readModule(files, bundle.hash)).rejects.toThrow('it is damaged');
  await expect(readModule(files, 'none')).rejects.toThrow('it is not there');
});
