// A row as a person reads it.

import stringWidth from 'string-width';
import { nameOfMedia } from '../../columns/media/media-of.ts';
import { DROPPED_BY_PROCESSOR } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import type { CellRecord } from '../../store/records.ts';
import { plural } from '../../text/plural.ts';
import { lastAnswer, type ModelTurn, type Turn } from '../../turns.ts';
import { formatJson, isValueList, isValueObject, parseJson, type Value } from '../../values.ts';
import type { ColumnView, RowView } from '../look/row-view.ts';
import { describeTokens, formatDuration, joinParts, partsOf } from '../tell/format.ts';
import type { Paint } from './paint.ts';
import { clip, wrap } from './text.ts';

/** Names that are longer stand on a line of their own. */
const MAX_NAME_WIDTH = 24;
const MIN_VALUE_WIDTH = 20;
/** Of an answer that was not used. */
const MAX_ANSWER_WIDTH = 200;

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
    const texts = value === undefined ? [] : describeCell(value, valueWidth);
    const notes = notesOf(column, view, valueWidth);
    const painted = [...texts, ...notes.failed.map(paint.alarm), ...notes.made.map(paint.quiet)];
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
  const head = paint.strong(`${dataset} · row ${row} · ${state === 'open' ? 'not finished' : state}`);
  if (drop === null) return [head];
  const isTakenOut = drop.kind === DROPPED_BY_PROCESSOR;
  const why = `not in the output: ${isTakenOut ? drop.message : `column "${drop.column}" failed: ${drop.message}`}`;
  return [head, ...wrap(why, width).map(paint.alarm)];
}

function indentOf({ columns }: RowView): number {
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

/** Scores with their reasons take a line each. */
function describeCell(value: Value, width: number): string[] {
  if (!isValueObject(value) || Object.keys(value).length === 0) return describeValue(value, width);
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
  if (!isNested(value)) return hanging(`${name}: ${textOf(value)}`, width);
  const inner = describeValue(value, Math.max(MIN_VALUE_WIDTH, width - 2));
  return [...hanging(`${name}:`, width), ...inner.map((line) => `  ${line}`)];
}

/** A list or an object with something in it. */
function isNested(value: Value): boolean {
  return (isValueList(value) || isValueObject(value)) && Object.keys(value).length > 0;
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

interface Notes {
  readonly failed: readonly string[];
  readonly made: readonly string[];
}

function notesOf(column: ColumnView, { values, state, drop }: RowView, width: number): Notes {
  const { name, madeWith, isSkipped, isDropped, source, model, cell, tries } = column;
  const failure =
    cell?.status === 'failed'
      ? cell.error
      : drop?.column === name && drop.kind !== DROPPED_BY_PROCESSOR
        ? drop
        : null;
  const isMissing = failure === null && !Object.hasOwn(values, name);
  // A column that was skipped later may have a cell from before.
  const isMade = cell !== null && model !== null && !isSkipped;
  const made = partsOf(
    isMissing && (state === 'dropped' ? 'not made' : 'not made yet'),
    isSkipped ? 'skipped: not made in this row' : madeWith === null ? source : `made with ${madeWith}`,
    isMade && describeCalls(cell, model, tries),
    isDropped && 'column with drop: true, not in parquet-files/',
  ).flatMap((note) => wrap(note, width));
  return {
    failed: failure === null ? [] : wrap(`failed: ${failure.message}`, width),
    made: isMade ? [...made, ...describeMaking(column, cell, width)] : made,
  };
}

function describeCalls({ host }: CellRecord, model: string, tries: readonly CellRecord[]): string {
  const calls = tries.flatMap((record) => record.calls);
  const sum = (field: 'promptTokens' | 'completionTokens' | 'ms') =>
    calls.reduce((total, call) => total + call[field], 0);
  return joinParts(
    host === null ? model : `${model} at ${host}`,
    describeTokens({ promptTokens: sum('promptTokens'), completionTokens: sum('completionTokens') }),
    `${plural(calls.length, 'call')}, ${formatDuration(sum('ms'))}`,
  );
}

/** What was sent, what came back where the value is something else, and every try if there were several. */
function describeMaking({ prompt, reasoning, tries }: ColumnView, cell: CellRecord, width: number): string[] {
  const { turns, status, value } = cell;
  const answer = lastAnswer(turns)?.text ?? null;
  const inner = Math.max(MIN_VALUE_WIDTH, width - 2);
  const block = (title: string, lines: readonly string[]) => [
    `${title}:`,
    ...lines.map((line) => (line === '' ? '' : `  ${line}`)),
  ];
  const lines: string[] = [];
  const isFunction = turns.some(({ by }) => by === 'inner');
  if (isFunction) lines.push('asked by its function:');
  else if (prompt === null) {
    lines.push(...wrap('prompt: not known any more, its column or its row has changed since', width));
  } else {
    for (const message of prompt.messages) {
      if (message.role === 'user')
        lines.push(...(message.media ?? []).map((medium) => `shown: ${clip(nameOfMedia(medium), inner)}`));
      const title = message.role === 'system' ? 'system prompt' : 'prompt';
      lines.push(...block(title, wrap(message.content, inner)));
    }
    const parameters = Object.entries(prompt.parameters).map(([name, item]) => `${name} ${textOf(item)}`);
    if (parameters.length > 0) lines.push(...wrap(`sent with ${parameters.join(', ')}`, width));
  }
  if (reasoning !== null) lines.push(...block('reasoning', wrap(reasoning, inner)));
  if (answer !== null && status === 'failed')
    lines.push(...block('last answer', wrap(textOf(answer), inner)));
  else if (answer !== null && !isSaid(value, answer)) lines.push(...block('answer', wrap(answer, inner)));
  if (isFunction) return [...lines, ...turns.flatMap((turn) => describeAsked(turn, inner))];
  const told = [...turnsAlone(cell, tries).map(describeTurn), ...tries.map(describeTry)];
  if (told.length > 1) {
    lines.push(
      ...block(
        'tries',
        told.flatMap(({ what, answer }, index) => [
          ...hanging(`${index + 1}. ${what}`, inner),
          ...(answer === null ? [] : hanging(`  answer: ${clip(textOf(answer), MAX_ANSWER_WIDTH)}`, inner)),
        ]),
      ),
    );
  }
  return lines;
}

/** An answer that a function had from a model. */
function describeAsked(turn: Turn, width: number): readonly string[] {
  return turn.by === 'inner' ? hanging(`- ${clip(textOf(turn.turn.text), MAX_ANSWER_WIDTH)}`, width) : [];
}

/** The turns before the cell's last whose own lines are gone: the cell alone tells of them. */
function turnsAlone({ turns }: CellRecord, tries: readonly CellRecord[]): readonly ModelTurn[] {
  const corrected = tries.filter(({ status }) => status === 'call');
  const recorded = new Set(corrected.map((record) => lastAnswer(record.turns)?.text));
  const answers = turns.filter((turn) => turn.by === 'model');
  return answers.slice(0, -1).filter(({ text }) => !recorded.has(text));
}

interface Told {
  readonly what: string;
  /** One that was not used. */
  readonly answer: string | null;
}

function describeTurn({ text, problem = '' }: ModelTurn): Told {
  return { what: `answered · ${problem}, asked to correct it`, answer: text };
}

function describeTry({ calls, error, status, turns }: CellRecord): Told {
  const [call] = calls;
  const turn = lastAnswer(turns);
  const answered = call === undefined ? 'no call' : call.status === 0 ? 'no answer' : `status ${call.status}`;
  const isPaid = call !== undefined && call.promptTokens + call.completionTokens > 0;
  const time = call !== undefined && formatDuration(call.ms);
  const end = status === 'call' ? `${turn?.problem}, asked to correct it` : (error?.message ?? 'used');
  return {
    what: joinParts(answered, isPaid && describeTokens(call), time, end),
    answer: status === 'ok' ? null : (turn?.text ?? null),
  };
}

/** Whether the answer's text says no more than the value. */
function isSaid(value: Value, answer: string): boolean {
  if (typeof value === 'string') return answer.trim() === value;
  try {
    return formatJson(parseJson(answer)) === formatJson(value);
  } catch {
    return false;
  }
}
