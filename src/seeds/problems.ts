import type { Violation } from '../errors.ts';
import { plural } from '../text/plural.ts';

/** Problems of one file that are told one by one. */
const MAX_TOLD = 20;

/** What is wrong with a field of a document's seed source; the message follows its name. */
export class SeedProblem extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** What is wrong with one seed file. */
export class Problems {
  readonly #file: string;
  readonly #told: Violation[] = [];
  #count = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(message: string, line: number | null = null): void {
    this.#count += 1;
    if (this.#count <= MAX_TOLD) this.#told.push(problemOf(this.#file, message, line));
  }

  list(): readonly Violation[] {
    const untold = this.#count - this.#told.length;
    return untold === 0
      ? this.#told
      : [...this.#told, problemOf(this.#file, `has ${plural(untold, 'more error')}`)];
  }
}

export function problemOf(file: string, message: string, line: number | null = null): Violation {
  return { file, line, column: null, level: 'error', message };
}

export function isDiskError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

/** What the disk says, without code and path. */
export function reasonOf({ message }: NodeJS.ErrnoException): string {
  return /^[A-Z]+: ([^,]+)/.exec(message)?.[1] ?? message;
}
