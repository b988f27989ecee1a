// What the store needs of the place it is in: a folder, memory in tests, later S3. Paths are relative to the root, with
// "/" between names; "" is the root.
//
//   F1. A file that others read is whole: nobody sees half of it, whatever crashes.
//   F2. Nothing makes a folder by the way: a writer that comes back after its folder was removed finds out, by a
//       `FolderGoneError`, and writes nothing where no name leads to.
//   F3. What cannot be written or read is a `StoreError` that names the file and the reason.

export type Bytes = Uint8Array;

export interface StoreFiles {
  /** Where a file is, for people: an absolute path in a folder. */
  place(path?: string): string;
  /** The same store files under a folder of these, as a root of their own. */
  below(folder: string): StoreFiles;

  /** The file's bytes, or those of a range [start, end) as far as it goes; undefined if there is none. */
  find(path: string, range?: ByteRange): Promise<Buffer | undefined>;
  /** The same at once, where files stand in memory: they are in no folder where other code could look for them. */
  findNow?(path: string): Buffer | undefined;
  /** Whether there is something. Asked before every call of a model: a look has to cost next to nothing. */
  has(path: string): Promise<boolean>;
  /** Undefined if there is nothing. */
  findStat(path: string): Promise<FileStat | undefined>;
  /** Names of what is directly in a folder, in no order; none if there is no such folder. */
  list(folder: string): Promise<string[]>;

  /** Writes a file whole and durably, over what was there. */
  replace(path: string, content: Bytes | string): Promise<void>;
  /**
   * Writes a file whole and durably unless its name is taken. True if what stands there is what this call wrote, also where
   * the file system did it and lost the reply. Writers that must know each other apart write different bytes.
   */
  create(path: string, content: Bytes | string): Promise<boolean>;
  /** Starts a file that is seen only when it is published. */
  start(path: string): Promise<NewFile>;
  /** Makes a file that only the caller writes and that others may read while it grows. Throws if the name is taken. */
  openPart(path: string): Promise<PartFile>;

  /**
   * Gives a file, no pointer, a second name, a copy where there are no links; false if another file has that name. Durable
   * with `syncFolder`.
   */
  link(from: string, to: string): Promise<boolean>;
  /** Makes `path` lead to `target`, a path relative to the root, durably and in one step; it may lead nowhere. */
  point(path: string, target: string): Promise<void>;
  /** Where a pointer leads, relative to the root; undefined for what is no pointer. */
  findPointer(path: string): Promise<string | undefined>;

  /** Makes one folder, durably; fine if it is there. Throws `FolderGoneError` if the folder above is not there. */
  makeFolder(path: string): Promise<void>;
  /** Removes a file or pointer; false if there is none. Not durable before the folder is synced. */
  remove(path: string): Promise<boolean>;
  /** Removes a folder with all it holds, durably. Pointers in it are removed, not what they lead to. */
  removeFolder(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  /**
   * Removes what dead processes left directly in a folder, or in all that is below it: files that were started and never
   * published. Of processes of other machines nobody here knows whether they live: what they started is removed if it is
   * older than `beforeMs` since 1970.
   */
  sweep(folder: string, of: { readonly beforeMs: number; readonly isDeep?: boolean }): Promise<void>;

  /**
   * Opens a new file for what a crash alone makes worth reading, never synced: its writes are synchronous, as each costs 3 µs
   * so and 15 through the thread pool. Makes its one folder itself where the folder above is there.
   */
  scratch(path: string): ScratchFile;

  /** What the disk has left; infinite where it does not tell. Never throws. */
  freeBytes(): Promise<number>;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface FileStat {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Another one tells that another file has taken the name. The same one is no proof: file systems use theirs again. Opaque. */
  readonly identity: string;
}

/** To be appended to by one caller at a time. */
export interface NewFile {
  append(content: Bytes | string): Promise<void>;
  /** Makes it durable and gives it its name, over what was there. */
  publish(): Promise<void>;
  /** The same unless the name is taken; see `create`. */
  publishIfAbsent(): Promise<boolean>;
  /** Gives it up. Never throws. */
  discard(): Promise<void>;
}

/** Starts a file, and gives it up where what writes and publishes it fails. */
export async function writeFile<Result>(
  files: Pick<StoreFiles, 'start'>,
  path: string,
  write: (file: NewFile) => Promise<Result>,
): Promise<Result> {
  const file = await files.start(path);
  try {
    return await write(file);
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** To be appended to by one caller at a time. */
export interface PartFile {
  /** Written when it resolves: a killed process does not lose it. */
  append(content: Bytes | string): Promise<void>;
  /** Makes it durable, its name too. Throws where its name no longer leads to it: nobody would find what it holds. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Others find and list it like any file; of one in use they may see half a write. */
export interface ScratchFile {
  /** Writes over what is at `offset`. */
  write(offset: number, text: string): void;
  /** Removes the file. Never throws. */
  dispose(): void;
}
