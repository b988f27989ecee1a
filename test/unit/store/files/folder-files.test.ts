import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import nodeFs from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderGoneError, StoreError } from '../../../../src/errors.ts';
import type { FileSystem } from '../../../../src/store/files/file-system.ts';
import { FolderFiles } from '../../../../src/store/files/folder.ts';
import { crashingFileSystem, diskError, faultyFileSystem, temporaryFolder } from '../support.ts';
import { describeStoreFiles, textOf } from './suite.ts';

/** A disk that knows no second names. */
function linkless(fs: FileSystem = nodeFs): FileSystem {
  return {
    ...fs,
    link: async () => {
      throw diskError('EPERM');
    },
  };
}

/** A disk that does these and says something else, as one of another machine may after it lost its reply. */
function losing(reply: { readonly [operation in 'link' | 'rename']?: string }): FileSystem {
  const lossy = (operation: 'link' | 'rename') => async (from: string, to: string) => {
    await nodeFs[operation](from, to);
    const code = reply[operation];
    if (code !== undefined) throw diskError(code);
  };
  return { ...nodeFs, link: lossy('link'), rename: lossy('rename') } as FileSystem;
}

describeStoreFiles('a folder', async () => {
  const root = await temporaryFolder();
  return () => new FolderFiles(root);
});

describe('a disk of another machine that loses its replies', () => {
  it('has created the file of the one whose file stands there', async () => {
    const files = new FolderFiles(await temporaryFolder(), losing({ link: 'EEXIST' }));
    expect(await files.create('epoch', 'ours')).toBe(true);
    expect(await files.create('epoch', 'ours')).toBe(false);
    expect(await files.link('epoch', 'second')).toBe(true);
    expect(readdirSync(files.place()).sort()).toEqual(['epoch', 'second']);
  });

  it('has published the file that stands there', async () => {
    const files = new FolderFiles(await temporaryFolder(), losing({ rename: 'ENOENT' }));
    await files.replace('file', 'ours');
    await files.point('pointer', 'file');
    expect(await textOf(files, 'pointer')).toBe('ours');
  });

  it('has not published a file that was taken away', async () => {
    const root = await temporaryFolder();
    const files = new FolderFiles(root);
    await files.replace('file', 'before');
    const file = await files.start('file');
    await nodeFs.rm(join(root, readdirSync(root).find((name) => name.endsWith('.tmp'))!));
    await expect(file.publish()).rejects.toThrow('its temporary file is gone');
    expect(await textOf(files, 'file')).toBe('before');
  });
});

describe('a disk without links', () => {
  it('gives a name to exactly one of many, whole', async () => {
    const files = new FolderFiles(await temporaryFolder(), linkless());
    const texts = Array.from({ length: 30 }, (_, index) => `writer ${index}`);
    const isOurs = await Promise.all(texts.map((text) => files.create('name', text)));
    expect(isOurs.filter(Boolean)).toHaveLength(1);
    expect(await textOf(files, 'name')).toBe(texts[isOurs.indexOf(true)]);
    expect(readdirSync(files.place())).toEqual(['name']);
  });

  it('copies instead of linking, and never over what is there', async () => {
    const files = new FolderFiles(await temporaryFolder(), linkless());
    const content = Buffer.alloc(2 * (1 << 20) + 5, 'content ');
    await files.create('file', content);
    expect(await files.link('file', 'copy')).toBe(true);
    expect((await files.find('copy'))?.equals(content)).toBe(true);
    await files.create('other', 'x');
    expect(await files.link('file', 'other')).toBe(false);
    expect(await textOf(files, 'other')).toBe('x');
    await expect(files.link('none', 'name')).rejects.toThrow('there is no such file');
    await expect(files.link('file', 'none/name')).rejects.toThrow(FolderGoneError);
    expect(readdirSync(files.place()).sort()).toEqual(['copy', 'file', 'other']);
  });

  it('shows no half of a file, wherever its writer is killed', async () => {
    const seen = new Set<string | undefined>();
    for (let at = 1; at < 20; at += 1) {
      const root = await temporaryFolder();
      await new FolderFiles(root, linkless(crashingFileSystem(at).fileSystem))
        .create('name', 'whole')
        .catch(() => undefined);
      seen.add(await textOf(new FolderFiles(root), 'name'));
    }
    expect(seen).toEqual(new Set([undefined, '', 'whole']));
  });

  it('frees a name whose file could not be put there', async () => {
    const fs = linkless(
      faultyFileSystem((operation) => (operation === 'rename' ? diskError('ENOSPC') : undefined)),
    );
    const files = new FolderFiles(await temporaryFolder(), fs);
    await expect(files.create('name', 'x')).rejects.toThrow('the disk is full');
    expect(readdirSync(files.place())).toEqual([]);
  });
});

describe('a writer that is killed', () => {
  it('at any step leaves the old file or the new one', async () => {
    const seen = new Set<string>();
    for (let at = 1; at < 20; at += 1) {
      const root = await temporaryFolder();
      await new FolderFiles(root).replace('replaced', 'old');
      const dying = new FolderFiles(root, crashingFileSystem(at).fileSystem);
      await dying.replace('replaced', 'new').catch(() => undefined);
      await dying.create('created', 'new').catch(() => undefined);
      await dying.point('pointer', 'replaced').catch(() => undefined);
      const files = new FolderFiles(root);
      const pointer = await files.findPointer('pointer');
      seen.add([await textOf(files, 'replaced'), await textOf(files, 'created'), pointer].join(' '));
      expect((await files.list('')).filter((name) => name.startsWith('.'))).toEqual([]);
    }
    expect(seen).toEqual(new Set(['old  ', 'new  ', 'new new ', 'new new replaced']));
  });

  it('leaves a file that is swept with those of the dead, and not with those of the living', async () => {
    const root = await temporaryFolder();
    const script = `
      import { FolderFiles } from '${import.meta.resolve('../../../../src/store/files/folder.ts')}';
      const files = new FolderFiles('${root}');
      await files.makeFolder('below');
      await (await files.start('below/file')).append('x');
      process.kill(process.pid, 'SIGKILL');`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    spawnSync(process.execPath, args, { stdio: 'inherit' });
    const files = new FolderFiles(root);
    const living = await files.start('below/file');
    expect(readdirSync(join(root, 'below'))).toHaveLength(2);
    await files.sweep('below', { beforeMs: Number.POSITIVE_INFINITY });
    expect(readdirSync(join(root, 'below'))).toHaveLength(1);
    await living.publish();
    expect(await files.list('below')).toEqual(['file']);
  });

  it('on another machine is swept by the age of what it left, and through no pointer', async () => {
    const [root, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    const elsewhereName = '.file.00000000-1-00000000.abcdef.tmp';
    for (const folder of [root, elsewhere]) writeFileSync(join(folder, elsewhereName), 'x');
    symlinkSync(elsewhere, join(root, 'pointer'));
    for (const folder of [root, elsewhere]) utimesSync(join(folder, elsewhereName), 100, 100);
    const files = new FolderFiles(root);
    await files.sweep('', { beforeMs: 99_000 });
    expect(readdirSync(root)).toContain(elsewhereName);
    await files.sweep('', { beforeMs: 101_000, isDeep: true });
    expect(readdirSync(root)).toEqual(['pointer']);
    expect(readdirSync(elsewhere)).toEqual([elsewhereName]);
  });
});

it('says that a disk without symbolic links is the reason', async () => {
  const fs = faultyFileSystem((operation) => (operation === 'symlink' ? diskError('EPERM') : undefined));
  const files = new FolderFiles(await temporaryFolder(), fs);
  await expect(files.point('current', 'editions/000001')).rejects.toThrow(
    `Cannot make "${files.place('current')}": this disk has no symbolic links, as FAT and exFAT have none. Use a folder on another disk (--out)`,
  );
});

describe('a disk that is full', () => {
  it('leaves what was there, nothing beside it, and tells the reason', async () => {
    const root = await temporaryFolder();
    await new FolderFiles(root).replace('file', 'before');
    let writes = 0;
    const fs = faultyFileSystem((operation) => {
      if (operation !== 'write') return undefined;
      writes += 1;
      return writes === 1 ? { writeAtMost: 2 } : diskError('ENOSPC');
    });
    const files = new FolderFiles(root, fs);
    const path = join(root, 'file');
    await expect(files.replace('file', 'after')).rejects.toThrow(
      new StoreError(`Cannot write "${path}": the disk is full`),
    );
    expect(readdirSync(root)).toEqual(['file']);
    expect(await textOf(files, 'file')).toBe('before');
    const part = await files.openPart('part');
    await expect(part.append('x')).rejects.toThrow(/part": the disk is full/);
    await part.close();
  });

  it('that takes a file in pieces has it whole', async () => {
    const fs = faultyFileSystem((operation) => (operation === 'write' ? { writeAtMost: 1 } : undefined));
    const files = new FolderFiles(await temporaryFolder(), fs);
    await files.create('file', 'content');
    expect(await textOf(files, 'file')).toBe('content');
  });
});

describe('what is written', () => {
  it('is on the disk before its name is, and its name before the caller goes on', async () => {
    const root = await temporaryFolder();
    const steps: string[] = [];
    const fs = faultyFileSystem((operation, path) => {
      steps.push(
        `${operation} ${path === root ? 'folder' : basename(path).endsWith('.tmp') ? 'beside' : 'file'}`,
      );
      return undefined;
    });
    const files = new FolderFiles(root, fs);
    await files.create('file', 'x');
    const before = ['open beside', 'write beside', 'sync beside'];
    expect(steps.splice(0)).toEqual([...before, 'link beside', 'sync folder', 'unlink beside']);
    await files.create('file', 'x');
    expect(steps.splice(0)).toEqual([...before, 'link beside', 'sync folder', 'unlink beside']);
    await files.replace('file', 'x');
    expect(steps.splice(0)).toEqual([...before, 'rename beside', 'sync folder']);
    await files.point('pointer', 'file');
    expect(steps.splice(0)).toEqual(['symlink beside', 'rename beside', 'sync folder']);
    await files.makeFolder('below');
    expect(steps.splice(0)).toEqual(['mkdir file', 'sync folder']);
    const part = await files.openPart('part');
    await part.append('x');
    await part.sync();
    await part.append('x');
    await part.sync();
    expect(steps.splice(0)).toEqual([
      ...['open file', 'write file', 'datasync file', 'sync folder'],
      ...['write file', 'datasync file'],
    ]);
    await part.close();
  });
});

describe('a folder that is moved', () => {
  it('takes its pointers along, and its writers find out', async () => {
    const parent = await temporaryFolder();
    const before = new FolderFiles(join(parent, 'before'));
    await before.makeFolder('');
    await before.makeFolder('a');
    await before.create('a/file', 'x');
    await before.point('pointer', 'a');
    const part = await before.openPart('a/part');
    await part.append('x');
    await part.sync();
    const file = await before.start('a/other');
    renameSync(before.place(), join(parent, 'after'));
    expect(await textOf(new FolderFiles(join(parent, 'after')), 'pointer/file')).toBe('x');
    await expect(part.sync()).rejects.toThrow(FolderGoneError);
    await expect(file.publish()).rejects.toThrow(FolderGoneError);
    await part.close();
  });
});
