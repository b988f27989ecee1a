// Reading inside values: `a.b`, `a['b']`, `a[0]`, `a[1:3]`. Only own properties of cells' objects are read.

import { findOwn } from '../../own-keys.ts';
import type { Budget } from '../limits.ts';
import {
  asNumber,
  CellText,
  Cycler,
  container,
  Dict,
  describe,
  ItemView,
  idOf,
  isList,
  isMapping,
  Loop,
  type Mapping,
  misfit,
  opened,
  partOf,
  type Runtime,
  sequenceOf,
  Tuple,
  Undefined,
} from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { isAstral } from './python-text.ts';

/** `object.name`; `undefined` when there is no such field. Throws below an undefined value. */
export function readAttribute(given: Runtime, name: string, budget: Budget): Runtime | undefined {
  const object = container(given);
  if (object instanceof Undefined) throw below(object, name);
  if (object instanceof Loop) return object.field(name);
  if (object instanceof Cycler && name === 'current') return object.current;
  if (object instanceof Tuple) return object.field(name);
  return isMapping(object) ? findKey(object, name, budget) : undefined;
}

/** `object[key]`; `undefined` when there is no such item. Throws below an undefined value. */
export function readItem(given: Runtime, key: Runtime, budget: Budget): Runtime | undefined {
  const object = container(given);
  if (object instanceof Undefined)
    throw below(object, typeof key === 'string' || typeof key === 'bigint' ? String(key) : 'item');
  if (isMapping(object))
    return typeof key === 'object' && isUnhashable(key) ? undefined : findKey(object, key, budget);
  if (object instanceof Loop) return typeof key === 'string' ? object.field(key) : undefined;
  const index = asNumber(key);
  if (typeof index !== 'bigint') return undefined;
  if (typeof object === 'string') {
    const character = characterAt(object, index, budget);
    return character === undefined ? undefined : partOf(given, character);
  }
  const items = sequenceOf(object);
  return items === null ? undefined : items[positionOf(index, items.length)];
}

function isUnhashable(key: Runtime): boolean {
  return isList(key) || isMapping(key) || key instanceof ItemView;
}

function below(object: Undefined, name: string): Error {
  return renderError(`Cannot read "${name}": ${object.reason}`);
}

function positionOf(index: bigint, length: number): number {
  return Number(index < 0n ? index + BigInt(length) : index);
}

function characterAt(text: string, index: bigint, budget: Budget): string | undefined {
  if (!isAstral(budget.read(text))) return text[positionOf(index, text.length)];
  budget.spend(text.length);
  const characters = [...text];
  return characters[positionOf(index, characters.length)];
}

export interface Slice {
  readonly start: Runtime;
  readonly stop: Runtime;
  readonly step: Runtime;
}

/** `object[start:stop:step]`; a bound that is not written is `null`. */
export function readSlice(given: Runtime, slice: Slice, budget: Budget): Runtime {
  const object = container(given);
  if (object instanceof Undefined) throw below(object, 'slice');
  if (typeof object === 'string') {
    budget.read(object);
    const isPlain = !isAstral(object);
    if (isPlain && slice.step === null) {
      const { start, stop } = boundsOf(slice, object.length);
      return partOf(given, object.slice(start, Math.max(start, stop)));
    }
    budget.spend(object.length);
    return partOf(given, cut([...object], slice).join(''));
  }
  const items = sequenceOf(object);
  if (items === null) throw renderError(`Cannot slice ${describe(object)}: it has no order`);
  budget.spend(items.length);
  return isList(object) ? cut(items, slice) : new Tuple(cut(items, slice));
}

function cut<Item>(items: readonly Item[], slice: Slice): readonly Item[] {
  const { start, stop, step } = boundsOf(slice, items.length);
  const taken: Item[] = [];
  if (step > 0) for (let index = start; index < stop; index += step) taken.push(items[index]!);
  else for (let index = start; index > stop; index += step) taken.push(items[index]!);
  return taken;
}

/** Python's rule: what lies outside is cut to the ends, negative counts from the end. */
function boundsOf(
  { start, stop, step }: Slice,
  length: number,
): { start: number; stop: number; step: number } {
  const by = boundOf(step) ?? 1;
  if (by === 0) throw renderError('Cannot slice: the step is zero');
  const [least, most] = by > 0 ? [0, length] : [-1, length - 1];
  const place = (bound: number | null, fallback: number): number =>
    bound === null ? fallback : Math.min(most, Math.max(least, bound < 0 ? bound + length : bound));
  return by > 0
    ? { start: place(boundOf(start), 0), stop: place(boundOf(stop), length), step: by }
    : { start: place(boundOf(start), length - 1), stop: place(boundOf(stop), -1), step: by };
}

function boundOf(value: Runtime): number | null {
  if (opened(value) === null) return null;
  const number = asNumber(value);
  if (typeof number !== 'bigint') {
    throw misfit(value, (kind) => `Cannot slice by ${kind}: a whole number is needed`);
  }
  // Large enough to be cut, small enough to add to.
  return Number(number > 0x7fffffffn ? 0x7fffffffn : number < -0x7fffffffn ? -0x7fffffffn : number);
}

/** The value under a key. Throws for a key that no dict can have. */
export function findKey(mapping: Mapping, key: Runtime, budget: Budget): Runtime | undefined {
  if (key instanceof CellText) {
    const acting = opened(key);
    const found = findKey(mapping, key.text, budget);
    return found === undefined && typeof acting !== 'object' ? findKey(mapping, acting, budget) : found;
  }
  if (mapping instanceof Dict) return mapping.find(key, budget);
  if (typeof key === 'string') return findOwn(mapping, key);
  // Refuses a key that no dict can have.
  idOf(key, budget);
  return undefined;
}
