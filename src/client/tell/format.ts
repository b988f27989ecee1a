// Numbers, times and failures as people read them.

import { DROPPED_BY_PROCESSOR } from '../../errors.ts';
import type { Spent } from '../../models/prices.ts';
import type { FailureGroup } from '../../store/failures.ts';
import type { Drop } from '../../store/groups.ts';
import { formatDollars } from '../../text/dollars.ts';
import { formatCount, plural } from '../../text/plural.ts';

/** `81k`, `1.2M`, `940`. */
export function formatTokens(tokens: number): string {
  if (tokens >= 1_000_000) return `${(tokens / 1_000_000).toFixed(1)}M`;
  if (tokens >= 10_000) return `${Math.round(tokens / 1_000)}k`;
  if (tokens >= 1_000) return `${(tokens / 1_000).toFixed(1)}k`;
  return String(tokens);
}

/** `3.1 s`, `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** `2026-11-04 10:11`, in the time zone of the reader. */
export function formatTime(ms: number): string {
  const date = new Date(ms);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `13 columns (4 from seeds, 1 dropped)`: all that a dataset has, seed columns and dropped ones too. */
export function formatColumns(columns: readonly { readonly kind: string; readonly drop: boolean }[]): string {
  const seeds = columns.filter(({ kind }) => kind === 'seed-dataset').length;
  const dropped = columns.filter(({ drop }) => drop).length;
  const parts = partsOf(seeds > 0 && `${seeds} from seeds`, dropped > 0 && `${dropped} dropped`);
  return `${plural(columns.length, 'column')}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

/** A line as the CLI says it: what it is about, then the text. */
export function line(label: string, text: string): string {
  return `${label.padEnd(9)} ${text}`;
}

/** The same for several texts, of which the first one is labelled. */
export function lines(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => line(index === 0 ? label : '', text));
}

type Part = string | false | null;

/** What there is to say; empty parts are left out. */
export function partsOf(...parts: readonly Part[]): string[] {
  return parts.filter((part): part is string => typeof part === 'string' && part !== '');
}

/** The same side by side. */
export function joinParts(...parts: readonly Part[]): string {
  return partsOf(...parts).join(' · ');
}

/** `$0.42`; empty where nothing was paid or no price is known. */
export function describeSpent({ dollars, unpriced }: Spent): string {
  if (dollars === 0) return '';
  const without = unpriced.length === 0 ? '' : ` without ${unpriced.join(', ')}, whose price is not known`;
  return `${formatDollars(dollars)}${without}`;
}

export function describeTokens(sum: {
  readonly promptTokens: number;
  readonly completionTokens: number;
}): string {
  return `${formatTokens(sum.promptTokens)} tokens in, ${formatTokens(sum.completionTokens)} out`;
}

/** `12 × column "rating": The answer is empty (row 3 is one)`. The message may be long and hold anything. */
export function describeFailureGroup({ column, count, example }: FailureGroup<Drop>): string {
  const which = count === 1 ? `row ${example.row}` : `row ${example.row} is one`;
  return `${formatCount(count)} × ${describeDrop(column, example)} (${which})`;
}

/** `column "rating": The answer is empty`; of a row that a processor drops no column is at fault. */
export function describeDrop(column: string, { kind, message }: Pick<Drop, 'kind' | 'message'>): string {
  return kind === DROPPED_BY_PROCESSOR ? message : `column "${column}": ${message}`;
}
