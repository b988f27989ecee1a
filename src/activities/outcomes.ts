import type { Settings } from '../plan.ts';

/** Fewer outcomes say nothing about a rate, unless the window is smaller. */
const MIN_OUTCOMES = 20;

export interface Outcomes {
  /** A cell was made, or failed for good. */
  add(isMade: boolean): void;
}

/** Watches the last cells of this worker: past `shutdown_error_rate` the build is not worth its calls. */
export function createOutcomes({
  settings,
  onTooManyFailures,
}: {
  readonly settings: Settings;
  readonly onTooManyFailures: (reason: string) => void;
}): Outcomes {
  const recent: boolean[] = [];
  const least = Math.min(MIN_OUTCOMES, settings.shutdownErrorWindow);
  return {
    add(isMade) {
      recent.push(isMade);
      if (recent.length > settings.shutdownErrorWindow) recent.shift();
      const failed = recent.filter((made) => !made).length;
      const isTooMany = recent.length >= least && failed / recent.length > settings.shutdownErrorRate;
      if (!isTooMany || settings.isEarlyShutdownDisabled) return;
      onTooManyFailures(
        `${failed} of the last ${recent.length} cells failed, more than shutdown_error_rate ${settings.shutdownErrorRate}: see \`rowloom failures\``,
      );
    },
  };
}
