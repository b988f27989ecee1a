// Where a document comes from: a file, an address of the web, or a program in Python that writes it.

import { createReadStream } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { MAX_SIZE_BYTES } from '../config/load.ts';
import type { OpenDocument } from '../config/prepare.ts';
import { ConfigError } from '../errors.ts';
import { isWebAddress, withoutSecrets } from '../text/web-address.ts';

/** Gives a document's bytes. Throws `ConfigError` that says why there are none, or what to do. */
export const openDocument: OpenDocument = async (options) => {
  const { file, cwd, isLocal = false, scriptArgs = [] } = options;
  const place = path.resolve(cwd, file);
  const shown = shownName(place, options);
  const refuse = (message: string) => ConfigError.about(shown, message);
  if (file === '-') throw refuse('names no file: a document is read from a file only');
  const isPython = /\.py$/i.test(file);
  if (scriptArgs.length > 0 && (!isPython || isWebAddress(file)))
    throw refuse('takes no arguments behind "--": only a file of Python does');
  if (isWebAddress(file)) {
    if (isLocal) throw refuse('is an address: run settings are read from a file only');
    const { fetchDocument } = await import('./web-document.ts');
    return fetchDocument(options);
  }
  if (isPython) {
    if (isLocal) throw refuse('is Python: run settings are YAML or JSON');
    const { writeByPython } = await import('./python-document.ts');
    return writeByPython({ ...options, place, shown });
  }
  return { file: shown, folder: path.dirname(place), bytes: await readFile(place, refuse) };
};

function shownName(place: string, { file, cwd }: { readonly file: string; readonly cwd: string }): string {
  if (isWebAddress(file)) return withoutSecrets(file);
  const relative = path.relative(cwd, place);
  const isOutside = relative.startsWith('..') || path.isAbsolute(relative);
  return isOutside ? path.basename(place) : relative || file;
}

async function readFile(place: string, refuse: (message: string) => ConfigError): Promise<Uint8Array> {
  try {
    // A byte more than is allowed tells that it is too large, of a device without an end too.
    return await buffer(createReadStream(place, { end: MAX_SIZE_BYTES }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw refuse('does not exist');
    if (code === 'EISDIR') throw refuse('is a folder: name the config document in it');
    if (code === 'ENAMETOOLONG') throw refuse('cannot be a file: the path is too long');
    if (code === 'EACCES' || code === 'EPERM') throw refuse('cannot be read: you have no permission to');
    throw refuse(`cannot be read: ${(error as Error).message}`);
  }
}
