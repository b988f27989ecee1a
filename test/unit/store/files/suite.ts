// What every implementation of the store's port promises.

import { describe, expect, it } from 'vitest';
import { FolderGoneError, StoreError } from '../../../../src/errors.ts';
import type { StoreFiles } from '../../../../src/store/files/port.ts';

/** Gives several looks at one new and empty place, as several processes have them. */
export type NewPlace = () => Promise<() => StoreFiles>;

export async function textOf(files: StoreFiles, path: string): Promise<string | undefined> {
  return (await files.find(path))?.toString();
}

export function describeStoreFiles(name: string, newPlace: NewPlace): void {
  async function place(...folders: string[]): Promise<StoreFiles> {
    const files = (await newPlace())();
    for (const folder of folders) await files.makeFolder(folder);
    return files;
  }

  describe(`the files of a store in ${name}`, () => {
    describe('a reader', () => {
      it('finds nothing where nothing is', async () => {
        const files = await place();
        await files.create('file', 'x');
        for (const path of ['none', 'none/of/it', 'file/below']) {
          expect(await files.find(path)).toBeUndefined();
          expect(await files.findStat(path)).toBeUndefined();
          expect(await files.has(path)).toBe(false);
          expect(await files.findPointer(path)).toBeUndefined();
          expect(await files.list(path)).toEqual([]);
          expect(await files.remove(path)).toBe(false);
        }
      });

      it('finds what was written, bytes and text', async () => {
        const files = await place('cells');
        await files.create('cells/text', 'größer');
        await files.replace('cells/bytes', new Uint8Array([0, 255, 10]));
        expect(await textOf(files, 'cells/text')).toBe('größer');
        expect(await files.find('cells/bytes')).toEqual(Buffer.from([0, 255, 10]));
        expect((await files.list('cells')).sort()).toEqual(['bytes', 'text']);
        expect(await files.findStat('cells/text')).toMatchObject({ sizeBytes: 8 });
        expect([await files.has('cells/text'), await files.has('cells')]).toEqual([true, true]);
      });

      it('gets a range as far as the file goes', async () => {
        const files = await place();
        await files.create('file', '0123456789');
        const range = async (start: number, end: number) =>
          (await files.find('file', { start, end }))?.toString();
        expect(await range(0, 4)).toBe('0123');
        expect(await range(8, 100)).toBe('89');
        expect(await range(10, 12)).toBe('');
        expect(await range(100, 120)).toBe('');
        expect(await range(5, 5)).toBe('');
        expect(await files.find('none', { start: 0, end: 1 })).toBeUndefined();
      });

      it('never sees half of a file that is replaced or created', async () => {
        const files = await place();
        const whole = ['a', 'b'].map((letter) => letter.repeat(1 << 20));
        let isDone = false;
        const seen = new Set<string | undefined>();
        const reader = (async () => {
          while (!isDone) {
            for (const path of ['replaced', 'created']) seen.add(await textOf(files, path));
            await new Promise(setImmediate);
          }
        })();
        for (const text of [...whole, ...whole]) {
          await files.replace('replaced', text);
          await files.create('created', text);
        }
        isDone = true;
        await reader;
        expect([...seen].filter((text) => text !== undefined && !whole.includes(text))).toEqual([]);
      });

      it('tells a file that took the name of another by its identity, and a folder as a root', async () => {
        const files = await place('a');
        await files.replace('a/file', 'one');
        const before = await files.findStat('a/file');
        await files.link('a/file', 'a/kept');
        await files.replace('a/file', 'two');
        expect((await files.findStat('a/file'))?.identity).not.toBe(before?.identity);
        expect((await files.findStat('a/kept'))?.identity).toBe(before?.identity);
        expect(await textOf(files.below('a'), 'file')).toBe('two');
        expect(files.below('a').place('file')).toBe(files.place('a/file'));
      });

      it('is told that a folder is none', async () => {
        const files = await place('a');
        await expect(files.find('a')).rejects.toThrow(StoreError);
        await expect(files.find('a')).rejects.toThrow('it is a folder');
        await expect(files.replace('a', 'x')).rejects.toThrow(StoreError);
        await expect(files.remove('a')).rejects.toThrow(StoreError);
      });
    });

    describe('a name', () => {
      it('is taken by exactly one of many that create it at once, and holds what that one wrote', async () => {
        const open = await newPlace();
        const texts = Array.from({ length: 30 }, (_, index) => `writer ${index}`);
        const isOurs = await Promise.all(texts.map((text) => open().create('name', text)));
        expect(isOurs.filter(Boolean)).toHaveLength(1);
        expect(await textOf(open(), 'name')).toBe(texts[isOurs.indexOf(true)]);
        expect(await open().list('')).toEqual(['name']);
      });

      it('that is taken stays what it is when it is created again, also by the same bytes', async () => {
        const files = await place();
        expect(await files.create('name', 'first')).toBe(true);
        expect(await files.create('name', 'second')).toBe(false);
        expect(await files.create('name', 'first')).toBe(false);
        expect(await textOf(files, 'name')).toBe('first');
      });

      it('is free again once its file is removed', async () => {
        const files = await place();
        await files.create('name', 'first');
        expect(await files.remove('name')).toBe(true);
        expect(await files.remove('name')).toBe(false);
        expect(await files.create('name', 'second')).toBe(true);
      });
    });

    describe('a file that was started', () => {
      it('is seen when it is published, and not before', async () => {
        const files = await place('a');
        const file = await files.start('a/file');
        await file.append('one ');
        await file.append(Buffer.from('two'));
        expect(await files.find('a/file')).toBeUndefined();
        expect(await files.list('a')).toEqual([]);
        await file.publish();
        expect(await textOf(files, 'a/file')).toBe('one two');
        expect(await files.list('a')).toEqual(['file']);
      });

      it('takes the place of another, or leaves it', async () => {
        const files = await place();
        await files.create('file', 'old');
        const late = await files.start('file');
        await late.append('late');
        expect(await late.publishIfAbsent()).toBe(false);
        expect(await textOf(files, 'file')).toBe('old');
        const next = await files.start('file');
        await next.append('next');
        await next.publish();
        expect(await textOf(files, 'file')).toBe('next');
        const other = await files.start('other');
        expect(await other.publishIfAbsent()).toBe(true);
        expect(await files.list('')).toHaveLength(2);
      });

      it('leaves nothing when it is given up', async () => {
        const files = await place();
        const file = await files.start('file');
        await file.append('x');
        await file.discard();
        await file.discard();
        expect(await files.list('')).toEqual([]);
        expect(await files.find('file')).toBeUndefined();
      });

      it('is not published into another folder that has taken the name of its own', async () => {
        const files = await place('a');
        const [one, two] = [await files.start('a/one'), await files.start('a/two')];
        await files.removeFolder('a');
        await files.makeFolder('a');
        await expect(one.publish()).rejects.toThrow(StoreError);
        await expect(two.publishIfAbsent()).rejects.toThrow(StoreError);
        expect(await files.list('a')).toEqual([]);
      });
    });

    describe('a part', () => {
      it('is read while it grows', async () => {
        const files = await place('a');
        const part = await files.openPart('a/part');
        await part.append('one\n');
        expect(await textOf(files, 'a/part')).toBe('one\n');
        await part.append('two\n');
        await part.sync();
        expect(await textOf(files, 'a/part')).toBe('one\ntwo\n');
        expect((await files.findStat('a/part'))?.sizeBytes).toBe(8);
        await part.close();
      });

      it('has one writer', async () => {
        const files = await place();
        const part = await files.openPart('part');
        await part.append('mine');
        await expect(files.openPart('part')).rejects.toThrow(StoreError);
        expect(await textOf(files, 'part')).toBe('mine');
        await part.close();
      });

      it('finds out that it was removed', async () => {
        const files = await place();
        const part = await files.openPart('part');
        await part.append('x');
        await part.sync();
        await files.remove('part');
        await expect(part.sync()).rejects.toThrow(StoreError);
        await expect(part.sync()).rejects.not.toThrow(FolderGoneError);
        await part.close();
      });

      it('finds out that its folder was removed', async () => {
        const files = await place('a');
        const part = await files.openPart('a/part');
        await part.append('x');
        await part.sync();
        await files.removeFolder('a');
        await part.append('y').catch(() => undefined);
        await expect(part.sync()).rejects.toThrow(FolderGoneError);
        await part.close();
      });
    });

    describe('a second name', () => {
      it('keeps the file when the first is removed or replaced', async () => {
        const files = await place('old', 'new');
        await files.create('old/file', 'content');
        expect(await files.link('old/file', 'new/file')).toBe(true);
        await files.syncFolder('new');
        await files.replace('old/file', 'other');
        expect(await textOf(files, 'new/file')).toBe('content');
        await files.removeFolder('old');
        expect(await textOf(files, 'new/file')).toBe('content');
      });

      it('is not given where another file has it, and is there already where this one has', async () => {
        const files = await place();
        await files.create('file', 'content');
        await files.create('other', 'content');
        expect(await files.link('file', 'other')).toBe(false);
        expect(await files.link('file', 'second')).toBe(true);
        expect(await files.link('file', 'second')).toBe(true);
      });

      it('of what is not there is refused', async () => {
        const files = await place();
        await expect(files.link('none', 'name')).rejects.toThrow('there is no such file');
        await expect(files.link('none', 'name')).rejects.not.toThrow(FolderGoneError);
      });
    });

    describe('a pointer', () => {
      it('leads where it was last told to, and is read through', async () => {
        const files = await place('editions', 'editions/1', 'editions/2');
        await files.create('editions/1/file', 'one');
        await files.create('editions/2/file', 'two');
        await files.point('current', 'editions/1');
        await files.point('file', 'current/file');
        expect(await textOf(files, 'file')).toBe('one');
        await files.point('current', 'editions/2');
        expect(await textOf(files, 'file')).toBe('two');
        expect(await textOf(files, 'current/file')).toBe('two');
        expect(await files.list('current')).toEqual(['file']);
        expect(await files.findPointer('current')).toBe('editions/2');
        expect(await files.findPointer('file')).toBe('current/file');
        expect(await files.findPointer('editions')).toBeUndefined();
        expect(await files.findPointer('editions/1/file')).toBeUndefined();
      });

      it('in a folder, and of files below one, is told from their own root', async () => {
        const files = await place('a', 'a/b');
        await files.below('a').create('b/file', 'x');
        await files.below('a').point('b/pointer', 'b/file');
        expect(await files.below('a').findPointer('b/pointer')).toBe('b/file');
        expect(await files.findPointer('a/b/pointer')).toBe('a/b/file');
        expect(await textOf(files, 'a/b/pointer')).toBe('x');
      });

      it('may lead nowhere, takes a name, and goes without what it leads to', async () => {
        const files = await place('a');
        await files.point('pointer', 'none');
        expect(await files.find('pointer')).toBeUndefined();
        expect(await files.create('pointer', 'x')).toBe(false);
        await files.create('a/file', 'x');
        await files.point('pointer', 'a');
        expect(await files.remove('pointer')).toBe(true);
        await files.makeFolder('b');
        await files.point('b/pointer', 'a');
        await files.removeFolder('b');
        expect(await textOf(files, 'a/file')).toBe('x');
      });

      it('takes the place of a file, not of a folder', async () => {
        const files = await place('a');
        await files.create('file', 'x');
        await files.point('file', 'a');
        expect(await files.findPointer('file')).toBe('a');
        await expect(files.point('a', 'file')).rejects.toThrow(StoreError);
      });
    });

    describe('a folder', () => {
      it('is made once, and never by the way', async () => {
        const files = await place('a');
        await files.makeFolder('a');
        await files.create('file', 'x');
        const steps: { readonly [step: string]: () => Promise<unknown> } = {
          makeFolder: () => files.makeFolder('none/below'),
          start: () => files.start('none/file'),
          create: () => files.create('none/file', 'x'),
          replace: () => files.replace('none/file', 'x'),
          openPart: () => files.openPart('none/file'),
          link: () => files.link('file', 'none/file'),
          point: () => files.point('none/file', 'file'),
          syncFolder: () => files.syncFolder('none'),
        };
        for (const [step, run] of Object.entries(steps)) {
          const error = await run().catch((failure: unknown) => failure);
          expect(error, step).toBeInstanceOf(FolderGoneError);
          expect(error, step).toMatchObject({ folder: files.place('none') });
        }
        expect((await files.list('')).sort()).toEqual(['a', 'file']);
      });

      it('that goes away under a file is told when the file is published', async () => {
        const files = await place('a');
        const [one, two] = [await files.start('a/one'), await files.start('a/two')];
        await files.removeFolder('a');
        await expect(one.publish()).rejects.toThrow(FolderGoneError);
        await expect(two.publishIfAbsent()).rejects.toThrow(FolderGoneError);
        expect(await files.list('')).toEqual([]);
      });

      it('is not made where a file is', async () => {
        const files = await place();
        await files.create('file', 'x');
        await expect(files.makeFolder('file')).rejects.toThrow(StoreError);
      });

      it('goes with all it holds, and may be gone already', async () => {
        const files = await place('a', 'a/b');
        await files.create('a/b/file', 'x');
        await files.removeFolder('a');
        await files.removeFolder('a');
        await files.removeFolder('a/b');
        expect(await files.list('')).toEqual([]);
      });

      it('that is the root of files is made and removed like any other', async () => {
        const files = await place();
        await expect(files.below('a').create('file', 'x')).rejects.toThrow(FolderGoneError);
        await files.below('a').makeFolder('');
        await files.below('a').create('file', 'x');
        await files.below('a').removeFolder('');
        expect(await files.list('')).toEqual([]);
      });
    });

    describe('a scratch file', () => {
      it('is written over in place, and is read like any other', async () => {
        const files = await place();
        const scratch = files.scratch('flights/one');
        scratch.write(0, 'aaaa\n');
        scratch.write(5, 'bbbb\n');
        scratch.write(0, 'cc');
        expect(await textOf(files, 'flights/one')).toBe('ccaa\nbbbb\n');
        expect(() => files.scratch('flights/one')).toThrow(StoreError);
        scratch.dispose();
        scratch.dispose();
        expect(await files.list('flights')).toEqual([]);
      });

      it('is not made where the folder above its own is gone', async () => {
        const files = await place();
        expect(() => files.scratch('none/flights/one')).toThrow(FolderGoneError);
        expect(await files.list('')).toEqual([]);
      });
    });

    it('tell what the disk has left', async () => {
      expect(await (await place()).freeBytes()).toBeGreaterThan(0);
      expect(await (await place()).below('none').freeBytes()).toBeGreaterThan(0);
    });
  });
}
