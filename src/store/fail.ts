import { StoreError } from '../errors.ts';

/** Throws a `StoreError`. */
export function fail(message: string): never {
  throw new StoreError(message);
}
