import type { Settings } from '../plan.ts';

/** Fewer outcomes say nothing about a rate, unless the window is smaller. */
const MIN_OUTCOMES = 20;

/** Watches the last cells of this worker: past `shutdown_error_rate` the build is not worth its calls. */
export class Outcomes {
  readonly #settings: Settings;
  readonly #onTooManyFailures: (reason: string) => void;
  readonly #recent: { readonly row: number | null; isMade: boolean }[] = [];
  readonly #failedRows = new Set<number>();

  constructor(settings: Settings, onTooManyFailures: (reason: string) => void) {
    this.#settings = settings;
    this.#onTooManyFailures = onTooManyFailures;
  }

  /**
   * A cell was made, or failed for good. `row`: the one that it is worth nothing without; null for a cell that was made
   * together with those of other rows, and has its use whatever becomes of its own.
   */
  add(row: number | null, isMade: boolean): void {
    this.#recent.push({ row, isMade: isMade && (row === null || !this.#failedRows.has(row)) });
    if (this.#recent.length > this.#settings.shutdownErrorWindow) this.#recent.shift();
    this.#judge();
  }

  /** An expression fails: the cells of this row are worth nothing, those that were made before too. */
  failRow(row: number): void {
    this.#failedRows.add(row);
    for (const cell of this.#recent) if (cell.row === row) cell.isMade = false;
    this.#judge();
  }

  #judge(): void {
    const { shutdownErrorRate, shutdownErrorWindow, isEarlyShutdownDisabled } = this.#settings;
    const count = this.#recent.length;
    const failed = this.#recent.filter(({ isMade }) => !isMade).length;
    const isTooMany =
      count >= Math.min(MIN_OUTCOMES, shutdownErrorWindow) && failed / count > shutdownErrorRate;
    if (!isTooMany || isEarlyShutdownDisabled) return;
    this.#onTooManyFailures(
      `${failed} of the last ${count} cells failed, more than shutdown_error_rate ${shutdownErrorRate}: see \`rowloom failures\``,
    );
  }
}
