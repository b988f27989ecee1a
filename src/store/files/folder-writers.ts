// Files in the making in a folder; the rules are those of `folder.ts`.

import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreError } from '../../errors.ts';
import { checkFolder, type FileSystem, isAt, linkFile, syncFolder, writeAll } from './file-system.ts';
import { isMissing, isTaken, notWritten, writing } from './folder-failures.ts';
import type { Bytes, NewFile, PartFile } from './port.ts';

/** A file beside its place. */
export class NewFolderFile implements NewFile {
  readonly #fs: FileSystem;
  readonly #place: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;

  constructor(fs: FileSystem, of: { place: string; temporary: string; handle: FileHandle }) {
    this.#fs = fs;
    this.#place = of.place;
    this.#temporary = of.temporary;
    this.#handle = of.handle;
  }

  async append(content: Bytes | string): Promise<void> {
    await writing(this.#place, () => writeAll(this.#handle, content));
  }

  async publish(): Promise<void> {
    await this.#rename(await this.#finish());
    await syncFolder(this.#fs, dirname(this.#place));
  }

  async publishIfAbsent(): Promise<boolean> {
    const file = await this.#finish();
    const isOurs = await this.#linkOrClaim(file);
    // Where the name is taken, too: who took it may not have come to that yet, and the caller goes by what stands there.
    await syncFolder(this.#fs, dirname(this.#place));
    await this.#fs.unlink(this.#temporary).catch(() => undefined);
    return isOurs;
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await this.#fs.unlink(this.#temporary).catch(() => undefined);
  }

  async #finish(): Promise<BigIntStats> {
    return writing(this.#place, async () => {
      await this.#handle.sync();
      const file = await this.#handle.stat({ bigint: true });
      await this.#handle.close();
      return file;
    });
  }

  async #rename(file: BigIntStats): Promise<void> {
    try {
      await this.#fs.rename(this.#temporary, this.#place);
    } catch (error) {
      if (!(await isAt(this.#fs, this.#place, file).catch(() => false)))
        throw await this.#notPublished(error);
    }
  }

  async #linkOrClaim(file: BigIntStats): Promise<boolean> {
    try {
      const linked = await linkFile(this.#fs, this.#temporary, this.#place);
      return linked === 'cannot' ? await this.#claim(file) : linked === 'done';
    } catch (error) {
      throw await this.#notPublished(error);
    }
  }

  async #claim(file: BigIntStats): Promise<boolean> {
    try {
      await (await this.#fs.open(this.#place, 'wx')).close();
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
    try {
      await this.#rename(file);
      return true;
    } catch (error) {
      await this.#fs.unlink(this.#place).catch(() => undefined);
      throw error;
    }
  }

  async #notPublished(error: unknown): Promise<StoreError> {
    if (!isMissing(error)) return notWritten(this.#place, error);
    await checkFolder(this.#fs, this.#place);
    return new StoreError(`Cannot write "${this.#place}": its temporary file is gone`, { cause: error });
  }
}

/** A file that others read while it grows. */
export class FolderPart implements PartFile {
  readonly #fs: FileSystem;
  readonly #place: string;
  readonly #handle: FileHandle;
  #file: BigIntStats | undefined;

  constructor(fs: FileSystem, of: { place: string; handle: FileHandle }) {
    this.#fs = fs;
    this.#place = of.place;
    this.#handle = of.handle;
  }

  async append(content: Bytes | string): Promise<void> {
    await writing(this.#place, () => writeAll(this.#handle, content));
  }

  async sync(): Promise<void> {
    await writing(this.#place, () => this.#handle.datasync());
    if (this.#file === undefined) {
      await syncFolder(this.#fs, dirname(this.#place));
      this.#file = await writing(this.#place, () => this.#handle.stat({ bigint: true }));
    }
    if (await isAt(this.#fs, this.#place, this.#file)) return;
    await checkFolder(this.#fs, this.#place);
    throw new StoreError(`Cannot write "${this.#place}": somebody has removed it`);
  }

  async close(): Promise<void> {
    await writing(this.#place, () => this.#handle.close());
  }
}
