// A function of a user that is given rows as they come and yields others, as its thread has it. Pieces of rows go to and fro, so
// that neither side ever holds more than a few of them, however many rows there are.

const PIECE_ROWS = 256;

/** What a thread says of its rows: those that the function made, and whether it waits for others. */
export interface MadeRows {
  readonly rows: readonly unknown[];
  readonly wantsMore: boolean;
}

export class RowStream {
  readonly #tell: (made: MadeRows) => void;
  readonly #made: unknown[] = [];
  #answer: (rows: readonly unknown[] | null) => void = () => undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** `tell` hands out what is made; `give` is called once for each time. */
  constructor(tell: (made: MadeRows) => void) {
    this.#tell = tell;
  }

  /** The next rows, null after the last ones. */
  give(rows: readonly unknown[] | null): void {
    this.#answer(rows);
  }

  /** The rows as the function is given them. */
  async *input(): AsyncGenerator<unknown, void> {
    for (let rows = await this.#ask(true); rows !== null; rows = await this.#ask(true)) yield* rows;
  }

  /** Hands out what the function returned; gives the last rows of it. Throws `TypeError` for what is no rows. */
  async collect(returned: unknown): Promise<readonly unknown[]> {
    if (!isIterable(returned))
      throw new TypeError('it returned no rows: make it a generator (async function*), or return a list');
    for await (const row of returned) {
      this.#made.push(row);
      if (this.#made.length >= PIECE_ROWS) await this.#ask(false);
    }
    return this.#made;
  }

  /** One after the other: a function may yield a row while it waits for the next. */
  #ask(wantsMore: boolean): Promise<readonly unknown[] | null> {
    const answered = this.#turn.then(
      () =>
        new Promise<readonly unknown[] | null>((resolve) => {
          this.#answer = resolve;
          this.#tell({ rows: this.#made.splice(0), wantsMore });
        }),
    );
    this.#turn = answered.catch(() => undefined);
    return answered;
  }
}

function isIterable(returned: unknown): returned is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof returned !== 'object' || returned === null) return false;
  return Symbol.asyncIterator in returned || Symbol.iterator in returned;
}
