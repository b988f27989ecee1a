import type { Settings } from '../plan.ts';

/** Fewer outcomes say nothing about a rate, unless the window is smaller. */
const MIN_OUTCOMES = 20;

export interface Outcomes {
  /** A cell was made, or failed for good. */
  add(row: number, isMade: boolean): void;
  /** An expression fails: the cells of this row are worth nothing, those that were made before too. */
  failRow(row: number): void;
}

/** Watches the last cells of this worker: past `shutdown_error_rate` the build is not worth its calls. */
export function createOutcomes({
  settings,
  onTooManyFailures,
}: {
  readonly settings: Settings;
  readonly onTooManyFailures: (reason: string) => void;
}): Outcomes {
  const recent: { readonly row: number; isMade: boolean }[] = [];
  const failedRows = new Set<number>();
  const least = Math.min(MIN_OUTCOMES, settings.shutdownErrorWindow);

  function judge(): void {
    const failed = recent.filter(({ isMade }) => !isMade).length;
    const isTooMany = recent.length >= least && failed / recent.length > settings.shutdownErrorRate;
    if (!isTooMany || settings.isEarlyShutdownDisabled) return;
    onTooManyFailures(
      `${failed} of the last ${recent.length} cells failed, more than shutdown_error_rate ${settings.shutdownErrorRate}: see \`rowloom failures\``,
    );
  }

  return {
    add(row, isMade) {
      recent.push({ row, isMade: isMade && !failedRows.has(row) });
      if (recent.length > settings.shutdownErrorWindow) recent.shift();
      judge();
    },
    failRow(row) {
      failedRows.add(row);
      for (const cell of recent) if (cell.row === row) cell.isMade = false;
      judge();
    },
  };
}
