import type { CliContext } from './context.ts';

/** Without a terminal a line is a record: one now and then is enough. */
const PLAIN_EVERY_MS = 5_000;

export interface ProgressLine {
  show(text: string): void;
  /** Says a line above the progress. */
  say(text: string): void;
  /** Says what goes on until `finish` says what came of it. Nothing is shown in between. */
  begin(text: string): void;
  finish(text: string): void;
  /** Leaves the last line standing. */
  end(): void;
}

/** Live progress: one line that is written over on a terminal, plain lines otherwise. */
export function createProgressLine({
  isTerminal,
  say,
}: Pick<CliContext, 'isTerminal' | 'say'>): ProgressLine {
  let shown = '';
  let isBegun = false;
  let saidAt = performance.now();

  function write(text: string): void {
    process.stderr.write(text);
  }

  function end(): void {
    if (shown !== '' || isBegun) write('\n');
    shown = '';
    isBegun = false;
  }

  return {
    show(text) {
      if (isBegun) return;
      if (isTerminal) {
        // The last column stays free: a terminal breaks the line there.
        shown = text.slice(0, (process.stderr.columns ?? 80) - 1);
        write(`\r\x1b[2K${shown}`);
        return;
      }
      if (performance.now() - saidAt < PLAIN_EVERY_MS) return;
      saidAt = performance.now();
      say(text);
    },
    say(text) {
      if (shown === '') end();
      else write('\r\x1b[2K');
      say(text);
      if (shown !== '') write(shown);
    },
    begin(text) {
      end();
      isBegun = isTerminal;
      if (isTerminal) write(text);
      else say(text);
    },
    finish(text) {
      if (!isTerminal) return;
      write(isBegun ? ` … ${text}\n` : `${text}\n`);
      isBegun = false;
    },
    end,
  };
}
