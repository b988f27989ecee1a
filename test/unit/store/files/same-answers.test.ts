// What is driven through the memory's files holds for a folder only if both answer alike: any steps in any order.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FolderGoneError, StoreError } from '../../../../src/errors.ts';
import { FolderFiles } from '../../../../src/store/files/folder.ts';
import { MemoryWorld } from '../../../../src/store/files/memory.ts';
import type { NewFile, PartFile, StoreFiles } from '../../../../src/store/files/port.ts';
import { temporaryFolder } from '../support.ts';

/** One process's look at the files, with what it has open. */
interface Client {
  readonly files: StoreFiles;
  readonly started: NewFile[];
  readonly parts: PartFile[];
}

type Step = readonly [name: string, run: (client: Client) => Promise<unknown>];

const FOLDERS = ['a', 'a/b', 't', 't/x'];
/** Of files mostly, of folders and through pointers and files, too. */
const PATHS = [...FOLDERS, 'f', 'a/f', 'a/b/f', 't/f', 'p', 'a/p', 'p/f', 'p/x', 'a/p/f', 'f/g'];
/** None of them is on the way to what they lead to: the store makes no circles. */
const POINTERS = ['p', 'a/p'];

const path = fc.constantFrom(...PATHS);
const text = fc.constantFrom('', 'one', 'two, longer');
const index = fc.nat(2);

function step<T>(name: string, of: fc.Arbitrary<T>, run: (client: Client, of: T) => Promise<unknown>) {
  return of.map((value): Step => [`${name} ${JSON.stringify(value)}`, (client) => run(client, value)]);
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: step('makeFolder', fc.constantFrom(...PATHS), ({ files }, at) => files.makeFolder(at)),
  },
  step('removeFolder', fc.constantFrom(...FOLDERS, 'p', 'none'), ({ files }, at) => files.removeFolder(at)),
  step('create', fc.tuple(path, text), ({ files }, [at, content]) => files.create(at, content)),
  step('replace', fc.tuple(path, text), ({ files }, [at, content]) => files.replace(at, content)),
  step(
    'link',
    fc.tuple(
      path.filter((at) => !POINTERS.includes(at)),
      path,
    ),
    ({ files }, [from, to]) => files.link(from, to),
  ),
  step(
    'point',
    fc.tuple(fc.constantFrom(...POINTERS), fc.constantFrom('t', 't/x', 't/f', 'none')),
    ({ files }, of) => files.point(...of),
  ),
  step('remove', path, ({ files }, at) => files.remove(at)),
  step('syncFolder', fc.constantFrom(...FOLDERS, 'p', ''), ({ files }, at) => files.syncFolder(at)),
  step('find', path, async ({ files }, at) => (await files.find(at))?.toString()),
  step('findRange', path, async ({ files }, at) => (await files.find(at, { start: 2, end: 5 }))?.toString()),
  step('findPointer', path, ({ files }, at) => files.findPointer(at)),
  step('list', fc.constantFrom(...PATHS, ''), async ({ files }, at) => (await files.list(at)).sort()),
  step('start', path, async ({ files, started }, at) => {
    started.push(await files.start(at));
  }),
  step('append', fc.tuple(index, text), async ({ started }, [at, content]) => started[at]?.append(content)),
  step('publish', fc.boolean(), async ({ started }, isOver) => {
    const file = started.pop();
    return isOver ? file?.publish() : file?.publishIfAbsent();
  }),
  step('openPart', path, async ({ files, parts }, at) => {
    parts.push(await files.openPart(at));
  }),
  step('appendToPart', fc.tuple(index, text), async ({ parts }, [at, content]) => parts[at]?.append(content)),
  step('syncPart', index, async ({ parts }, at) => parts[at]?.sync()),
);

async function answer(run: Promise<unknown>): Promise<unknown> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof FolderGoneError) return 'FolderGoneError';
    if (error instanceof StoreError) return 'StoreError';
    throw error;
  }
}

it('memory answers as a folder does, whatever is done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40, size: 'max' }), async (chosen) => {
      const folder: Client = { files: new FolderFiles(await temporaryFolder()), started: [], parts: [] };
      const memory: Client = { files: new MemoryWorld().files({ root: 'a/store' }), started: [], parts: [] };
      try {
        const done: string[] = [];
        for (const [name, run] of chosen) {
          done.push(name);
          const [inFolder, inMemory] = [await answer(run(folder)), await answer(run(memory))];
          expect(inMemory, done.join('\n')).toEqual(inFolder);
        }
      } finally {
        for (const part of folder.parts) await part.close();
        for (const file of folder.started) await file.discard();
      }
    }),
    { numRuns: 300 },
  );
});
