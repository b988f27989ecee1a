import { digestOf } from '../digest.ts';
import { findOwn } from '../own-keys.ts';
import type { ColumnType } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import { BlockCutter, type CutBlock, type RowBlock } from './row-blocks.ts';
import type { ScannedFile } from './seed-file.ts';
import { TypeObserver } from './seed-types.ts';

export interface SeedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Rows of the source that have nothing in it. */
  readonly emptyCells: number;
}

/** What all rows of a source tell together. */
export interface SeedContent {
  /** In the order of the first file. */
  readonly columns: readonly SeedColumn[];
  readonly rowCount: number;
  /** Cells are text as it was written, which gets its meaning from the types of the columns. */
  readonly isText: boolean;
  /** All rows as lines, in blocks. */
  readonly blocks: readonly RowBlock[];
  /** Hash of columns, types, and cells in row order; how the files write them does not matter. */
  readonly contentHash: string;
}

/** Gathers the content of a source while its files are scanned. */
export class SourceContent {
  readonly #isText: boolean;
  readonly #observers = new Map<string, TypeObserver>();
  readonly #filled = new Map<string, number>();
  readonly #cutter: BlockCutter;
  readonly #blocks: RowBlock[] = [];
  #rows = 0;

  constructor(isText: boolean) {
    this.#isText = isText;
    this.#cutter = new BlockCutter(isText);
  }

  addRow(row: ValueObject): void {
    this.#rows += 1;
    for (const column of Object.keys(row)) {
      const value = findOwn(row, column)!;
      if (value !== null) this.#filled.set(column, (this.#filled.get(column) ?? 0) + 1);
      if (this.#isText && typeof value === 'string') this.#observerOf(column).observeText(value);
      else this.#observerOf(column).observe(value);
    }
    this.#keep(this.#cutter.add(row));
  }

  addTypes({ types }: ScannedFile): void {
    for (const [column, type] of types ?? []) this.#observerOf(column).observeType(type);
  }

  /** After the last row. */
  finish(names: readonly string[]): SeedContent {
    this.#keep(this.#cutter.finish());
    const columns = names.map((name) => {
      const observer = this.#observerOf(name);
      const type = observer.typeOf(this.#isText ? 'text' : 'json');
      const emptyCells = this.#rows - (this.#filled.get(name) ?? 0) + observer.emptyTexts;
      return { name, type, emptyCells };
    });
    const content = { columns, rowCount: this.#rows, isText: this.#isText, blocks: this.#blocks };
    return { ...content, contentHash: contentHashOf(content) };
  }

  #keep(cut: CutBlock | undefined): void {
    if (cut !== undefined) this.#blocks.push(cut.block);
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

export function contentHashOf(content: Omit<SeedContent, 'contentHash'>): string {
  const { columns, rowCount, isText, blocks } = content;
  return digestOf({
    columns: columns.map(({ name, type }) => ({ name, type })),
    rowCount,
    isText,
    // One text: a list of as many items as a large source has blocks would hold the event loop.
    blocks: blocks.map(({ rows, hash }) => `${rows} ${hash}`).join(),
  });
}
