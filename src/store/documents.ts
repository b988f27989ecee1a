// The store's JSON documents. Each carries the version of its format as `v`.

import { type Files, fail } from './files.ts';

interface Versioned {
  readonly v: number;
}

/** Reads a document; undefined if there is none. Throws `StoreError` for one that is no JSON or of a newer version. */
export async function findDocument<Document extends Versioned>(
  files: Files,
  place: { readonly path: string; readonly version: number },
): Promise<Document | undefined> {
  const bytes = await files.find(place.path);
  if (bytes === undefined) return undefined;
  const document = parseDocument(bytes, place.path);
  checkVersion(document.v, place);
  return document as unknown as Document;
}

/** Writes a document whole and durably. */
export async function writeDocument(
  files: Files,
  { path, document }: { readonly path: string; readonly document: Versioned },
): Promise<void> {
  await files.write(path, formatDocument(document));
}

export function formatDocument(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Throws `StoreError` naming the newer version. */
export function checkVersion(
  found: unknown,
  { path, version }: { readonly path: string; readonly version: number },
): void {
  if (typeof found !== 'number') fail(`Cannot read "${path}": it names no format`);
  if (found > version) {
    fail(`Cannot use "${path}": it was written by a newer Rowloom (format ${found}): update`);
  }
}

export function parseDocument(bytes: Buffer, path: string): { readonly [field: string]: unknown } {
  try {
    const document: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof document === 'object' && document !== null) return document as { [field: string]: unknown };
  } catch {
    // Said below.
  }
  return fail(`Cannot read "${path}": it is damaged`);
}
