// A row as a person reads it.

import { findOwn } from '../../own-keys.ts';
import { plural } from '../../plural.ts';
import { formatJson, isValueList, isValueObject, type Value } from '../../values.ts';
import { formatDuration, formatTokens } from '../format.ts';
import type { ColumnView, RowView } from '../look.ts';
import type { Paint } from './paint.ts';
import { clip, widthOf, wrap } from './text.ts';

/** Names that are longer stand on a line of their own. */
const MAX_NAME_WIDTH = 24;
const MIN_VALUE_WIDTH = 20;
const DIGEST_DIGITS = 8;

interface RowTextOptions {
  readonly width: number;
  readonly paint: Paint;
}

/** The whole row: every value, what made it, and why it is not in the output. */
export function describeRow(view: RowView, { width, paint }: RowTextOptions): string[] {
  const indent = indentOf(view);
  const valueWidth = Math.max(MIN_VALUE_WIDTH, width - indent);
  const lines = [...headOf(view, { width, paint }), ''];
  for (const column of view.columns) {
    const value = findOwn(view.values, column.name);
    const texts = value === undefined ? [] : describeCell(value, column, valueWidth);
    const notes = notesOf(column, view).flatMap((note) => wrap(note, valueWidth));
    const isFailed = column.cell?.status === 'failed';
    const painted = [...texts, ...notes.map(isFailed ? paint.alarm : paint.quiet)];
    lines.push(...beside(column.name, painted, { indent, paint }));
  }
  return lines;
}

/** The row with one line a value. */
export function outlineRow(view: RowView, { width, paint }: RowTextOptions): string[] {
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

function headOf({ dataset, row, state, drop }: RowView, { width, paint }: RowTextOptions): string[] {
  const head = paint.strong(`${dataset} · row ${row} · ${state}`);
  if (drop === null) return [head];
  const why = `not in the output: column "${drop.column}" failed (${drop.kind}): ${drop.message}`;
  return [head, ...wrap(why, width).map(paint.alarm)];
}

function indentOf({ columns }: RowView): number {
  const widths = columns.map(({ name }) => widthOf(name)).filter((width) => width <= MAX_NAME_WIDTH);
  return Math.max(0, ...widths) + 2;
}

/** A name, and beside it lines that start at `indent`. */
function beside(
  name: string,
  lines: readonly string[],
  { indent, paint }: { readonly indent: number; readonly paint: Paint },
): string[] {
  const head = clip(name, Number.MAX_SAFE_INTEGER);
  const isLong = widthOf(head) > MAX_NAME_WIDTH;
  const [first = '', ...rest] = isLong ? ['', ...lines] : lines;
  const space = ' '.repeat(Math.max(0, indent - widthOf(head)));
  return [
    `${paint.strong(head)}${first === '' ? '' : space + first}`,
    ...rest.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)),
  ];
}

function describeCell(value: Value, { kind }: ColumnView, width: number): string[] {
  if (kind !== 'llm-judge' || !isValueObject(value)) return describeValue(value, width);
  return Object.entries(value).flatMap(([name, score]) =>
    isValueObject(score) && typeof score.score === 'string'
      ? hanging(`${name}: ${score.score} · ${textOf(score.reasoning ?? null)}`, width)
      : describeMember(name, score, width),
  );
}

/** A value as lines: text wrapped, objects and lists as an outline. */
function describeValue(value: Value, width: number): string[] {
  if (isValueList(value) && value.length > 0) {
    return value.flatMap((item) => {
      const [first = '', ...rest] = describeValue(item, Math.max(MIN_VALUE_WIDTH, width - 2));
      return [`- ${first}`.trimEnd(), ...rest.map((line) => `  ${line}`)];
    });
  }
  if (isValueObject(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([name, item]) => describeMember(name, item, width));
  }
  return wrap(textOf(value), width);
}

function describeMember(name: string, value: Value, width: number): string[] {
  const isNested = (isValueList(value) && value.length > 0) || (isValueObject(value) && isFilled(value));
  if (!isNested) return hanging(`${name}: ${textOf(value)}`, width);
  const inner = describeValue(value, Math.max(MIN_VALUE_WIDTH, width - 2));
  return [...hanging(`${name}:`, width), ...inner.map((line) => `  ${line}`)];
}

function isFilled(value: object): boolean {
  return Object.keys(value).length > 0;
}

/** Wrapped text whose later lines are indented. */
function hanging(text: string, width: number): string[] {
  const inner = Math.max(MIN_VALUE_WIDTH, width - 2);
  return wrap(text, inner).map((line, index) => (index === 0 ? line : `  ${line}`));
}

/** Text as it is, anything else as JSON, and no text as `""`, which can be seen. */
function textOf(value: Value): string {
  return typeof value === 'string' && value !== '' ? value : formatJson(value);
}

function notesOf({ name, isDropped, model, cell }: ColumnView, { values, state }: RowView): string[] {
  const notes: string[] = [];
  if (cell?.status === 'failed') {
    notes.push(`failed: ${cell.error?.message ?? 'no reason is known'}`);
    if (cell.raw !== null) notes.push(`last answer: ${cell.raw}`);
  } else if (findOwn(values, name) === undefined) {
    notes.push(state === 'dropped' ? 'not made' : 'not made yet');
  }
  if (cell !== null && model !== null) {
    const sum = { prompt: 0, completion: 0, ms: 0 };
    for (const { promptTokens, completionTokens, ms } of cell.calls) {
      sum.prompt += promptTokens;
      sum.completion += completionTokens;
      sum.ms += ms;
    }
    notes.push(
      [
        cell.host === null ? model : `${model} at ${cell.host}`,
        `${formatTokens(sum.prompt)} tokens in, ${formatTokens(sum.completion)} out`,
        `${plural(cell.calls.length, 'call')}, ${formatDuration(sum.ms)}`,
        cell.in.slice(0, DIGEST_DIGITS),
      ].join(' · '),
    );
  }
  if (isDropped) notes.push('dropped column: not in parquet-files/');
  return notes;
}
