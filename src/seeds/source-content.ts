import { digestOf } from '../digest.ts';
import type { ColumnType } from '../plan.ts';
import type { ValueObject } from '../values.ts';
import type { PlainObject } from './plain-json.ts';
import { BlockCutter, type CutBlock, lineOf, type RowBlock } from './row-blocks.ts';
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

const HOLE = Buffer.from('null');

/** Gathers the content of a source while its files are read. */
export class SourceContent {
  readonly #isText: boolean;
  readonly #observers = new Map<string, TypeObserver>();
  readonly #filled = new Map<string, number>();
  readonly #cutter = new BlockCutter();
  readonly #blocks: RowBlock[] = [];
  #bytes: Buffer[] = [];
  #rows = 0;
  #holes = 0;

  constructor(isText: boolean) {
    this.#isText = isText;
  }

  /** With the holes. */
  get rowCount(): number {
    return this.#rows;
  }

  addRow(row: ValueObject): void {
    this.#addRow(row, { isPlain: false });
  }

  addPlainRow(row: PlainObject): void {
    this.#addRow(row, { isPlain: true });
  }

  #addRow(row: ValueObject, of: { readonly isPlain: boolean }): void {
    for (const [column, value] of Object.entries(row)) {
      if (value !== null) this.addFilled(column, 1);
      this.observerOf(column).observe(value, of);
    }
    this.addLine(lineOf(row, of));
  }

  /** A place without a row: what would take it is dropped. */
  addHole(): void {
    this.#holes += 1;
    this.addLine(HOLE);
  }

  /** A row as its line; its cells are told to observers and to `addFilled`. */
  addLine(line: Buffer): void {
    this.#rows += 1;
    this.#keep(this.#cutter.add(line));
  }

  /** Of rows that came as lines, how many have something in a column. */
  addFilled(column: string, rows: number): void {
    this.#filled.set(column, (this.#filled.get(column) ?? 0) + rows);
  }

  addType(column: string, type: ColumnType): void {
    this.observerOf(column).observeType(type);
  }

  observerOf(column: string): TypeObserver {
    let observer = this.#observers.get(column);
    if (observer === undefined) {
      observer = new TypeObserver();
      this.#observers.set(column, observer);
    }
    return observer;
  }

  /** The bytes of the blocks since the last call. */
  takeBytes(): readonly Buffer[] {
    const taken = this.#bytes;
    this.#bytes = [];
    return taken;
  }

  /** After the last row. */
  finish(names: readonly string[]): SeedContent {
    this.#keep(this.#cutter.finish());
    const columns = names.map((name) => {
      const observer = this.observerOf(name);
      const type = observer.typeOf(this.#isText ? 'text' : 'json');
      const emptyCells = this.#rows - this.#holes - (this.#filled.get(name) ?? 0) + observer.emptyTexts;
      return { name, type, emptyCells };
    });
    const content = { columns, rowCount: this.#rows, isText: this.#isText, blocks: this.#blocks };
    return { ...content, contentHash: contentHashOf(content) };
  }

  #keep(cut: CutBlock | undefined): void {
    if (cut === undefined) return;
    this.#blocks.push(cut.block);
    this.#bytes.push(cut.bytes);
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
