import { styleText } from 'node:util';
import type { CliContext, Screen } from './context.ts';
import { formatTable } from './text.ts';

export interface Paint {
  /** Names, headers. */
  strong(text: string): string;
  /** What stands beside the data. */
  quiet(text: string): string;
  /** What went wrong. */
  alarm(text: string): string;
}

/** Paints code in a language. */
export type Highlight = (code: string, language: string) => string;

/** Colours where a person reads and wants them, else the text as it is. */
export function paintFor(screen: Screen | null): Paint {
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    screen?.hasColors === true && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return { strong: style('bold'), quiet: style('dim'), alarm: style('red') };
}

/** Columns of text that no terminal shows. */
export const WIDTH_WITHOUT_SCREEN = 100;

/** What paints code; null where nothing is painted. Loading the grammars takes a while, so it is done where it is wanted. */
export async function loadHighlight(screen: Screen | null): Promise<Highlight | null> {
  return screen?.hasColors === true ? (await import('./highlight.ts')).highlight : null;
}

/** Prints rows under a header; those of the columns in `right` end at one place. */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  {
    print,
    screen,
    right = [],
  }: Pick<CliContext, 'print' | 'screen'> & { readonly right?: readonly string[] },
): void {
  const [head = '', ...body] = formatTable(header, rows, right);
  print(paintFor(screen).strong(head));
  for (const text of body) print(text);
}
