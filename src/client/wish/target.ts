// What a command is about: the store's folder, the dataset's name in it, and the document to build it from.

import { existsSync, realpathSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { digestOf } from '../../digest.ts';
import { RefusedError, StoreError } from '../../errors.ts';
import type { DatasetStore, EpochRecord } from '../../store/dataset-store.ts';
import { datasetNameWith, isDatasetName } from '../../store/names.ts';
import { splitDatasetPath } from '../../store/store.ts';
import { asTyped } from '../../text/own-command.ts';
import { isWebAddress, withoutSecrets } from '../../text/web-address.ts';
import { findInFolder } from './find-dataset.ts';
import { type StorePlace, storeFolder } from './store-folder.ts';

/** Ends the names of datasets whose answers are simulated by `--simulate`. */
export const SIMULATED_SUFFIX = '-simulated';

export interface TargetOptions extends StorePlace {
  /** A document, or a dataset's folder. */
  readonly target: string;
  /** Arguments of a document in Python. Those that its dataset was made with where they are left out. */
  readonly scriptArgs?: readonly string[] | undefined;
  readonly name?: string;
  readonly isSimulated: boolean;
  /** Takes the next free name. */
  readonly isNew: boolean;
}

export interface Target {
  /** The store's folder; it need not be there. */
  readonly directory: string;
  readonly name: string;
  /** To look at; null where there is none of that name. */
  readonly dataset: DatasetStore | null;
  /** The folder was made under another name or in another store. */
  readonly isCopy: boolean;
  /** Absolute path, or an address. */
  readonly document: string;
  /** Arguments of a document in Python. */
  readonly scriptArgs: readonly string[];
  /** The folder's record names it: an address is without what may have been a key. */
  readonly isRecorded: boolean;
}

/** Throws `RefusedError` for what cannot be meant, and `StoreError` for a folder that holds no dataset. */
export async function findTarget(options: TargetOptions): Promise<Target> {
  if (options.target === '-')
    throw new RefusedError('Cannot read a document from standard input: name its file');
  const isWeb = isWebAddress(options.target);
  const typed = isWeb ? options.target : resolve(options.cwd, options.target);
  const isFolder = (await stat(typed).catch(() => undefined))?.isDirectory() === true;
  const { directory, stem, document } = isFolder
    ? await readFolder(typed, options)
    : {
        directory: storeFolder(options),
        stem: options.name ?? stemOf(typed),
        document: typed,
      };
  if (!isDatasetName(stem)) {
    throw new RefusedError(
      `Cannot name a dataset "${stem}": it takes up to 80 letters, digits, ".", "_" and "-", with a letter or digit first. Use --name`,
    );
  }
  const ending = endingOf(stem, options);
  const numbered = options.isNew ? await nextFreeName(directory, { stem, ending }) : stem;
  const name = datasetNameWith(ending, numbered);
  const folder = join(directory, name);
  const found = await findInFolder(folder);
  const { dataset = null, isCopy = false } = found ?? {};
  const recorded = dataset === null ? [] : await recordedArgs(dataset, document);
  const { scriptArgs = recorded } = options;
  if (dataset === null) await refuseOtherFolder(folder);
  else if (!isFolder) await refuseOtherDocument(dataset, { options, document, scriptArgs });
  return { directory, name, document, scriptArgs, isRecorded: isFolder, dataset, isCopy };
}

/** The arguments that a dataset was made with, if it was made from this document. */
async function recordedArgs(dataset: DatasetStore, document: string): Promise<readonly string[]> {
  const start = await dataset.findLatestStart();
  if (start?.scriptArgs === undefined) return [];
  return isSameFile(documentOf(start, dirname(dataset.directory)), document) ? start.scriptArgs : [];
}

/** The name that a dataset gets. */
export function datasetNameFor(stem: string, options: Pick<TargetOptions, 'isSimulated'>): string {
  return datasetNameWith(endingOf(stem, options), stem);
}

function endingOf(stem: string, { isSimulated }: Pick<TargetOptions, 'isSimulated'>): string {
  return isSimulated && !stem.endsWith(SIMULATED_SUFFIX) ? SIMULATED_SUFFIX : '';
}

async function readFolder(
  folder: string,
  { out, name: typedName }: TargetOptions,
): Promise<{ directory: string; stem: string; document: string }> {
  const { directory, name } = splitDatasetPath(folder);
  const found = await findInFolder(folder);
  if (found === undefined) {
    throw new StoreError(
      `Cannot build in "${folder}": it holds no dataset (no dataset.json). Name a config document, or a dataset's folder`,
    );
  }
  if (out !== undefined || typedName !== undefined) {
    throw new RefusedError("Cannot use --out or --name with a dataset's folder: the folder says both");
  }
  const start = await found.dataset.findLatestStart();
  // A record that somebody else made is no reason to run a program or to ask a server.
  const isForeign =
    found.isCopy && (isWebAddress(start?.document ?? '') || /\.py$/i.test(start?.document ?? ''));
  const remembered = start === undefined || isForeign ? [] : [documentOf(start, directory)];
  const candidates = [...remembered, found.dataset.path('builder_config.json')];
  const there = candidates.find((path) => isWebAddress(path) || existsSync(path));
  if (there === undefined) {
    throw new RefusedError(
      `Cannot find what to build "${name}" from: there is no ${candidates.map((path) => `"${path}"`).join(' and no ')}. Name its document`,
    );
  }
  return { directory, stem: name, document: there };
}

async function nextFreeName(
  directory: string,
  { stem, ending }: { readonly stem: string; readonly ending: string },
): Promise<string> {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? stem : datasetNameWith(`-${number}`, stem);
    if (!existsSync(join(directory, datasetNameWith(ending, candidate)))) return candidate;
  }
}

async function refuseOtherFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new StoreError(`Cannot make a dataset in "${folder}": ${error.message}`);
  });
  if (names.some((found) => !found.startsWith('.dataset.json.'))) {
    throw new StoreError(
      `Cannot make a dataset in "${folder}": the folder is not empty and holds no dataset. Use --name or --out`,
    );
  }
}

async function refuseOtherDocument(
  dataset: DatasetStore,
  {
    options,
    document,
    scriptArgs,
  }: { options: TargetOptions; document: string; scriptArgs: readonly string[] },
): Promise<void> {
  const start = await dataset.findLatestStart();
  if (start === undefined || options.name !== undefined) return;
  const path = documentOf(start, dirname(dataset.directory));
  const isOwn = dirname(path) === dataset.directory;
  const isThere = isWebAddress(path) || existsSync(path);
  const isSame = isSameFile(path, withoutSecrets(document));
  const isSameQuery = start.queryDigest === queryDigestOf(document);
  const { scriptArgs: args = [] } = start;
  const hasSameArgs = isDeepStrictEqual(args, scriptArgs);
  if (isOwn || !isThere || (isSame && isSameQuery && hasSameArgs)) return;
  const more = isSameQuery
    ? `with ${args.length === 0 ? 'no arguments' : `-- ${args.map(asTyped).join(' ')}`}`
    : 'with another query';
  const other = isSame ? `${path}" ${more}` : `${path}"`;
  throw new RefusedError(
    `Cannot build "${dataset.name}" from "${withoutSecrets(options.target)}": the dataset was made from "${other}. Use --name ${dataset.name} to mean it, or --new for another dataset`,
  );
}

/** The document of a start, as {@link Target} has it. */
export function documentOf({ document }: EpochRecord, directory: string): string {
  return isWebAddress(document) ? document : resolve(directory, document);
}

/** Tells the documents of addresses apart that differ only in their query, which may hold a key; undefined without one. */
export function queryDigestOf(document: string): string | undefined {
  if (!isWebAddress(document) || !URL.canParse(document)) return undefined;
  const { search } = new URL(document);
  return search === '' ? undefined : digestOf(search);
}

/** The name of a file without what follows its last dot. */
function stemOf(document: string): string {
  const path = isWebAddress(document) && URL.canParse(document) ? new URL(document).pathname : document;
  return basename(path, extname(path));
}

function isSameFile(left: string, right: string): boolean {
  return left === right || (existsSync(right) && realpathSync(left) === realpathSync(right));
}
