// Text for terminals: how wide it is, how it wraps, and nothing in it that a terminal would obey.

import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Columns of a terminal. Serial lines, `docker run -t` and others say 0 when they do not know. */
export function terminalWidth(stream: { readonly columns?: number }): number {
  return stream.columns || 80;
}

/** Text as lines of at most `width`, broken at spaces where there are some; its own line ends and indents stay. */
export function wrap(text: string, width: number): string[] {
  return printable(text)
    .split('\n')
    .flatMap((line) => {
      if (stringWidth(line) <= width) return [line.trimEnd()];
      const indent = line.slice(0, line.search(/\S|$/));
      const room = Math.max(1, width - indent.length);
      return wrapAnsi(line.trim(), room, { hard: true })
        .split('\n')
        .map((part) => indent + part);
    });
}

/** Where the text of a line starts that has a label. */
export const INDENT = 10;

/** What is said as lines of at most `width` where its words allow it: broken at " · " first, then at spaces. */
export function fold(text: string, width: number): string[] {
  const space = ' '.repeat(INDENT);
  return text.split('\n').flatMap((line) => {
    if (stringWidth(line) <= width) return [line];
    const lines: string[] = [];
    for (const part of line.split(' · ')) {
      const last = lines.at(-1);
      if (last !== undefined && stringWidth(last) + stringWidth(part) + 3 <= width) {
        lines[lines.length - 1] = `${last} · ${part}`;
        continue;
      }
      const [first = '', ...words] = part.split(' ');
      let current = last === undefined ? first : space + first;
      for (const word of words) {
        // A label stays beside the first word, however long that is.
        const isFull = current.length >= INDENT && stringWidth(current) + stringWidth(word) + 1 > width;
        if (isFull) lines.push(current);
        current = isFull ? space + word : `${current} ${word}`;
      }
      lines.push(current);
    }
    return lines;
  });
}

/** Measuring a text of megabytes, of which a line is shown, takes seconds. */
const MAX_UNITS_A_COLUMN = 50;

/** Text as one line of at most `width`. */
export function clip(text: string, width: number): string {
  const line = printable(text.slice(0, MAX_UNITS_A_COLUMN * width))
    .replace(/\s+/g, ' ')
    .trim();
  if (stringWidth(line) <= width) return line;
  const [head = ''] = wrapAnsi(line, width - 1, { hard: true, wordWrap: false }).split('\n');
  return `${head.trimEnd()}…`;
}

/** Control characters but line ends as what they are: an answer of a model must not steer a terminal. */
export function printable(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, '  ')
    .replace(/[^\P{Cc}\n]/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Rows under a header, columns two spaces apart; those named in `right` end at one place. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => stringWidth(row[column] ?? ''))));
  return all.map((row) =>
    row
      .map((text, column) => {
        const space = ' '.repeat(widths[column]! - stringWidth(text));
        return right.includes(header[column]!) ? space + text : text + space;
      })
      .join('  ')
      .trimEnd(),
  );
}
