import stringWidth from 'string-width';
import type { CliContext } from './context.ts';
import { clip, INDENT, terminalWidth } from './text.ts';

/** Without a terminal a line is a record: one now and then is enough. */
const PLAIN_EVERY_MS = 5_000;
/** While nothing changes: a sign of life. */
const UNCHANGED_EVERY_MS = 30_000;
/** What a terminal echoes for Ctrl-C stands behind the line. */
const ECHO_WIDTH = 2;

export interface ProgressLine {
  /** Shows the longest of these that fits. The last, the shortest, is what changes only when something was done. */
  show(lengths: readonly string[]): void;
  /** Says a line above the progress. */
  say(text: string): void;
  /** Says what goes on until `finish` says what came of it. Nothing is shown in between. */
  begin(text: string): void;
  finish(text: string): void;
  /** Leaves the last line standing. */
  end(): void;
  /** Takes the last line away: its counts are older than what is said next. */
  clear(): void;
}

/** Live progress: one line that is written over on a terminal, plain lines otherwise. */
export function createProgressLine(context: Pick<CliContext, 'isTerminal' | 'say'>): ProgressLine {
  const { isTerminal } = context;
  let shown = '';
  let begun = '';
  let saidAt = performance.now();
  let said: string | undefined;

  function write(text: string): void {
    process.stderr.write(text);
  }

  function end(): void {
    if (shown !== '' || begun !== '') write('\n');
    shown = '';
    begun = '';
  }

  return {
    show(lengths) {
      const [longest = ''] = lengths;
      if (begun !== '') return;
      if (isTerminal) {
        // The last column stays free: a terminal breaks the line there.
        const room = terminalWidth(process.stderr) - ECHO_WIDTH - 1;
        shown = lengths.find((text) => stringWidth(text) <= room) ?? clip(longest, room);
        write(`\r\x1b[2K${shown}`);
        return;
      }
      const done = lengths.at(-1);
      if (performance.now() - saidAt < (done === said ? UNCHANGED_EVERY_MS : PLAIN_EVERY_MS)) return;
      saidAt = performance.now();
      said = done;
      context.say(longest);
    },
    say(text) {
      if (shown === '') end();
      else write('\r\x1b[2K');
      context.say(text);
      if (shown !== '') write(shown);
    },
    begin(text) {
      end();
      if (!isTerminal) return context.say(text);
      begun = text;
      write(text);
    },
    finish(text) {
      if (!isTerminal) return;
      const fits = stringWidth(begun) + stringWidth(text) + 3 < terminalWidth(process.stderr);
      if (begun === '') write(`${text}\n`);
      else write(`${fits ? ' ' : `\n${' '.repeat(INDENT)}`}… ${text}\n`);
      begun = '';
    },
    end,
    clear() {
      if (shown !== '') write('\r\x1b[2K');
      shown = '';
    },
  };
}
