// What a recording of Data Designer and a build here differ in, in words. Columns that it draws at random are compared by what
// they hold: which values, of which shape, and their mean and spread.

import { isDeepStrictEqual } from 'node:util';
import type { ColumnType } from '../../src/plan.ts';
import type { BuiltDocument } from './conformance-build.ts';
import { type AskedModel, textOf } from './conformance-model.ts';

/** A file of `conformance/recordings/`. */
export interface Recording {
  readonly rows: number;
  readonly violations?: readonly {
    readonly column: string | null;
    readonly type: string;
    readonly level: 'error' | 'warning';
  }[];
  /** Where Data Designer gave up: it has no cells then. */
  readonly stopped?: { readonly at: 'load' | 'validate' | 'run'; readonly messages: readonly string[] };
  readonly columns?: readonly { readonly name: string; readonly type: unknown }[];
  readonly cells?: { readonly [column: string]: readonly unknown[] };
  readonly requests?: readonly AskedModel[];
  /** Of a document that is built in row groups. */
  readonly files?: readonly {
    readonly rows: number;
    readonly types: { readonly [column: string]: unknown };
    readonly dropped: readonly string[];
  }[];
  readonly processed?: { readonly [name: string]: readonly unknown[] };
  /** Columns whose cells differ from run to run. */
  readonly random: readonly string[];
}

/** Share of the draws from which on a value has to occur on both sides. */
const OFTEN = 0.05;
/** The same of fields of objects, of which there are few. */
const OFTEN_IN_FIELDS = 0.25;
/** Standard errors by which two means may differ; of some hundred draws chance alone makes no more. */
const MAX_ERRORS = 5;

export function differencesOf(
  recording: Recording,
  { built, asked }: { readonly built: BuiltDocument; readonly asked: readonly AskedModel[] },
): readonly string[] {
  const { columns = [], cells = {}, random } = recording;
  const differences: string[] = [];
  const compare = (what: string, there: unknown, here: unknown) => {
    if (!isDeepStrictEqual(there, here))
      differences.push(`${what}: ${JSON.stringify(there)} there, ${JSON.stringify(here)} here`);
  };
  // Data Designer orders columns as it happens to make them.
  compare('columns', columns.map(({ name }) => name).sort(), built.columns.map(({ name }) => name).sort());
  for (const { name, type } of columns) {
    const own = built.columns.find((column) => column.name === name);
    const here = built.cells[name] ?? [];
    if (own === undefined) continue;
    // An empty column has no type there.
    if (!hasNull(type)) compare(`type of ${name}`, type, typeName(own.type));
    if (random.includes(name)) compare(`draws of ${name}`, [], unlike(cells[name]!, here));
    else compare(`cells of ${name}`, cells[name], here);
  }
  if (random.length === 0) compare('requests', requestsOf(recording.requests ?? []), requestsOf(asked));
  const { files = [] } = recording;
  for (const { name, type } of files.length === 0 ? [] : built.columns) {
    const there = files.map(({ types }) => types[name]);
    compare(`type of ${name} in each file`, there, Array(files.length).fill(typeName(type)));
  }
  for (const { dropped } of files.slice(0, 1))
    compare('columns kept of those dropped', dropped, built.dropped);
  compare('processed', recording.processed ?? {}, built.processed);
  return differences;
}

function hasNull(type: unknown): boolean {
  return JSON.stringify(type).includes('"null"');
}

/** As `record.py` names types. */
function typeName(type: ColumnType): unknown {
  if (type.kind === 'list') return [typeName(type.item)];
  if (type.kind !== 'struct') return type.kind;
  // Arrow sorts the fields of structs that it infers.
  return Object.fromEntries(type.fields.map((field) => [field.name, typeName(field.type)]));
}

/**
 * Requests in an order of their own. Of kinds whose prompts have instructions, which are each side's own, what stands in
 * `«…»` counts; else every character.
 */
function requestsOf(requests: readonly AskedModel[]): readonly unknown[] {
  const shown = requests.map(({ messages = [], response_format: _, stream: __, ...fields }) => {
    const own = messages.some(({ content }) => /«.*»/s.test(textOf(content)));
    const texts = messages.map(({ role, content, ...more }) => {
      const beside = Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(inOrder(more))}`;
      return `${role}: ${shownIn(content)}${beside}`;
    });
    return { ...fields, messages: own ? /«.*»/s.exec(texts.join('\n'))![0] : texts };
  });
  return shown.toSorted((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
}

function inOrder(fields: object): object {
  return Object.fromEntries(Object.entries(fields).sort());
}

/** With pictures, sounds and videos, in the order in which they stand. */
function shownIn(content: unknown): string {
  if (typeof content === 'string') return content;
  return (content as readonly { readonly type: string; readonly text?: string }[])
    .map((block) => (block.type === 'text' ? block.text : JSON.stringify(block)))
    .join('\n');
}

function sortKey({ messages, input, prompt, data }: Partial<Record<string, unknown>>): string {
  return JSON.stringify([messages, input, prompt, data]);
}

/** Why two lists of draws cannot be of one distribution. */
function unlike(there: readonly unknown[], here: readonly unknown[], often = OFTEN): readonly string[] {
  const lists = [there, here] as const;
  const [some] = there;
  if (isMap(some) && lists.every((values) => values.every(isMap))) {
    const names = lists.map((values) => [...new Set((values as object[]).flatMap(Object.keys))].join());
    if (names[0] !== names[1]) return [`${names[0]} there, ${names[1]} here`];
    return Object.keys(some).flatMap((name) => {
      const [one, other] = lists.map((values) => (values as Fields[]).map((fields) => fields[name]));
      return unlike(one!, other!, OFTEN_IN_FIELDS).map((reason) => `${name}: ${reason}`);
    });
  }
  const shapes = [there.map(shapeOf), here.map(shapeOf)] as const;
  const reasons = [...unlikeShares(lists, often), ...unlikeShares(shapes, often)];
  if (!lists.every((values) => values.every((value) => typeof value === 'number'))) return reasons;
  const [one, other] = [momentsOf(there as number[]), momentsOf(here as number[])];
  const error = Math.sqrt(one.variance / there.length + other.variance / here.length);
  if (Math.abs(one.mean - other.mean) > MAX_ERRORS * error)
    reasons.push(`mean ${one.mean} there, ${other.mean} here`);
  const ratio = one.variance / other.variance;
  if (ratio < 0.5 || ratio > 2) reasons.push(`variance ${one.variance} there, ${other.variance} here`);
  return reasons;
}

interface Fields {
  readonly [name: string]: unknown;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values whose share differs by more than chance. */
function unlikeShares(
  [there, here]: readonly [readonly unknown[], readonly unknown[]],
  often: number,
): string[] {
  const shares = [there, here].map((values) => {
    const counts = new Map<string, number>();
    for (const value of values) {
      const text = JSON.stringify(value);
      counts.set(text, (counts.get(text) ?? 0) + 1 / values.length);
    }
    return counts;
  }) as [Map<string, number>, Map<string, number>];
  const frequent = new Set(
    shares.flatMap((counts) => [...counts].filter(([, share]) => share >= often)).map(([value]) => value),
  );
  return [...frequent].flatMap((value) => {
    const [one, other] = shares.map((counts) => counts.get(value) ?? 0) as [number, number];
    const variance = (one * (1 - one)) / there.length + (other * (1 - other)) / here.length;
    const isLike =
      one > 0 && other > 0 && Math.abs(one - other) <= MAX_ERRORS * Math.sqrt(Math.max(0, variance)) + 1e-9;
    return isLike ? [] : [`share of ${value}: ${one} there, ${other} here`];
  });
}

/** `T-9a` of texts, `decimals` of numbers. */
function shapeOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : decimalsOf(value);
  if (typeof value !== 'string') return typeof value;
  // A hexadecimal digit may be a letter or a digit.
  return value.replace(/[0-9a-f]/g, '9').replace(/[A-F]/g, '9');
}

function decimalsOf(value: number): string {
  return /^-?\d+\.\d{1,3}$/.test(String(value)) ? 'number' : 'long number';
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

function momentsOf(values: readonly number[]): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}
