// How the store touches a disk. Everything it writes but parts goes through here.
//
//   F1. A file that others read is whole: written beside its place, synced, renamed, its folder synced.
//   F2. A file that only one may create is whole when it is seen: written beside its place, then linked to its name.
//   F3. What cannot be written or read is a StoreError that names the file and the reason.
//   F4. What a crash leaves beside a place starts with a dot and ends in `.tmp`, and no reader takes it for anything. Its
//       name tells which process wrote it, and only that of a dead one is removed.

import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import nodeFs, { type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ReadFaultError, StoreError } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { isMarkOfDead, ownMark } from '../processes.ts';
import type { FileSystem } from './files/file-system.ts';
import { FolderFiles } from './files/folder.ts';
import type { Bytes, PartFile } from './files/port.ts';

export type { FileSystem };

export class Files {
  readonly #fs: FileSystem;

  constructor(fs: FileSystem = nodeFs) {
    this.#fs = fs;
  }

  /** The file's bytes; undefined if there is none. */
  async find(path: string): Promise<Buffer | undefined> {
    return this.#reading(path, () => this.#fs.readFile(path));
  }

  /** The file's bytes. Throws `StoreError` if there is none. */
  async read(path: string): Promise<Buffer> {
    return (await this.find(path)) ?? fail(`Cannot read "${path}": there is no such file`);
  }

  /** The names in a folder, in no order; none if there is no such folder. */
  async list(path: string): Promise<string[]> {
    return (await this.#reading(path, () => this.#fs.readdir(path))) ?? [];
  }

  /** Size and identity; undefined if there is nothing. */
  async findStat(path: string): Promise<FileStat | undefined> {
    const stat = await this.#reading(path, () => this.#fs.stat(path, { bigint: true }));
    return stat === undefined ? undefined : fileStatOf(stat);
  }

  /** What the disk of a folder has left; infinite where it does not tell, as some network file systems. Never throws. */
  async freeBytes(path: string): Promise<number> {
    const disk = await this.#fs.statfs(path).catch(() => undefined);
    return disk === undefined || disk.blocks === 0 ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
  }

  /** Bytes and identity of one file, even while another takes its place; undefined if there is none. */
  async findWithStat(path: string): Promise<{ bytes: Buffer; stat: FileStat } | undefined> {
    return this.#reading(path, async () => {
      const handle = await this.#fs.open(path, 'r');
      try {
        return { bytes: await handle.readFile(), stat: fileStatOf(await handle.stat({ bigint: true })) };
      } finally {
        await handle.close();
      }
    });
  }

  /** Makes a folder durably, with those above it. */
  async makeFolder(path: string): Promise<void> {
    const first = await writing(path, () => this.#fs.mkdir(path, { recursive: true }));
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) {
      await this.syncFolder(dirname(made));
    }
  }

  /** Opens a file that nobody else has written, for appending. Makes its folder. A failure is told of `place`. */
  async create(path: string, place: string = path): Promise<FileHandle> {
    const open = () => writing(place, () => this.#fs.open(path, 'ax'));
    try {
      return await open();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    await this.makeFolder(dirname(path));
    return open();
  }

  /** Makes the file of a part, and its folder. */
  async openPart(path: string): Promise<PartFile> {
    await this.makeFolder(dirname(path));
    return new FolderFiles('/', this.#fs).openPart(path);
  }

  /** Starts a file beside `path`; it takes its place with {@link NewFile.publish}. Makes its folder. */
  async start(path: string): Promise<NewFile> {
    const name = `.${basename(path)}.${ownMark()}.${randomBytes(6).toString('hex')}.tmp`;
    const temporary = join(dirname(path), name);
    const handle = await this.create(temporary, path);
    return new NewFile(this, { path, temporary, handle });
  }

  /** Writes a file whole and durably, over what was there. */
  async write(path: string, content: Bytes | string): Promise<void> {
    await this.#writeWhole(path, content, (file) => file.publish());
  }

  /** Writes a file whole and durably unless its name is taken; false if it is. */
  async createWhole(path: string, content: Bytes | string): Promise<boolean> {
    return this.#writeWhole(path, content, (file) => file.publishIfAbsent());
  }

  /** Moves a file or folder durably; false if there is none. */
  async rename(from: string, to: string): Promise<boolean> {
    const isMoved = await this.#unlessMissing(to, () => this.#fs.rename(from, to));
    if (isMoved) {
      await this.syncFolder(dirname(to));
      if (dirname(from) !== dirname(to)) await this.syncFolder(dirname(from));
    }
    return isMoved;
  }

  /** Gives a file a second name; false if that name is taken. */
  async link(from: string, to: string): Promise<boolean> {
    try {
      await writing(to, () => this.#fs.link(from, to));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** Removes a file; false if there is none. Not durable before the folder is synced. */
  async remove(path: string): Promise<boolean> {
    return this.#unlessMissing(path, () => this.#fs.unlink(path));
  }

  /** Removes a folder with all it holds. */
  async removeFolder(path: string): Promise<void> {
    await writing(path, () => this.#fs.rm(path, { recursive: true, force: true }));
    await this.syncFolder(dirname(path));
  }

  /**
   * Removes what crashes left below a folder beside its places: files of processes of this machine that are dead, and what
   * others wrote before `beforeMs` since 1970.
   */
  async sweep(path: string, beforeMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    const names = await this.#reading(path, () => this.#fs.readdir(path, { recursive: true }));
    for (const name of (names ?? []).filter((found) => isTemporary(basename(found)))) {
      const leftover = join(path, name);
      const isDead =
        isOfDeadProcess(leftover) ?? ((await this.findStat(leftover))?.modifiedMs ?? Infinity) < beforeMs;
      if (isDead) await this.remove(leftover);
    }
  }

  /** Makes the names in a folder durable. */
  async syncFolder(path: string): Promise<void> {
    await writing(path, async () => {
      const handle = await this.#fs.open(path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  async #writeWhole<T>(
    path: string,
    content: Bytes | string,
    publish: (file: NewFile) => Promise<T>,
  ): Promise<T> {
    const file = await this.start(path);
    try {
      await file.append(content);
      await file.sync();
      return await publish(file);
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  async #unlessMissing(path: string, run: () => Promise<void>): Promise<boolean> {
    try {
      await writing(path, run);
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #reading<T>(path: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw new ReadFaultError(`Cannot read "${path}": ${reasonOf(error)}`, { cause: error });
    }
  }
}

export interface FileStat {
  readonly sizeBytes: number;
  readonly inode: string;
  /** When its inode last changed, in nanoseconds since the epoch. */
  readonly changedNs: string;
  readonly modifiedMs: number;
}

function fileStatOf(stat: BigIntStats): FileStat {
  return {
    sizeBytes: Number(stat.size),
    inode: String(stat.ino),
    changedNs: String(stat.ctimeNs),
    modifiedMs: Number(stat.mtimeMs),
  };
}

/** A file in the making, beside its place. */
export class NewFile {
  readonly #files: Files;
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;

  constructor(files: Files, of: { path: string; temporary: string; handle: FileHandle }) {
    this.#files = files;
    this.#path = of.path;
    this.#temporary = of.temporary;
    this.#handle = of.handle;
  }

  /** Kept when the file is published. */
  async inode(): Promise<string> {
    return String((await writing(this.#path, () => this.#handle.stat({ bigint: true }))).ino);
  }

  async append(content: Bytes | string): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    await writing(this.#path, () => writeAll(this.#handle, bytes));
  }

  /** Makes the bytes durable and closes the file; nothing can be appended after it. */
  async sync(): Promise<void> {
    await writing(this.#path, () => this.#handle.sync());
    await writing(this.#path, () => this.#handle.close());
  }

  /** Takes the file's place, durably. */
  async publish(): Promise<void> {
    const isMoved = await this.#files.rename(this.#temporary, this.#path);
    if (!isMoved) fail(`Cannot write "${this.#path}": its temporary file is gone`);
  }

  /** Takes the file's place, durably, unless somebody else has; false if so. */
  async publishIfAbsent(): Promise<boolean> {
    const isOurs = await this.#files.link(this.#temporary, this.#path);
    await this.#files.remove(this.#temporary);
    await this.#files.syncFolder(dirname(this.#path));
    return isOurs;
  }

  /** Gives the file up, as far as the disk lets it: what matters is the failure that made it so. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await this.#files.remove(this.#temporary).catch(() => undefined);
  }
}

/** Writes all bytes at the file's end. A disk that is full may take some of them first. */
async function writeAll(handle: FileHandle, bytes: Bytes): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
    offset += bytesWritten;
  }
}

/** Runs what changes the file at `path`; a failure becomes a `StoreError`. */
export async function writing<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof StoreError ? error : notWritten(path, error);
  }
}

/** The failure to write the file at `path`. */
export function notWritten(path: string, error: unknown): StoreError {
  return new StoreError(`Cannot write "${path}": ${reasonOf(error)}`, { cause: error });
}

/** Throws a `StoreError`. */
export function fail(message: string): never {
  throw new StoreError(message);
}

function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp');
}

/** Undefined where this machine cannot know. */
function isOfDeadProcess(temporary: string): boolean | undefined {
  return isMarkOfDead(/\.([^.]*)\.[0-9a-f]+\.tmp$/.exec(temporary)?.[1] ?? '');
}

const REASONS: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EIO: 'the disk reports an error',
  ENOTSUP: 'the file system cannot do that',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOTDIR: 'a part of its path is a file',
  ENAMETOOLONG: 'its name is too long',
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const reason = code === undefined ? undefined : findOwn(REASONS, code);
  return reason ?? (error instanceof Error ? error.message : String(error));
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The operating system's code of a failure, or of what caused it. */
function codeOf(error: unknown): string | undefined {
  const source = error instanceof StoreError ? error.cause : error;
  return source instanceof Error && 'code' in source ? String(source.code) : undefined;
}
