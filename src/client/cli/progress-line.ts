import type { CliContext } from './context.ts';

/** Without a terminal a line is a record: one now and then is enough. */
const PLAIN_EVERY_MS = 5_000;

export interface ProgressLine {
  show(text: string): void;
  /** Leaves the last line standing. */
  end(): void;
}

/** Live progress: one line that is written over on a terminal, plain lines otherwise. */
export function createProgressLine({
  isTerminal,
  say,
}: Pick<CliContext, 'isTerminal' | 'say'>): ProgressLine {
  let isOpen = false;
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      if (isTerminal) {
        const width = process.stderr.columns ?? 80;
        process.stderr.write(`\r\x1b[2K${text.slice(0, width - 1)}`);
        isOpen = true;
        return;
      }
      if (performance.now() - saidAt < PLAIN_EVERY_MS) return;
      saidAt = performance.now();
      say(text);
    },
    end() {
      if (isOpen) process.stderr.write('\n');
      isOpen = false;
    },
  };
}
