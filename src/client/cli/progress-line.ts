import stringWidth from 'string-width';
import type { CliContext } from './context.ts';
import { clip, INDENT, terminalWidth } from './text.ts';

/** Without a terminal a line is a record: one now and then is enough. */
const PLAIN_EVERY_MS = 5_000;
/** While nothing changes: a sign of life. */
const UNCHANGED_EVERY_MS = 30_000;
/** What a terminal echoes for Ctrl-C stands behind the line. */
const ECHO_WIDTH = 2;

/** Live progress: one line that is written over on a terminal, plain lines otherwise. */
export class ProgressLine {
  readonly #isTerminal: boolean;
  readonly #say: CliContext['say'];
  #shown = '';
  #begun = '';
  #saidAt = performance.now();
  #said: string | undefined;

  constructor({ isTerminal, say }: Pick<CliContext, 'isTerminal' | 'say'>) {
    this.#isTerminal = isTerminal;
    this.#say = say;
  }

  /** Shows the longest of these that fits. The last, the shortest, is what changes only when something was done. */
  show(lengths: readonly string[]): void {
    const [longest = ''] = lengths;
    if (this.#begun !== '') return;
    if (this.#isTerminal) {
      // The last column stays free: a terminal breaks the line there.
      const room = terminalWidth(process.stderr) - ECHO_WIDTH - 1;
      this.#shown = lengths.find((text) => stringWidth(text) <= room) ?? clip(longest, room);
      write(`${EMPTY_LINE}${this.#shown}`);
      return;
    }
    const done = lengths.at(-1);
    const everyMs = done === this.#said ? UNCHANGED_EVERY_MS : PLAIN_EVERY_MS;
    if (performance.now() - this.#saidAt < everyMs) return;
    this.#saidAt = performance.now();
    this.#said = done;
    this.#say(longest);
  }

  /** Says a line above the progress. */
  say(text: string): void {
    if (this.#shown === '') this.end();
    else write(EMPTY_LINE);
    this.#say(text);
    if (this.#shown !== '') write(this.#shown);
  }

  /** Says what goes on until `finish` says what came of it. Nothing is shown in between. */
  begin(text: string): void {
    this.end();
    if (this.#isTerminal) {
      this.#begun = text;
      write(text);
    } else this.#say(text);
  }

  finish(text: string): void {
    if (!this.#isTerminal) return;
    const fits = stringWidth(this.#begun) + stringWidth(text) + 3 < terminalWidth(process.stderr);
    if (this.#begun === '') write(`${text}\n`);
    else write(`${fits ? ' ' : `\n${' '.repeat(INDENT)}`}… ${text}\n`);
    this.#begun = '';
  }

  /** Leaves the last line standing. */
  end(): void {
    if (this.#shown !== '' || this.#begun !== '') write('\n');
    this.#shown = '';
    this.#begun = '';
  }

  /** Takes the last line away: its counts are older than what is said next. */
  clear(): void {
    if (this.#shown !== '') write(EMPTY_LINE);
    this.#shown = '';
  }
}

/** Back to the beginning of the line, and nothing in it. */
const EMPTY_LINE = '\r\x1b[2K';

function write(text: string): void {
  process.stderr.write(text);
}
