import { createHash } from 'node:crypto';
import { canonicalJson } from '../../digest.ts';
import { findOwn } from '../../own-keys.ts';
import type { ColumnType } from '../../plan.ts';
import type { Value, ValueObject } from '../../values.ts';
import type { ScannedFile } from './seed-file.ts';
import { asFloats, cellOfText, TypeObserver } from './seed-types.ts';

/** What all rows of a source tell together, gathered while its files are scanned. */
export class SourceContent {
  readonly #isText: boolean;
  readonly #observers = new Map<string, TypeObserver>();
  readonly #filled = new Map<string, number>();
  #rows = 0;
  readonly #hash = createHash('sha256');

  /** `isText`: cells are text, which gets its meaning from the types of the whole source. */
  constructor(isText: boolean) {
    this.#isText = isText;
  }

  addRow(row: ValueObject): void {
    this.#rows += 1;
    for (const column of Object.keys(row)) {
      const value = findOwn(row, column)!;
      if (value !== null) this.#filled.set(column, (this.#filled.get(column) ?? 0) + 1);
      if (this.#isText && typeof value === 'string') this.#observerOf(column).observeText(value);
      else this.#observerOf(column).observe(value);
    }
    // Text needs no canonical form, which takes longer than all the rest.
    this.#hash.update(this.#isText ? JSON.stringify(row) : canonicalJson(row));
    this.#hash.update('\n');
  }

  addTypes({ types }: ScannedFile): void {
    for (const [column, type] of types ?? []) this.#observerOf(column).observeType(type);
  }

  typeOf(column: string): ColumnType {
    return this.#observerOf(column).typeOf(this.#isText ? 'text' : 'json');
  }

  /** How many rows have nothing in a column. */
  emptyCellsOf(column: string): number {
    return this.#rows - (this.#filled.get(column) ?? 0) + this.#observerOf(column).emptyTexts;
  }

  /** A cell of a file as the type of its column has it. */
  cellOf(value: Value, type: ColumnType): Value {
    return this.#isText ? cellOfText(value as string | null, type) : asFloats(value, type);
  }

  /** Hash of the rows in their order, and of the columns. */
  hashWith(columns: readonly { readonly name: string; readonly type: ColumnType }[]): string {
    return this.#hash.copy().update(canonicalJson(columns)).digest('hex');
  }

  #observerOf(column: string): TypeObserver {
    let observer = this.#observers.get(column);
    if (observer === undefined) {
      observer = new TypeObserver();
      this.#observers.set(column, observer);
    }
    return observer;
  }
}
