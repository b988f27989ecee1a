import { styleText } from 'node:util';
import type { Screen } from './context.ts';

export interface Paint {
  /** Names, headers. */
  strong(text: string): string;
  /** What stands beside the data. */
  quiet(text: string): string;
  /** What went wrong. */
  alarm(text: string): string;
}

/** Colours where a person reads and wants them, else the text as it is. */
export function paintFor(screen: Screen | null): Paint {
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    screen?.hasColors === true && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return { strong: style('bold'), quiet: style('dim'), alarm: style('red') };
}
