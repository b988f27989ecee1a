// Text for terminals: how wide it is, how it wraps, and nothing in it that a terminal would obey.

const WIDE =
  /[\p{Script=Han}\p{Emoji_Presentation}\u1100-\u115f\u3000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6]/u;
const WITHOUT_WIDTH = /[\p{M}\p{Cf}]/u;

/** Columns of a terminal. Serial lines, `docker run -t` and others say 0 when they do not know. */
export function terminalWidth(stream: { readonly columns?: number }): number {
  return stream.columns || 80;
}

/** The columns of a terminal that a line takes. */
export function widthOf(line: string): number {
  let width = 0;
  for (const character of line) {
    if (!WITHOUT_WIDTH.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Text as lines of at most `width`, broken at spaces where there are some; its own line ends stay. */
export function wrap(text: string, width: number): string[] {
  return visible(text)
    .split('\n')
    .flatMap((line) => wrapLine(line, width));
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line.trimEnd();
  for (;;) {
    const head = headOf(rest, width);
    if (head.length === rest.length) return [...lines, rest];
    const space = rest.charAt(head.length) === ' ' ? head.length : head.lastIndexOf(' ');
    const end = space > 0 ? space : head.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
}

/** Where the text of a line starts that has a label. */
export const INDENT = 10;

/** What is said as lines of at most `width` where its words allow it: broken at " · " first, then at spaces. */
export function fold(text: string, width: number): string[] {
  const space = ' '.repeat(INDENT);
  return text.split('\n').flatMap((line) => {
    if (widthOf(line) <= width) return [line];
    const lines: string[] = [];
    for (const part of line.split(' · ')) {
      const last = lines.at(-1);
      if (last !== undefined && widthOf(last) + widthOf(part) + 3 <= width) {
        lines[lines.length - 1] = `${last} · ${part}`;
        continue;
      }
      const [first = '', ...words] = part.split(' ');
      let current = last === undefined ? first : space + first;
      for (const word of words) {
        // A label stays beside the first word, however long that is.
        const isFull = current.length >= INDENT && widthOf(current) + widthOf(word) + 1 > width;
        if (isFull) lines.push(current);
        current = isFull ? space + word : `${current} ${word}`;
      }
      lines.push(current);
    }
    return lines;
  });
}

/** The longest start of a line that is no wider than `width`, one character at least. */
function headOf(line: string, width: number): string {
  let head = '';
  let used = 0;
  for (const character of line) {
    used += widthOf(character);
    if (used > width && head !== '') break;
    head += character;
  }
  return head;
}

/** Text as one line of at most `width`. */
export function clip(text: string, width: number): string {
  const line = visible(text).replace(/\s+/g, ' ').trim();
  const head = headOf(line, width);
  return head.length === line.length ? line : `${headOf(line, width - 1).trimEnd()}…`;
}

/** Control characters but line ends as what they are: an answer of a model must not steer a terminal. */
function visible(text: string): string {
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
  const widths = header.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  return all.map((row) =>
    row
      .map((text, column) => {
        const space = ' '.repeat(widths[column]! - widthOf(text));
        return right.includes(header[column]!) ? space + text : text + space;
      })
      .join('  ')
      .trimEnd(),
  );
}
