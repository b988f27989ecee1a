// Where a store is. Who only asks for that loads nothing that reads one.

import { resolve } from 'node:path';

const DEFAULT_STORE_FOLDER = 'artifacts';

export interface StorePlace {
  /** The store's folder; `artifacts` by default. */
  readonly out?: string;
  readonly cwd: string;
}

export function storeFolder({ out, cwd }: StorePlace): string {
  return resolve(cwd, out ?? DEFAULT_STORE_FOLDER);
}
