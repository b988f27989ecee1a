// The store's JSON documents. Each carries the version of its format as `v`.

import { fail } from './fail.ts';
import type { StoreFiles } from './files/port.ts';

/**
 * Reads a document; undefined if there is none. Throws `StoreError` for one that is no JSON, with `cure`, a sentence on what
 * helps, or of a newer version.
 */
export async function findDocument<Document extends { readonly v: number }>(
  files: StoreFiles,
  place: { readonly path: string; readonly version: number; readonly cure?: string },
): Promise<Document | undefined> {
  const bytes = await files.find(place.path);
  if (bytes === undefined) return undefined;
  const path = files.place(place.path);
  const document = parseDocument(bytes, path, place.cure);
  checkVersion(document.v, { ...place, path });
  return document as unknown as Document;
}

export function formatDocument(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Throws `StoreError` naming the other version. Until the first release nothing older is read. */
export function checkVersion(
  found: unknown,
  { path, version }: { readonly path: string; readonly version: number },
): void {
  if (typeof found !== 'number') fail(`Cannot read "${path}": it names no format`);
  if (found > version) {
    fail(`Cannot use "${path}": it was written by a newer Rowloom (format ${found}): update`);
  }
  if (found < version) {
    fail(
      `Cannot use "${path}": an earlier Rowloom wrote it (format ${found}), and until its first release this one reads its own format only (${version}). Nothing in it was changed. Build under another --out`,
    );
  }
}

export function parseDocument(
  bytes: Buffer,
  path: string,
  cure?: string,
): { readonly [field: string]: unknown } {
  try {
    const document: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof document === 'object' && document !== null) return document as { [field: string]: unknown };
  } catch {
    // Bytes that are no JSON are damaged like JSON that is no object.
  }
  return fail(`Cannot read "${path}": it is damaged${cure === undefined ? '' : `. ${cure}`}`);
}
