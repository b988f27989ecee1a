// The store's files in memory: for a preview, which keeps nothing, and for tests, where several "processes" look at one
// world. Nothing here fails on its own, and nothing waits: what happens between two steps is up to who makes them.

import { FolderGoneError, StoreError } from '../../errors.ts';
import type { ByteRange, Bytes, FileStat, NewFile, PartFile, ScratchFile, StoreFiles } from './port.ts';

/** A file; links are more names of one. */
class MemoryFile {
  readonly kind = 'file';
  readonly identity: string;
  modifiedMs = Date.now();
  #chunks: Buffer[] = [];

  constructor(identity: string) {
    this.identity = identity;
  }

  get bytes(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  append(content: Bytes | string): void {
    // A copy: the caller may use its buffer again.
    this.#chunks.push(typeof content === 'string' ? Buffer.from(content) : Buffer.from(content));
    this.modifiedMs = Date.now();
  }

  write(offset: number, text: string): void {
    const written = Buffer.from(text);
    const bytes = Buffer.alloc(Math.max(this.bytes.length, offset + written.length));
    this.bytes.copy(bytes);
    written.copy(bytes, offset);
    this.#chunks = [bytes];
  }
}

class MemoryFolder {
  readonly kind = 'folder';
  readonly entries = new Map<string, Entry>();
}

/** The target is a path from the world's root. */
interface MemoryPointer {
  readonly kind: 'pointer';
  readonly target: string;
}

type Entry = MemoryFile | MemoryFolder | MemoryPointer;

const MAX_POINTERS = 40;

export class MemoryWorld {
  readonly #root = new MemoryFolder();
  #fileCount = 0;

  /** The files below a folder of the world, which is made with those above it. */
  files({ root = '' }: { readonly root?: string } = {}): MemoryFiles {
    let folder = this.#root;
    for (const name of namesOf(root)) {
      const found = folder.entries.get(name) ?? new MemoryFolder();
      if (found.kind !== 'folder') throw new TypeError(`"${root}" leads through what is no folder`);
      folder.entries.set(name, found);
      folder = found;
    }
    return new MemoryFiles(this, namesOf(root).join('/'));
  }

  newFile(): MemoryFile {
    this.#fileCount += 1;
    return new MemoryFile(String(this.#fileCount));
  }

  /** What a path leads to, through pointers, also at its end unless it is told not to. */
  find(path: string, options?: { readonly isFollowed: boolean }): Entry | undefined {
    const found = this.#walk(path, options);
    return typeof found === 'string' ? undefined : found;
  }

  /** Whether a file stands where a path needs a folder. */
  isThroughFile(path: string): boolean {
    return this.#walk(path) === 'through a file';
  }

  #walk(path: string, { isFollowed = true } = {}): Entry | 'nothing' | 'through a file' {
    let found: Entry = this.#root;
    let names = namesOf(path);
    for (let pointers = 0; names.length > 0; ) {
      const [name = '', ...rest] = names;
      const entry: Entry | undefined = found.kind === 'folder' ? found.entries.get(name) : undefined;
      if (entry === undefined) return found.kind === 'file' ? 'through a file' : 'nothing';
      names = rest;
      found = entry;
      if (entry.kind !== 'pointer' || (rest.length === 0 && !isFollowed)) continue;
      pointers += 1;
      if (pointers > MAX_POINTERS) return 'nothing';
      names = [...namesOf(entry.target), ...rest];
      found = this.#root;
    }
    return found;
  }
}

export class MemoryFiles implements StoreFiles {
  readonly #world: MemoryWorld;
  readonly #root: string;

  constructor(world: MemoryWorld, root: string) {
    this.#world = world;
    this.#root = root;
  }

  place(path = ''): string {
    return `/${this.#at(path)}`;
  }

  below(folder: string): MemoryFiles {
    return new MemoryFiles(this.#world, this.#at(folder));
  }

  async find(path: string, range?: ByteRange): Promise<Buffer | undefined> {
    const found = this.#world.find(this.#at(path));
    if (found?.kind === 'folder') throw new StoreError(`Cannot read "${this.place(path)}": it is a folder`);
    if (found?.kind !== 'file') return undefined;
    const { start, end } = range ?? { start: 0, end: found.bytes.length };
    return Buffer.from(found.bytes.subarray(start, Math.max(start, end)));
  }

  findNow(path: string): Buffer | undefined {
    const found = this.#world.find(this.#at(path));
    return found?.kind === 'file' ? found.bytes : undefined;
  }

  async has(path: string): Promise<boolean> {
    return (await this.findStat(path)) !== undefined;
  }

  async findStat(path: string): Promise<FileStat | undefined> {
    const found = this.#world.find(this.#at(path));
    if (found?.kind !== 'file') return found && { sizeBytes: 0, modifiedMs: 0, identity: 'folder' };
    return { sizeBytes: found.bytes.length, modifiedMs: found.modifiedMs, identity: found.identity };
  }

  async list(folder: string): Promise<string[]> {
    const found = this.#world.find(this.#at(folder));
    return found?.kind === 'folder' ? [...found.entries.keys()] : [];
  }

  async replace(path: string, content: Bytes | string): Promise<void> {
    const file = await this.start(path);
    await file.append(content);
    await file.publish();
  }

  async create(path: string, content: Bytes | string): Promise<boolean> {
    const file = await this.start(path);
    await file.append(content);
    return file.publishIfAbsent();
  }

  async start(path: string): Promise<NewFile> {
    const folder = this.#folderFor(path);
    const file = this.#world.newFile();
    const name = this.#nameOf(path);
    const checkFolder = () => {
      // Another folder of that name does not hold what was started in the one before.
      if (this.#folderFor(path) === folder) return;
      throw new StoreError(`Cannot write "${this.place(path)}": its temporary file is gone`);
    };
    return {
      append: async (content) => file.append(content),
      publish: async () => {
        checkFolder();
        if (folder.entries.get(name)?.kind === 'folder') {
          throw new StoreError(`Cannot write "${this.place(path)}": it is a folder`);
        }
        folder.entries.set(name, file);
      },
      publishIfAbsent: async () => {
        checkFolder();
        if (folder.entries.has(name)) return false;
        folder.entries.set(name, file);
        return true;
      },
      discard: async () => undefined,
    };
  }

  async openPart(path: string): Promise<PartFile> {
    const file = this.#make(path);
    return {
      append: async (content) => file.append(content),
      sync: async () => {
        if (this.#folderFor(path).entries.get(this.#nameOf(path)) === file) return;
        throw new StoreError(`Cannot write "${this.place(path)}": somebody has removed it`);
      },
      close: async () => undefined,
    };
  }

  async link(from: string, to: string): Promise<boolean> {
    const folder = this.#folderFor(to);
    const file = this.#world.find(this.#at(from));
    const taken = folder.entries.get(this.#nameOf(to));
    if (file !== undefined && taken !== undefined) return file.kind === 'file' && taken === file;
    if (file?.kind !== 'file') {
      throw new StoreError(`Cannot link "${this.place(from)}" to "${this.place(to)}": there is no such file`);
    }
    folder.entries.set(this.#nameOf(to), file);
    return true;
  }

  async point(path: string, target: string): Promise<void> {
    const { entries } = this.#folderFor(path);
    if (entries.get(this.#nameOf(path))?.kind === 'folder') {
      throw new StoreError(`Cannot write "${this.place(path)}": it is a folder`);
    }
    entries.set(this.#nameOf(path), { kind: 'pointer', target: this.#at(target) });
  }

  async findPointer(path: string): Promise<string | undefined> {
    const found = this.#world.find(this.#at(path), { isFollowed: false });
    if (found?.kind !== 'pointer') return undefined;
    return this.#root === '' ? found.target : found.target.slice(this.#root.length + 1);
  }

  async makeFolder(path: string): Promise<void> {
    const { entries } = this.#folderFor(path);
    const found = entries.has(this.#nameOf(path)) ? this.#world.find(this.#at(path)) : new MemoryFolder();
    if (found?.kind !== 'folder') {
      throw new StoreError(`Cannot write "${this.place(path)}": a file of that name is there`);
    }
    if (!entries.has(this.#nameOf(path))) entries.set(this.#nameOf(path), found);
  }

  async remove(path: string): Promise<boolean> {
    const folder = this.#findFolderFor(path);
    if (folder?.entries.get(this.#nameOf(path))?.kind === 'folder') {
      throw new StoreError(`Cannot write "${this.place(path)}": it is a folder`);
    }
    return folder?.entries.delete(this.#nameOf(path)) ?? false;
  }

  async removeFolder(path: string): Promise<void> {
    this.#findFolderFor(path)?.entries.delete(this.#nameOf(path));
  }

  async syncFolder(path: string): Promise<void> {
    if (this.#world.find(this.#at(path)) !== undefined) return;
    this.#refuseThroughFile(path);
    throw new FolderGoneError(this.place(path), this.place(path));
  }

  /** What was started and not published is in no folder. */
  async sweep(): Promise<void> {}

  async freeBytes(): Promise<number> {
    return Number.POSITIVE_INFINITY;
  }

  scratch(path: string): ScratchFile {
    const parent = namesOf(path).slice(0, -1).join('/');
    const above = this.#folderFor(parent);
    if (!above.entries.has(this.#nameOf(parent))) above.entries.set(this.#nameOf(parent), new MemoryFolder());
    const file = this.#make(path);
    return {
      write: (offset, text) => file.write(offset, text),
      dispose: () => void this.#findFolderFor(path)?.entries.delete(this.#nameOf(path)),
    };
  }

  #at(path: string): string {
    return [...namesOf(this.#root), ...namesOf(path)].join('/');
  }

  #refuseThroughFile(path: string): void {
    if (this.#world.isThroughFile(this.#at(path))) {
      throw new StoreError(`Cannot write "${this.place(path)}": a part of its path is a file`);
    }
  }

  /** The last name of a path, also where that is the root of these files. */
  #nameOf(path: string): string {
    return namesOf(this.#at(path)).at(-1) ?? '';
  }

  #make(path: string): MemoryFile {
    const { entries } = this.#folderFor(path);
    if (entries.has(this.#nameOf(path))) {
      throw new StoreError(`Cannot write "${this.place(path)}": a file of that name is there`);
    }
    const file = this.#world.newFile();
    entries.set(this.#nameOf(path), file);
    return file;
  }

  #findFolderFor(path: string): MemoryFolder | undefined {
    const found = this.#world.find(namesOf(this.#at(path)).slice(0, -1).join('/'));
    return found?.kind === 'folder' ? found : undefined;
  }

  #folderFor(path: string): MemoryFolder {
    const place = this.place(path);
    const folder = this.#findFolderFor(path);
    if (folder !== undefined) return folder;
    this.#refuseThroughFile(path);
    throw new FolderGoneError(place, place.slice(0, place.lastIndexOf('/')));
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}
