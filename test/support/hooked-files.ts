// Store files that ask a hook before every step, so that a test decides what happens between two: it may do something
// itself, hold the step until another process has gone on, or throw, which is how a "process" is killed.

import type { NewFile, PartFile, StoreFiles } from '../../src/store/files/port.ts';

/**
 * Awaited before each step with the name of the port's method and the path from the root that was decorated: `find`, `create`,
 * `publish` … of a file that was started `append`, `publish`, `publishIfAbsent`, `discard`; of a part `append`, `sync`, `close`.
 */
export type Hook = (operation: string, path: string) => void | Promise<void>;

export function hooked(files: StoreFiles, before: Hook, root = ''): StoreFiles {
  const from = (path: string) => [root, path].filter((part) => part !== '').join('/');
  async function step<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
    await before(operation, from(path));
    return run();
  }
  return {
    place: (path) => files.place(path),
    below: (folder) => hooked(files.below(folder), before, from(folder)),
    find: (path, range) => step('find', path, () => files.find(path, range)),
    has: (path) => step('has', path, () => files.has(path)),
    findStat: (path) => step('findStat', path, () => files.findStat(path)),
    list: (folder) => step('list', folder, () => files.list(folder)),
    replace: (path, content) => step('replace', path, () => files.replace(path, content)),
    create: (path, content) => step('create', path, () => files.create(path, content)),
    start: (path) => step('start', path, async () => hookedNewFile(await files.start(path), path, step)),
    openPart: (path) =>
      step('openPart', path, async () => hookedPart(await files.openPart(path), path, step)),
    link: (source, to) => step('link', to, () => files.link(source, to)),
    point: (path, target) => step('point', path, () => files.point(path, target)),
    findPointer: (path) => step('findPointer', path, () => files.findPointer(path)),
    makeFolder: (path) => step('makeFolder', path, () => files.makeFolder(path)),
    remove: (path) => step('remove', path, () => files.remove(path)),
    removeFolder: (path) => step('removeFolder', path, () => files.removeFolder(path)),
    syncFolder: (path) => step('syncFolder', path, () => files.syncFolder(path)),
    sweep: (folder, of) => step('sweep', folder, () => files.sweep(folder, of)),
    // Neither is a step that others could come before or after: a look at the disk, and what no hook can hold up.
    freeBytes: () => files.freeBytes(),
    scratch: (path) => files.scratch(path),
  };
}

type Step = <T>(operation: string, path: string, run: () => Promise<T>) => Promise<T>;

function hookedNewFile(file: NewFile, path: string, step: Step): NewFile {
  return {
    append: (content) => step('append', path, () => file.append(content)),
    publish: () => step('publish', path, () => file.publish()),
    publishIfAbsent: () => step('publishIfAbsent', path, () => file.publishIfAbsent()),
    // A killed process gives nothing up, and this never throws.
    discard: () => step('discard', path, () => file.discard()).catch(() => undefined),
  };
}

function hookedPart(part: PartFile, path: string, step: Step): PartFile {
  return {
    append: (content) => step('append', path, () => part.append(content)),
    sync: () => step('sync', path, () => part.sync()),
    close: () => step('close', path, () => part.close()),
  };
}
