// What a simulated model says: a pure function of model and messages, and of the schema when there is one.
// Used by the simulated client in the process and by the mock server over HTTP, so both give the same dataset.

import { createHash } from 'node:crypto';
import { findOwn } from '../../../own-keys.ts';
import { patternOf } from '../../../schemas/dialect.ts';
import { findReference } from '../../../schemas/pointers.ts';
import type { ToolCall } from '../../../turns.ts';
import { formatJson, isValueList, isValueObject, type Value, type ValueObject } from '../../../values.ts';
import type { ToolDefinition } from '../../model-client.ts';

export type Draw = () => number;

/** What it looks at of a message. */
interface Said {
  readonly role: string;
  readonly content: string;
}

/** The answer to one request: two to four sentences, a block of code where one is asked for, or JSON that obeys `schema`. */
export function simulateAnswer(request: {
  readonly model: string;
  readonly messages: readonly Said[];
  readonly schema: Value | null;
}): string {
  const { model, messages, schema } = request;
  const draw = streamOf(JSON.stringify([model, messages.map(({ role, content }) => [role, content])]));
  const topics = topicsOf(messages);
  if (schema !== null) return formatJson(simulateValue(schema, { draw, topics, root: schema, depth: 0 }));
  const language = languageOf(messages);
  return language === null
    ? simulateText(draw, topics)
    : simulateCode(language, simulateSentence(draw, topics));
}

/** The first of its tools is called once, before it answers. */
export function simulateToolCalls(request: {
  readonly model: string;
  readonly messages: readonly Said[];
  readonly tools?: readonly Pick<ToolDefinition, 'name' | 'parameters'>[];
}): readonly ToolCall[] {
  const { model, messages, tools: [tool] = [] } = request;
  if (tool === undefined || messages.some(({ role }) => role === 'tool')) return [];
  const args = simulateAnswer({ model, messages, schema: tool.parameters });
  return [{ id: 'call_0', name: tool.name, args }];
}

/** The label of the block that Rowloom's own words below a prompt ask for. */
function languageOf(messages: readonly Said[]): string | null {
  const prompt = messages.find(({ role }) => role === 'user')?.content ?? '';
  return /in one fenced block labelled `(\w+)`, and with nothing else\.$/.exec(prompt)?.[1] ?? null;
}

/** One statement: SQL, or an assignment, which most other languages read. */
function simulateCode(language: string, sentence: string): string {
  const code = language === 'sql' ? `SELECT '${sentence}' AS answer;` : `answer="${sentence}"`;
  return `\`\`\`${language}\n${code}\n\`\`\``;
}

/** Numbers in a vector where a request names no `dimensions`. */
export const SIMULATED_DIMENSIONS = 64;

/** The vector of one text: of length 1, as most models make them. */
export function simulateVector(of: {
  readonly model: string;
  readonly input: string;
  readonly dimensions: number;
}): readonly number[] {
  const draw = streamOf(JSON.stringify(['vector', of.model, of.input]));
  const numbers = Array.from({ length: of.dimensions }, () => draw() - 0.5);
  const length = Math.hypot(...numbers);
  return numbers.map((number) => number / length);
}

/** Four characters a token: the rule of thumb for English. */
export function simulateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Numbers in [0, 1) that depend on `key` alone (sfc32, seeded with SHA-256). */
export function streamOf(key: string): Draw {
  const seed = createHash('sha256').update(key).digest();
  let a = seed.readInt32LE(0);
  let b = seed.readInt32LE(4);
  let c = seed.readInt32LE(8);
  let counter = seed.readInt32LE(12);
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** A lognormal latency with this median whose 99th percentile is `jitter` times the median. */
export function drawLatencyMs(medianMs: number, jitter: number, draw: Draw): number {
  if (jitter <= 1) return medianMs;
  const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  return medianMs * Math.exp((Math.log(jitter) / NORMAL_P99) * normal);
}
const NORMAL_P99 = 2.3263;

const SUBJECTS =
  'The first draft|A careful reader|Most of the team|The customer|One small change|The whole matter|Everyone involved|A short note|The latest report|Nobody in the room|The usual approach|An honest account|The original plan|A second look|The record so far|Every example'.split(
    '|',
  );
const VERBS =
  'points to|depends on|begins with|says little about|comes back to|makes sense of|leaves room for|stands on|asks about|explains|turns around|builds on|starts from|takes care of|adds to|holds up against'.split(
    '|',
  );
const QUALITIES =
  'plain|early|patient|recent|practical|quiet|familiar|precise|unusual|steady|common|recurring|modest|detailed|hidden|careful'.split(
    '|',
  );
const THINGS =
  'question|pattern|answer|detail|decision|problem|result|habit|reason|trade-off|signal|request|example|promise|limit|mistake'.split(
    '|',
  );
const ENDINGS =
  'without much delay|in nearly every case|after a closer look|for the time being|as far as one can tell|with good reason|more often than not|to nobody’s surprise|on the second attempt|before the week is over|at a fair price|in plain words|when it matters most|despite the noise|by the end of the day|from start to finish'.split(
    '|',
  );

function simulateText(draw: Draw, topics: readonly string[]): string {
  const count = 2 + Math.floor(draw() * 3);
  return Array.from({ length: count }, () => simulateSentence(draw, topics)).join(' ');
}

function simulateSentence(draw: Draw, topics: readonly string[]): string {
  const topic = topics.length > 0 && draw() < 0.7 ? `${pick(topics, draw)} ` : '';
  return `${pick(SUBJECTS, draw)} ${pick(VERBS, draw)} the ${pick(QUALITIES, draw)} ${topic}${pick(THINGS, draw)} ${pick(ENDINGS, draw)}.`;
}

const MAX_TOPICS = 24;

/** The longer words of the first thing the user says: the answer then looks as if it were about it. */
function topicsOf(messages: readonly Said[]): readonly string[] {
  const text = messages.find(({ role }) => role === 'user')?.content ?? '';
  const words = text.slice(0, 1_000).match(/\b\p{L}{5,14}\b/gu) ?? [];
  return [...new Set(words.map((word) => word.toLowerCase()))].slice(0, MAX_TOPICS);
}

function pick<Item>(items: readonly Item[], draw: Draw): Item {
  return items[Math.floor(draw() * items.length)]!;
}

interface Place {
  readonly draw: Draw;
  readonly topics: readonly string[];
  readonly root: Value;
  readonly depth: number;
}

/** Past this depth optional properties and list items are left out, so that a recursive schema ends. */
const MAX_DEPTH = 6;

function simulateValue(schema: Value | undefined, place: Place): Value {
  if (!isValueObject(schema)) return simulateSentence(place.draw, place.topics);
  if (schema.const !== undefined) return schema.const;
  if (isValueList(schema.enum) && schema.enum.length > 0) return pick(schema.enum, place.draw);
  const flat = flatten(schema, place.root);
  if (flat !== schema) return simulateValue(flat, place);
  switch (typeOf(schema)) {
    case 'object':
      return simulateObject(schema, place);
    case 'array':
      return simulateList(schema, place);
    case 'integer':
    case 'number':
      return simulateNumber(schema, place.draw);
    case 'boolean':
      return place.draw() < 0.5;
    case 'null':
      return null;
    default:
      return simulateString(schema, place);
  }
}

/** The schema with its reference followed, its first branch taken, its conjunction joined; itself when it has none. */
function flatten(schema: ValueObject, root: Value): ValueObject {
  const { $ref, anyOf, oneOf, allOf, ...rest } = schema;
  if (typeof $ref === 'string') return { ...(findReference(root, $ref) as ValueObject | undefined), ...rest };
  const branches = isValueList(anyOf) ? anyOf : isValueList(oneOf) ? oneOf : null;
  if (branches !== null) return join([rest, branches[0] ?? {}], root);
  if (isValueList(allOf)) return join([rest, ...allOf], root);
  return schema;
}

function join(parts: readonly Value[], root: Value): ValueObject {
  const schemas = parts.filter(isValueObject).map((part) => flatten(part, root));
  const properties = Object.assign({}, ...schemas.map((part) => part.properties ?? {}));
  const required = schemas.flatMap((part) => (isValueList(part.required) ? part.required : []));
  return {
    ...Object.assign({}, ...schemas),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

function typeOf(schema: ValueObject): Value {
  const { type } = schema;
  if (isValueList(type)) return type.find((name) => name !== 'null') ?? 'null';
  if (type !== undefined) return type;
  if (schema.properties !== undefined || schema.required !== undefined) return 'object';
  return schema.items !== undefined || schema.prefixItems !== undefined ? 'array' : 'string';
}

function simulateObject(schema: ValueObject, place: Place): Value {
  const properties = isValueObject(schema.properties) ? schema.properties : {};
  const required = isValueList(schema.required) ? schema.required : [];
  const names = [...new Set([...Object.keys(properties), ...required.map(String)])];
  const wanted = place.depth < MAX_DEPTH ? names : names.filter((name) => required.includes(name));
  const inner = { ...place, depth: place.depth + 1 };
  return Object.fromEntries(
    wanted.map((name) => [name, simulateValue(findOwn(properties, name) ?? {}, inner)]),
  );
}

function simulateList(schema: ValueObject, place: Place): Value {
  const least = numberOr(schema.minItems, place.depth < MAX_DEPTH ? 1 : 0);
  const most = Math.max(least, Math.min(numberOr(schema.maxItems, least + 2), least + 2));
  const count = least + Math.floor(place.draw() * (most - least + 1));
  const inner = { ...place, depth: place.depth + 1 };
  const firsts = isValueList(schema.prefixItems) ? schema.prefixItems : [];
  const items: Value[] = firsts.map((item) => simulateValue(item, inner));
  // A small enum may hold fewer distinct items than are wanted: bounded, not endless.
  for (let tries = 0; items.length < count && tries < count * 20; tries += 1) {
    const item = simulateValue(schema.items ?? {}, inner);
    if (schema.uniqueItems !== true || !items.some((other) => formatJson(other) === formatJson(item)))
      items.push(item);
  }
  return items;
}

function simulateNumber(schema: ValueObject, draw: Draw): Value {
  const isInteger = typeOf(schema) === 'integer';
  const step = numberOr(schema.multipleOf, isInteger ? 1 : 0.01);
  const above = schema.exclusiveMinimum === undefined ? null : numberOr(schema.exclusiveMinimum, 0);
  const below = schema.exclusiveMaximum === undefined ? null : numberOr(schema.exclusiveMaximum, 0);
  const top = Math.min(numberOr(schema.maximum, Number.POSITIVE_INFINITY), below ?? Number.POSITIVE_INFINITY);
  const bottom = Math.max(
    numberOr(schema.minimum, Number.isFinite(top) ? Math.min(0, top - 100 * step) : 0),
    above ?? Number.NEGATIVE_INFINITY,
  );
  let first = Math.ceil(bottom / step);
  let last = Math.floor((Number.isFinite(top) ? top : bottom + 100) / step);
  if (above !== null && first * step <= above) first += 1;
  if (below !== null && last * step >= below) last -= 1;
  const value = (first + Math.floor(draw() * (last - first + 1))) * step;
  if (isInteger) return BigInt(Math.round(value));
  // An interval narrower than the step holds no multiple of it.
  return last >= first ? Number(value.toFixed(10)) : (bottom + Math.min(top, bottom + 1)) / 2;
}

function numberOr(value: Value | undefined, otherwise: number): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : otherwise;
}

const FORMATS: Readonly<Record<string, (draw: Draw) => string>> = {
  date: (draw) => isoTime(draw).slice(0, 10),
  time: (draw) => isoTime(draw).slice(11),
  'date-time': isoTime,
  email: (draw) => `${pick(THINGS, draw)}.${Math.floor(draw() * 10_000)}@example.com`,
  uri: (draw) => `https://example.com/${pick(THINGS, draw)}/${Math.floor(draw() * 10_000)}`,
  uuid: (draw) =>
    'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replaceAll('x', () => Math.floor(draw() * 16).toString(16)),
};

function isoTime(draw: Draw): string {
  const year2020Ms = Date.UTC(2020, 0);
  return new Date(year2020Ms + Math.floor(draw() * 1.5e8) * 1_000).toISOString().replace('.000', '');
}

function simulateString(schema: ValueObject, { draw, topics }: Place): string {
  const format = typeof schema.format === 'string' ? findOwn(FORMATS, schema.format) : undefined;
  if (format !== undefined) return format(draw);
  const most = numberOr(schema.maxLength, Number.POSITIVE_INFINITY);
  const sentence =
    most < 60 ? `${pick(QUALITIES, draw)} ${pick(THINGS, draw)}` : simulateSentence(draw, topics);
  const text = sentence.padEnd(numberOr(schema.minLength, 0), ` ${sentence}`).slice(0, most);
  return typeof schema.pattern === 'string' ? matching(schema.pattern, text, draw) : text;
}

/** A text that matches `pattern`, if one of a few usual shapes does; else `text`, which breaks the schema. */
function matching(pattern: string, text: string, draw: Draw): string {
  const digits = String(10_000_000 + Math.floor(draw() * 89_999_999));
  const letters = pick(THINGS, draw).replace('-', '');
  const shapes = [text, letters, letters.toUpperCase(), digits, `${letters}-${digits}`, `+${digits}`];
  const cut = shapes.flatMap((shape) => [
    shape,
    ...[1, 2, 3, 4, 5, 6].map((length) => shape.slice(0, length)),
  ]);
  const coded = cut.concat(
    [1, 2, 3, 4].map((length) => `${letters.slice(0, length).toUpperCase()}-${digits}`),
  );
  const regex = patternOf(pattern);
  return coded.find((shape) => regex.test(shape)) ?? text;
}
