// A row as a person reads it.

import stringWidth from 'string-width';
import { DROPPED_BY_PROCESSOR } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import { picturesIn } from '../../turns.ts';
import type { ValueObject } from '../../values.ts';
import type { RowView } from '../look/row-view.ts';
import { describePrompt, notesOf } from './making-text.ts';
import type { Highlight, Paint } from './paint.ts';
import { clip, wrap } from './text.ts';
import { describeCell, describeValue, MIN_VALUE_WIDTH, textOf } from './value-text.ts';

/** Names that are longer stand on a line of their own. */
const MAX_NAME_WIDTH = 24;

interface OutlineOptions {
  readonly width: number;
  readonly paint: Paint;
}

interface RowTextOptions extends OutlineOptions {
  /** In place of the row's name. */
  readonly title?: string;
  /** Beside the values: all that made them, the prompts that they answer, or nothing. What went wrong is always told. */
  readonly shows: 'making' | 'prompts' | 'values';
  /** Paints code in a language; null where nothing is painted. */
  readonly highlight: Highlight | null;
}

/** The whole row: every value, what is to be shown beside it, and why it is not in the output. */
export function describeRow(view: RowView, options: RowTextOptions): string[] {
  const { width, paint, shows, highlight } = options;
  const indent = indentOf(view);
  const valueWidth = Math.max(MIN_VALUE_WIDTH, width - indent);
  const lines = [...headOf(view, options), ''];
  for (const column of view.columns) {
    const { name, language, cell, prompt } = column;
    const value = findOwn(view.values, name);
    const texts =
      value === undefined
        ? []
        : describeCell(value, {
            width: valueWidth,
            paintCode: language === null || highlight === null ? null : (code) => highlight(code, language),
            pictures: picturesIn(cell?.turns ?? []),
          });
    const prompts = shows === 'prompts' && prompt !== null ? describePrompt(prompt, valueWidth) : [];
    const notes = notesOf(column, view, { width: valueWidth, isShort: shows !== 'making' });
    const below = [...notes.failed.map(paint.alarm), ...notes.made.map(paint.quiet)];
    lines.push(...beside(name, [...prompts.map(paint.quiet), ...texts, ...below], { indent, paint }));
  }
  return lines;
}

/** A row that is only values. */
export function describeValues(
  values: ValueObject,
  { width, paint, title }: OutlineOptions & { readonly title: string },
): string[] {
  const indent = indentOf({ columns: Object.keys(values).map((name) => ({ name })) });
  const valueWidth = Math.max(MIN_VALUE_WIDTH, width - indent);
  const lines = Object.entries(values).flatMap(([name, value]) =>
    beside(name, describeValue(value, valueWidth), { indent, paint }),
  );
  return [paint.strong(title), '', ...lines];
}

/** What processors make of a row for files of their own. */
export function describeProcessed(
  processed: ValueObject,
  view: RowView,
  { width, paint }: OutlineOptions,
): string[] {
  const indent = indentOf(view);
  const valueWidth = Math.max(MIN_VALUE_WIDTH, width - indent);
  return Object.entries(processed).flatMap(([name, value]) => {
    const note = paint.quiet(`made by the processor ${name}, for a file of its own`);
    return beside(name, [...describeValue(value, valueWidth), note], { indent, paint });
  });
}

/** The row with one line a value. */
export function outlineRow(view: RowView, { width, paint }: OutlineOptions): string[] {
  const indent = indentOf(view);
  const lines = headOf(view, { width, paint });
  for (const { name } of view.columns) {
    const value = findOwn(view.values, name);
    if (value === undefined) continue;
    const painted = [clip(textOf(value), Math.max(MIN_VALUE_WIDTH, width - indent))];
    lines.push(...beside(name, painted, { indent, paint }));
  }
  return lines;
}

function headOf(
  { dataset, row, state, drop }: RowView,
  { width, paint, title }: OutlineOptions & Pick<RowTextOptions, 'title'>,
): string[] {
  const stands = state === 'open' ? 'not finished' : state;
  const head = paint.strong(title ?? `${dataset} · row ${row} · ${stands}`);
  if (drop === null) return [head];
  const isTakenOut = drop.kind === DROPPED_BY_PROCESSOR;
  const why = `not in the output: ${isTakenOut ? drop.message : `column "${drop.column}" failed: ${drop.message}`}`;
  return [head, ...wrap(why, width).map(paint.alarm)];
}

function indentOf({ columns }: { readonly columns: readonly { readonly name: string }[] }): number {
  const widths = columns.map(({ name }) => stringWidth(name)).filter((width) => width <= MAX_NAME_WIDTH);
  return Math.max(0, ...widths) + 2;
}

/** A name, and beside it lines that start at `indent`. */
function beside(
  name: string,
  lines: readonly string[],
  { indent, paint }: { readonly indent: number; readonly paint: Paint },
): string[] {
  const head = clip(name, Number.MAX_SAFE_INTEGER);
  const isLong = stringWidth(head) > MAX_NAME_WIDTH;
  const [first = '', ...rest] = isLong ? ['', ...lines] : lines;
  const space = ' '.repeat(Math.max(0, indent - stringWidth(head)));
  return [
    `${paint.strong(head)}${first === '' ? '' : space + first}`,
    ...rest.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)),
  ];
}
