// A value as a person reads it.

import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { plural } from '../../text/plural.ts';
import type { PictureFile } from '../../turns.ts';
import { formatJson, isValueList, isValueObject, type Value, type ValueObject } from '../../values.ts';
import { formatBytes } from '../tell/format.ts';
import { printable, wrap } from './text.ts';

export const MIN_VALUE_WIDTH = 20;
/** Longer lists of numbers are vectors: their first ones, and how many there are. */
const SHOWN_NUMBERS = 8;
const DIGITS = 3;

export interface ValueTextOptions {
  readonly width: number;
  /** Paints code; null where nothing is to be painted, or the value is no code. */
  readonly paintCode: ((code: string) => string) | null;
  /** The pictures that the value names. */
  readonly pictures: readonly PictureFile[];
}

/** A cell: code in its colours, pictures with their sizes, judges' scores as a table, all else as an outline. */
export function describeCell(value: Value, options: ValueTextOptions): string[] {
  const { width, paintCode, pictures } = options;
  if (pictures.length > 0)
    return pictures.flatMap(({ name, sizeBytes }) => wrap(`${name} · ${formatBytes(sizeBytes)}`, width));
  if (paintCode !== null && typeof value === 'string')
    return wrapAnsi(paintCode(printable(value)), width, { hard: true, trim: false }).split('\n');
  const scores = isValueObject(value) ? scoresIn(value) : null;
  return scores === null ? describeValue(value, width) : describeScores(scores, width);
}

interface Score {
  readonly name: string;
  readonly score: string;
  readonly reasoning: string;
}

/** Null for what a judge did not say. */
function scoresIn(value: ValueObject): readonly Score[] | null {
  const scores = Object.entries(value).flatMap(([name, judged]): readonly Score[] =>
    isValueObject(judged) && typeof judged.score === 'string'
      ? [{ name, score: judged.score, reasoning: textOf(judged.reasoning ?? null) }]
      : [],
  );
  return scores.length > 0 && scores.length === Object.keys(value).length ? scores : null;
}

/** A row each: name, score, reason. */
function describeScores(scores: readonly Score[], width: number): string[] {
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => stringWidth(text)));
  const [names, marks] = [widest(scores.map(({ name }) => name)), widest(scores.map(({ score }) => score))];
  const room = width - names - marks - 4;
  if (room < MIN_VALUE_WIDTH)
    return scores.flatMap(({ name, score, reasoning }) => hanging(`${name}: ${score} · ${reasoning}`, width));
  const pad = (text: string, to: number) => text + ' '.repeat(to - stringWidth(text));
  return scores.flatMap(({ name, score, reasoning }) =>
    wrap(reasoning, room).map((line, index) => {
      const [left, middle] = index === 0 ? [printable(name), score] : ['', ''];
      return `${pad(left, names)}  ${pad(middle, marks)}  ${line}`.trimEnd();
    }),
  );
}

/** A value as lines: text wrapped, objects and lists as an outline, vectors by their first numbers. */
export function describeValue(value: Value, width: number): string[] {
  if (isVector(value)) return wrap(describeVector(value), width);
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
  if (isVector(value)) return hanging(`${name}: ${describeVector(value)}`, width);
  if (!isNested(value)) return hanging(`${name}: ${textOf(value)}`, width);
  const inner = describeValue(value, Math.max(MIN_VALUE_WIDTH, width - 2));
  return [...hanging(`${name}:`, width), ...inner.map((line) => `  ${line}`)];
}

function isVector(value: Value): value is readonly (number | bigint)[] {
  return (
    isValueList(value) &&
    value.length > SHOWN_NUMBERS &&
    value.every((item) => typeof item === 'number' || typeof item === 'bigint')
  );
}

function describeVector(vector: readonly (number | bigint)[]): string {
  const shown = vector.slice(0, SHOWN_NUMBERS).map((item) => Number(Number(item).toPrecision(DIGITS)));
  return `[${shown.join(', ')}, … ${plural(vector.length, 'number')}]`;
}

/** A list or an object with something in it. */
function isNested(value: Value): boolean {
  return (isValueList(value) || isValueObject(value)) && Object.keys(value).length > 0;
}

/** Wrapped text whose later lines are indented. */
export function hanging(text: string, width: number): string[] {
  const inner = Math.max(MIN_VALUE_WIDTH, width - 2);
  return wrap(text, inner).map((line, index) => (index === 0 ? line : `  ${line}`));
}

/** Text as it is, anything else as JSON, and no text as `""`, which can be seen. */
export function textOf(value: Value): string {
  return typeof value === 'string' && value !== '' ? value : formatJson(value);
}
