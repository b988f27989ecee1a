// JSON pointers, as `$ref` and errors of Ajv have them.

import { findOwn } from '../own-keys.ts';
import { isValueList, isValueObject, type Value } from '../values.ts';

/** The keys and list indexes from the top that a pointer names, as text. */
export function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What is under a key of an object or at an index of a list; undefined where nothing is. */
export function childOf(value: Value | undefined, step: string): Value | undefined {
  if (isValueList(value)) return value[Number(step)];
  return isValueObject(value) ? findOwn(value, step) : undefined;
}

/** The part of a schema that a `$ref` in it points to; undefined where there is none. */
export function findReference(root: Value, reference: string): Value | undefined {
  return stepsOf(decodeURIComponent(reference)).reduce<Value | undefined>(childOf, root);
}
