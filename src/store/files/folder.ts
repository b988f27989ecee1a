// The store in a folder of a disk.
//
//   D1. A file that others read is written beside its place, synced, renamed or linked to its name, its folder synced.
//   D2. What a crash leaves beside a place starts with a dot, ends in `.tmp` and is in no list. Its name tells which process
//       wrote it, and only that of a dead one is removed.
//   D3. A reply may be lost where the disk is another machine's: whether a rename or link was done is asked of the file.
//   D4. On a disk without links a name is taken by an empty file, which the whole one then replaces: for a moment a reader
//       may see it empty, never half; who is killed in that moment leaves it empty, and readers refuse it by name.

import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import nodeFs from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { breathe } from '../../breathe.ts';
import { FolderGoneError, StoreError } from '../../errors.ts';
import { isMarkOfDead, ownMark } from '../../server/processes.ts';
import { checkFolder, type FileSystem, linkFile, syncFolder } from './file-system.ts';
import {
  codeOf,
  isMissing,
  isTaken,
  isUnlinkable,
  naming,
  notNamed,
  notWritten,
  reading,
} from './folder-failures.ts';
import { FolderScratch } from './folder-scratch.ts';
import { FolderPart, NewFolderFile } from './folder-writers.ts';
import {
  type ByteRange,
  type Bytes,
  type FileStat,
  type NewFile,
  type PartFile,
  type ScratchFile,
  type StoreFiles,
  writeFile,
} from './port.ts';

const COPY_BYTES = 1 << 20;
/** A writer that was replaced may still write into a folder that is being removed. */
const REMOVE_TRIES = 5;

const NO_POINTERS =
  'this disk has no symbolic links, as FAT and exFAT have none. Use a folder on another disk (--out)';

export class FolderFiles implements StoreFiles {
  readonly #root: string;
  readonly #fs: FileSystem;

  constructor(root: string, fs: FileSystem = nodeFs) {
    this.#root = resolve(root);
    this.#fs = fs;
  }

  place(path = ''): string {
    return join(this.#root, path);
  }

  below(folder: string): FolderFiles {
    return new FolderFiles(this.place(folder), this.#fs);
  }

  async find(path: string, range?: ByteRange): Promise<Buffer | undefined> {
    const place = this.place(path);
    return reading(place, () =>
      range === undefined ? this.#fs.readFile(place) : this.#readRange(place, range),
    );
  }

  /** In the calling thread: that costs 2 µs, and 25 through the thread pool with the error that a missing file is there. */
  async has(path: string): Promise<boolean> {
    const place = this.place(path);
    const stat = await reading(place, async () => statSync(place, { throwIfNoEntry: false }));
    return stat !== undefined;
  }

  async findStat(path: string): Promise<FileStat | undefined> {
    const place = this.place(path);
    const stat = await reading(place, () => this.#fs.stat(place, { bigint: true }));
    if (stat === undefined) return undefined;
    return { sizeBytes: Number(stat.size), modifiedMs: Number(stat.mtimeMs), identity: String(stat.ino) };
  }

  async list(folder: string): Promise<string[]> {
    const place = this.place(folder);
    const names = (await reading(place, () => this.#fs.readdir(place))) ?? [];
    return names.filter((name) => !isTemporary(name));
  }

  async replace(path: string, content: Bytes | string): Promise<void> {
    await writeFile(this, path, async (file) => {
      await file.append(content);
      await file.publish();
    });
  }

  async create(path: string, content: Bytes | string): Promise<boolean> {
    return writeFile(this, path, async (file) => {
      await file.append(content);
      return file.publishIfAbsent();
    });
  }

  async start(path: string): Promise<NewFile> {
    const place = this.place(path);
    const temporary = temporaryBeside(place);
    const handle = await naming(place, () => this.#fs.open(temporary, 'ax'));
    return new NewFolderFile(this.#fs, { place, temporary, handle });
  }

  async openPart(path: string): Promise<PartFile> {
    const place = this.place(path);
    return new FolderPart(this.#fs, { place, handle: await naming(place, () => this.#fs.open(place, 'ax')) });
  }

  async link(from: string, to: string): Promise<boolean> {
    const source = this.place(from);
    const place = this.place(to);
    try {
      const linked = await linkFile(this.#fs, source, place);
      return linked === 'cannot' ? await this.#copy(from, to) : linked === 'done';
    } catch (error) {
      if (!isMissing(error)) throw notWritten(place, error);
      await checkFolder(this.#fs, place);
      throw new StoreError(`Cannot link "${source}" to "${place}": there is no such file`);
    }
  }

  /** The text of the link is relative, so that the folder may be moved: `path` must lead through no pointer. */
  async point(path: string, target: string): Promise<void> {
    const place = this.place(path);
    const temporary = temporaryBeside(place);
    const text = relative(dirname(place), this.place(target)) || '.';
    try {
      await this.#fs.symlink(text, temporary);
    } catch (error) {
      throw isUnlinkable(error)
        ? new StoreError(`Cannot make "${place}": ${NO_POINTERS}`)
        : notNamed(place, error);
    }
    try {
      await this.#fs.rename(temporary, place);
    } catch (error) {
      await this.#fs.unlink(temporary).catch(() => undefined);
      if ((await this.findPointer(path)) !== target) throw notNamed(place, error);
    }
    await syncFolder(this.#fs, dirname(place));
  }

  async findPointer(path: string): Promise<string | undefined> {
    const place = this.place(path);
    const text = await reading(place, async () => {
      try {
        return await this.#fs.readlink(place);
      } catch (error) {
        if (codeOf(error) === 'EINVAL') return undefined;
        throw error;
      }
    });
    return text === undefined ? undefined : relative(this.#root, resolve(dirname(place), text));
  }

  /** Makes the root itself, with the folders above it: nothing else does. */
  async makeRoot(): Promise<void> {
    await naming(this.#root, () => this.#fs.mkdir(this.#root, { recursive: true }));
    await syncFolder(this.#fs, dirname(this.#root));
  }

  async makeFolder(path: string): Promise<void> {
    const place = this.place(path);
    await naming(place, async () => {
      try {
        await this.#fs.mkdir(place);
      } catch (error) {
        const there = isTaken(error) ? await reading(place, () => this.#fs.stat(place)) : undefined;
        if (there?.isDirectory() !== true) throw error;
      }
    });
    // Also where it was there: who has just made it may not have come to that yet.
    await syncFolder(this.#fs, dirname(place));
  }

  async remove(path: string): Promise<boolean> {
    const place = this.place(path);
    try {
      await this.#fs.unlink(place);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw notWritten(place, error);
    }
  }

  async removeFolder(path: string): Promise<void> {
    const place = this.place(path);
    try {
      await this.#fs.rm(place, { recursive: true, force: true, maxRetries: REMOVE_TRIES });
      await syncFolder(this.#fs, dirname(place));
    } catch (error) {
      // With the folder above gone, too, there is no name left to make durable.
      if (!(error instanceof FolderGoneError) && !isMissing(error)) throw notWritten(place, error);
    }
  }

  async syncFolder(path: string): Promise<void> {
    await syncFolder(this.#fs, this.place(path));
  }

  async sweep(folder: string, of: Parameters<StoreFiles['sweep']>[1]): Promise<void> {
    const place = this.place(folder);
    const found = (await reading(place, () => this.#fs.readdir(place, { withFileTypes: true }))) ?? [];
    for (const entry of found) {
      await breathe();
      const path = join(folder, entry.name);
      if (entry.isDirectory() && of.isDeep === true) await this.sweep(path, of);
      if (isTemporary(entry.name) && (await this.#isDead(this.place(path), of.beforeMs)))
        await this.remove(path);
    }
  }

  scratch(path: string): ScratchFile {
    return new FolderScratch(this.place(path));
  }

  async freeBytes(): Promise<number> {
    const disk = await this.#fs.statfs(this.#root).catch(() => undefined);
    return disk === undefined || disk.blocks === 0 ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
  }

  async #readRange(place: string, { start, end }: ByteRange): Promise<Buffer> {
    const handle = await this.#fs.open(place, 'r');
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.max(0, Math.min(end, size) - start));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await handle.close();
    }
  }

  async #copy(from: string, to: string): Promise<boolean> {
    return writeFile(this, to, async (file) => {
      for (let start = 0; ; start += COPY_BYTES) {
        const bytes = await this.find(from, { start, end: start + COPY_BYTES });
        if (bytes === undefined) {
          throw new StoreError(
            `Cannot copy "${this.place(from)}" to "${this.place(to)}": there is no such file`,
          );
        }
        await file.append(bytes);
        if (bytes.length < COPY_BYTES) return file.publishIfAbsent();
      }
    });
  }

  async #isDead(temporary: string, beforeMs: number): Promise<boolean> {
    const mark = /\.([^.]*)\.[0-9a-f]+\.tmp$/.exec(temporary)?.[1] ?? '';
    const stat = () => reading(temporary, () => this.#fs.lstat(temporary));
    return isMarkOfDead(mark) ?? ((await stat())?.mtimeMs ?? Number.POSITIVE_INFINITY) < beforeMs;
  }
}

function temporaryBeside(place: string): string {
  const name = `.${basename(place)}.${ownMark()}.${randomBytes(6).toString('hex')}.tmp`;
  return join(dirname(place), name);
}

function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp');
}
