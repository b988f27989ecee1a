// The template of a `schema_transform`: a JSON map whose texts and keys may hold placeholders. Each text is a template of its
// own, so quotes and line ends in braces and values are what they are.

import { findOwn, setOwn } from '../../own-keys.ts';
import type { ColumnType } from '../../plan.ts';
import {
  fitsInt64,
  isValueList,
  isValueObject,
  parseJson,
  type Value,
  type ValueObject,
} from '../../values.ts';

/** A text of it, where it stands, and whether it is the key that stands there. */
export interface TemplateText {
  readonly path: readonly (string | number)[];
  readonly text: string;
  readonly isKey: boolean;
}

/** Whether a text has anything in it that a template does not print as it stands. */
export function hasPlaceholder(text: string): boolean {
  return /\{[{%#]/.test(text);
}

/** All texts with placeholders. */
export function textsOf(template: Value, path: TemplateText['path'] = []): readonly TemplateText[] {
  if (typeof template === 'string')
    return hasPlaceholder(template) ? [{ path, text: template, isKey: false }] : [];
  if (isValueList(template)) return template.flatMap((item, index) => textsOf(item, [...path, index]));
  if (!isValueObject(template)) return [];
  return Object.entries(template).flatMap(([key, item]) => {
    const place = [...path, key];
    const own = hasPlaceholder(key) ? [{ path: place, text: key, isKey: true }] : [];
    return [...own, ...textsOf(item, place)];
  });
}

/** The columns of the records: one schema, whatever the rows hold. */
export function columnsOfTemplate(
  template: ValueObject,
): readonly { readonly name: string; readonly type: ColumnType }[] {
  return Object.entries(template).map(([name, value]) => ({ name, type: settled(typeOf(value)) }));
}

/** Null, which is of any type. */
const ANY = { kind: 'any' } as const;
type TemplateType =
  | Exclude<ColumnType, { readonly kind: 'list' | 'struct' }>
  | typeof ANY
  | { readonly kind: 'list'; readonly item: TemplateType }
  | {
      readonly kind: 'struct';
      readonly fields: readonly { readonly name: string; readonly type: TemplateType }[];
    };

/** What has a placeholder in it is text; all else is what it is. */
function typeOf(value: Value): TemplateType {
  if (value === null) return ANY;
  if (typeof value === 'string') return { kind: 'text' };
  if (typeof value === 'boolean') return { kind: 'bool' };
  if (typeof value === 'number') return { kind: 'float' };
  if (typeof value === 'bigint') return { kind: fitsInt64(value) ? 'int' : 'json' };
  if (isValueList(value)) return { kind: 'list', item: value.map(typeOf).reduce(unified, ANY) };
  const keys = Object.keys(value);
  if (keys.length === 0 || keys.some(hasPlaceholder)) return { kind: 'json' };
  return {
    kind: 'struct',
    fields: Object.entries(value).map(([name, item]) => ({ name, type: typeOf(item) })),
  };
}

/** The type that both fit: fields that one of two structs lacks are null there; what has none in common is JSON text. */
function unified(left: TemplateType, right: TemplateType): TemplateType {
  if (left.kind === 'any') return right;
  if (right.kind === 'any') return left;
  if (left.kind === 'list' && right.kind === 'list')
    return { kind: 'list', item: unified(left.item, right.item) };
  if (left.kind === 'struct' && right.kind === 'struct') {
    const fields = new Map(left.fields.map((field) => [field.name, field.type]));
    for (const { name, type } of right.fields) {
      const known = fields.get(name);
      fields.set(name, known === undefined ? type : unified(known, type));
    }
    return { kind: 'struct', fields: [...fields].map(([name, type]) => ({ name, type })) };
  }
  if (left.kind === right.kind) return left;
  const kinds = [left.kind, right.kind];
  return kinds.includes('int') && kinds.includes('float') ? { kind: 'float' } : { kind: 'json' };
}

function settled(type: TemplateType): ColumnType {
  switch (type.kind) {
    case 'any':
      return { kind: 'text' };
    case 'list':
      return { kind: 'list', item: settled(type.item) };
    case 'struct':
      return {
        kind: 'struct',
        fields: type.fields.map(({ name, type: field }) => ({ name, type: settled(field) })),
      };
    default:
      return type;
  }
}

/**
 * A record as the template has it, for JSON: the items of a list have no fields but their own, and a text that is nothing but
 * the placeholder of a list or an object is that again. In the files, which have one type, it is not so.
 */
export function asTemplate(
  template: Value,
  record: Value,
  typeOfColumn: (name: string) => ColumnType | undefined,
): Value {
  if (typeof template === 'string') {
    const name = /^\{\{\s*(\w+)\s*\}\}$/.exec(template)?.[1];
    const kind = name === undefined ? undefined : typeOfColumn(name)?.kind;
    return typeof record === 'string' && (kind === 'list' || kind === 'struct') ? parseJson(record) : record;
  }
  if (isValueList(template) && isValueList(record))
    return template.map((item, index) => asTemplate(item, record[index] ?? null, typeOfColumn));
  if (!isValueObject(template) || !isValueObject(record)) return record;
  // Keys with placeholders are others in each record.
  if (Object.keys(template).some(hasPlaceholder)) return record;
  const own: { [key: string]: Value } = {};
  for (const [key, item] of Object.entries(template))
    setOwn(own, key, asTemplate(item, findOwn(record, key) ?? null, typeOfColumn));
  return own;
}
