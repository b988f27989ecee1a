// The values that a template computes with: those of cells, and a few that exist only while it runs. Python's
// int is `bigint`, its float is `number`, its dict is a plain object (from a cell) or a `Dict` (written in the
// template, with keys of any kind). Of a plain object only own properties are ever read.

import { findOwn } from '../own-keys.ts';
import type { Budget } from './limits.ts';
import { renderError } from './syntax/template-error.ts';
import { numberInText } from './values/number-text.ts';

export type Runtime =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Runtime[]
  | { readonly [key: string]: Runtime }
  | Special;

type Special = Undefined | CellText | Tuple | Dict | ItemView | Loop | Cycler | Macro;

/** What a name or a field gives that is not there: prints nothing, is false, and refuses everything else. */
export class Undefined {
  /** What is missing, as a sentence: `"a.b" is undefined`. */
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Text of a cell: it prints as it is written, and acts as the JSON that it says. A part of one (made without `read`) is
 * text that counts as the number it is: `"3,4".split(",")[0] + 1` is 4.
 */
export class CellText {
  readonly text: string;
  readonly #read: (() => Runtime) | null;
  #says: Runtime | undefined;

  constructor(text: string, read: (() => Runtime) | null = null) {
    this.text = text;
    this.#read = read;
  }

  get isPart(): boolean {
    return this.#read === null;
  }

  get says(): Runtime {
    if (this.#says === undefined)
      this.#says = this.#read === null ? (numberInText(this.text) ?? this.text) : this.#read();
    return this.#says;
  }
}

/** Also a range and bytes, which Python prints in their own way: as `printed`. With `names` its items can be read by name. */
export class Tuple {
  readonly items: readonly Runtime[];
  readonly printed: string | null;
  readonly names: readonly string[];
  constructor(items: readonly Runtime[], printed: string | null = null, names: readonly string[] = []) {
    this.items = items;
    this.printed = printed;
    this.names = names;
  }

  field(name: string): Runtime | undefined {
    return this.items[this.names.indexOf(name)];
  }
}

/** What `macro` defines: called by its name, it gives the text that its body prints. */
export class Macro {
  readonly name: string;
  readonly call: (positional: readonly Runtime[], named: ReadonlyMap<string, Runtime>) => Runtime;
  constructor(name: string, call: Macro['call']) {
    this.name = name;
    this.call = call;
  }
}

/** What `cycler` and `joiner` give: one value after the other, again from the first or the last one for ever. */
export class Cycler {
  readonly items: readonly Runtime[];
  readonly isEndless: boolean;
  #index = 0;

  constructor(items: readonly Runtime[], isEndless: boolean) {
    this.items = items;
    this.isEndless = isEndless;
  }

  get current(): Runtime {
    return this.items[this.#index]!;
  }

  next(): Runtime {
    const { current } = this;
    const following = this.#index + 1;
    this.#index = following < this.items.length ? following : this.isEndless ? 0 : this.#index;
    return current;
  }

  reset(): null {
    this.#index = 0;
    return null;
  }
}

/** A dict written in the template. */
export class Dict {
  readonly #entries = new Map<string, readonly [Runtime, Runtime]>();

  constructor(entries: readonly (readonly [Runtime, Runtime])[], budget: Budget) {
    for (const [key, value] of entries) {
      const id = idOf(key, budget);
      this.#entries.set(id, [this.#entries.get(id)?.[0] ?? key, value]);
    }
  }

  get entries(): readonly (readonly [Runtime, Runtime])[] {
    return [...this.#entries.values()];
  }

  get size(): number {
    return this.#entries.size;
  }

  find(key: Runtime, budget: Budget): Runtime | undefined {
    return this.#entries.get(idOf(key, budget))?.[1];
  }

  /** Only what `namespace` made changes: by `set ns.name = …`. */
  set(name: string, value: Runtime, budget: Budget): void {
    this.#entries.set(idOf(name, budget), [name, value]);
  }
}

/** What `namespace` gives: its fields can be assigned. */
export class Namespace extends Dict {}

/** What a filter or a dict's method gives to loop over. Printed under `name`, or refused where Python prints an address. */
export class ItemView {
  readonly items: readonly Runtime[];
  readonly name: string | null;
  constructor(items: readonly Runtime[], name: string | null) {
    this.items = items;
    this.name = name;
  }
}

/** The variable `loop` of a running loop. */
export class Loop {
  readonly items: readonly Runtime[];
  /** 1 for a loop that is in no other one of its own. */
  readonly depth: number;
  /** Runs the loop over other items, one level further in; null where it is not recursive. */
  readonly recurse: ((items: Runtime) => Runtime) | null;
  index = 0;
  #changed: readonly Runtime[] | null = null;

  constructor(items: readonly Runtime[], depth: number, recurse: Loop['recurse']) {
    this.items = items;
    this.depth = depth;
    this.recurse = recurse;
  }

  field(name: string): Runtime | undefined {
    return findOwn(LOOP_FIELDS, name)?.(this);
  }

  cycle(values: readonly Runtime[]): Runtime {
    if (values.length === 0) throw renderError('Cannot cycle: no values to cycle through');
    return values[this.index % values.length]!;
  }

  changed(values: readonly Runtime[], areEqual: (left: Runtime, right: Runtime) => boolean): boolean {
    const isSame = this.#changed !== null && areEqual(this.#changed, values);
    this.#changed = values;
    return !isSame;
  }
}

const LOOP_FIELDS: { readonly [name: string]: (loop: Loop) => Runtime } = {
  index: ({ index }) => BigInt(index + 1),
  index0: ({ index }) => BigInt(index),
  revindex: ({ index, items }) => BigInt(items.length - index),
  revindex0: ({ index, items }) => BigInt(items.length - index - 1),
  first: ({ index }) => index === 0,
  last: ({ index, items }) => index === items.length - 1,
  length: ({ items }) => BigInt(items.length),
  depth: ({ depth }) => BigInt(depth),
  depth0: ({ depth }) => BigInt(depth - 1),
  previtem: ({ index, items }) => valueOr(items[index - 1], () => new Undefined('There is no previous item')),
  nextitem: ({ index, items }) => valueOr(items[index + 1], () => new Undefined('There is no next item')),
};

export type Mapping = Dict | { readonly [key: string]: Runtime };

export function isList(value: Runtime): value is readonly Runtime[] {
  return Array.isArray(value);
}

export function isMapping(value: Runtime): value is Mapping {
  return value instanceof Dict || isPlainObject(value);
}

function isPlainObject(value: Runtime): value is { readonly [key: string]: Runtime } {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The items of what has an order beside text: a list, a tuple, a range. Null for all else. */
export function sequenceOf(value: Runtime): readonly Runtime[] | null {
  return isList(value) ? value : value instanceof Tuple ? value.items : null;
}

/** What a value acts as: text of a cell as the number, list or other JSON that it says. */
export function opened(value: Runtime): Runtime {
  return value instanceof CellText && typeof value.says !== 'string' ? value.says : written(value);
}

/** What a value is on its own, in a test or a condition: a part is text then. */
export function alone(value: Runtime): Runtime {
  return value instanceof CellText ? (value.isPart ? value.text : value.says) : value;
}

/** What a value is as text is taken: text of a cell as it is written. */
export function written(value: Runtime): Runtime {
  return value instanceof CellText ? value.text : value;
}

/** What has items: text of a cell as the list or dict that it says, else as its characters. */
export function container(value: Runtime): Runtime {
  const acting = opened(value);
  return isList(acting) || isMapping(acting) ? acting : written(value);
}

/** Values as they meet: if one of them is text, or all are parts, text of cells is text; else it is what it says. */
export function alike(values: readonly Runtime[]): readonly Runtime[] {
  if (!values.some((value) => value instanceof CellText)) return values;
  const areTexts =
    values.some((value) => typeof opened(value) === 'string') ||
    values.every((value) => value instanceof CellText && value.isPart);
  return values.map(areTexts ? written : opened);
}

/** Text that was taken out of `whole`: a part when that is text of a cell. */
export function partOf(whole: Runtime, text: string): Runtime {
  return whole instanceof CellText ? new CellText(text) : text;
}

export function entriesOf(mapping: Mapping, budget: Budget): readonly (readonly [Runtime, Runtime])[] {
  const isDict = mapping instanceof Dict;
  // Taking an object apart is slower than visiting what was in it.
  budget.spend(3 * (isDict ? mapping.size : Object.keys(mapping).length));
  return isDict
    ? mapping.entries
    : Object.entries(mapping).map(([key, item]) => [new CellText(key), item] as const);
}

/** The number that a value is: Python counts `True` as 1. Text is no number. */
export function asNumber(given: Runtime): bigint | number | null {
  const value = opened(given);
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return typeof value === 'boolean' ? BigInt(value) : null;
}

/** Throws when a value is undefined. */
export function refuseUndefined(value: Runtime): void {
  if (value instanceof Undefined) throw renderError(`Cannot compute with a missing value: ${value.reason}`);
}

/** What is wrong with a value that an operation does not take: `say` gets its kind in words. Throws for an undefined one. */
export function misfit(value: Runtime, say: (kind: string) => string): Error {
  refuseUndefined(value);
  return renderError(say(describe(value)));
}

/** The identity of a dict's key: 1, 1.0 and true are one key, as in Python. */
export function idOf(key: Runtime, budget: Budget): string {
  if (key instanceof CellText) return idOf(key.text, budget);
  if (typeof key === 'string') return `"${budget.read(key)}`;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return key ? '1' : '0';
  if (typeof key === 'bigint') return integerText(key, budget);
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key).toString() : `${key}`;
  if (key instanceof Undefined) return 'undefined';
  if (key instanceof Tuple)
    return `(${key.items.map((item) => JSON.stringify(idOf(item, budget))).join(',')})`;
  throw renderError(`Cannot use ${describe(key)} as a key: it has no fixed value`);
}

/** The digits of a whole number. */
export function integerText(value: bigint, budget: Budget): string {
  const text = value.toString();
  // Printing a number is quadratic in its digits.
  if (text.length > 100) budget.spend(text.length);
  return text;
}

/** What a value is, in words for a message. */
export function describe(given: Runtime): string {
  const value = opened(given);
  if (value === null) return 'None';
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False';
    case 'bigint':
      return 'a whole number';
    case 'number':
      return 'a float';
    case 'string':
      return 'a text';
  }
  if (isList(value)) return 'a list';
  if (value instanceof Tuple) return 'a tuple';
  if (value instanceof Undefined) return 'an undefined value';
  if (value instanceof ItemView) return 'a view of items';
  if (value instanceof Loop) return '"loop"';
  if (value instanceof Cycler) return 'a cycler';
  if (value instanceof Macro) return 'a macro';
  return 'a dict';
}

/** The value, or what stands for a missing one. `null` is a value: Python's None. */
export function valueOr(value: Runtime | undefined, missing: () => Runtime): Runtime {
  return value === undefined ? missing() : value;
}

/** The items to loop over: of a text its characters, of a dict its keys. */
export function itemsOf(given: Runtime, budget: Budget): readonly Runtime[] {
  const value = container(given);
  if (isList(value)) return value;
  if (value instanceof Tuple || value instanceof ItemView) return value.items;
  if (value instanceof Undefined) return [];
  if (typeof value === 'string') {
    budget.spend(value.length);
    return Array.from(value, (character) => partOf(given, character));
  }
  if (isMapping(value)) return entriesOf(value, budget).map(([key]) => key);
  throw renderError(`Cannot loop over ${describe(value)}: it has no items`);
}
