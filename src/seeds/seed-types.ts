// The types of seed columns, from all their cells.
//
//   T1. CSV cells are text: a column is bool, int or float if every cell that is not empty is written as one. Whole
//       numbers have no leading zero, so `007` stays text.
//   T2. Whole numbers among floats become floats if a float holds each of them exactly.
//   T3. Where cells of several kinds meet, nothing is lost: a CSV column stays text, a JSON one becomes JSON text. Whole
//       numbers that do not fit into 64 bits are a kind of their own: no type of a file holds them.
//   T4. NaN and infinities are null in every format. In a CSV file they are words, unless all other cells are numbers.

import type { ColumnType } from '../plan.ts';
import { asFloat, fitsInt64, isValueList, isValueObject, type Value } from '../values.ts';
import type { SimpleKind } from './cell-bytes.ts';

const WHOLE = /^(?:-?[1-9]\d*|0)$/;
const FLOAT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const BOOLEAN = /^(?:true|false)$/i;
const NOT_FINITE = /^[+-]?(?:nan|inf(?:inity)?)$/i;
/** An object with more fields than this over all rows is a free map; so is one with a field that few libraries can read. */
const MAX_STRUCT_FIELDS = 100;

/** Of whole numbers: `int` is one that a float holds too, `huge` ones do not fit into 64 bits. */
type Kind =
  | 'bool'
  | 'int'
  | 'largeInt'
  | 'hugeInt'
  | 'hugeLargeInt'
  | 'float'
  | 'notFinite'
  | 'text'
  | 'list'
  | 'struct'
  | 'json';

/** What has been seen of one column, list or field. */
export class TypeObserver {
  readonly #kinds = new Set<Kind>();
  #item: TypeObserver | null = null;
  readonly #fields = new Map<string, TypeObserver>();
  #notFinite = 0;

  /** Takes a cell. `isPlain`: it is plain JSON, in which a whole number was written whole. */
  observe(value: Value, of: { readonly isPlain: boolean }): void {
    if (value === null) return;
    if (isValueList(value)) {
      this.#kinds.add('list');
      this.#item ??= new TypeObserver();
      for (const item of value) this.#item.observe(item, of);
    } else if (isValueObject(value)) {
      this.#kinds.add('struct');
      for (const [name, field] of Object.entries(value)) this.#fieldOf(name).observe(field, of);
    } else {
      this.#kinds.add(of.isPlain && Number.isInteger(value) ? 'int' : kindOf(value));
    }
  }

  /** Takes the text of a CSV cell. */
  observeText(text: string): void {
    if (this.isText) return;
    const isNotFinite = NOT_FINITE.test(text);
    if (isNotFinite) this.#notFinite += 1;
    this.#kinds.add(isNotFinite ? 'notFinite' : kindOf(valueOfText(text)));
  }

  /** Takes a CSV cell of which the kind is all that matters. */
  observeKind(kind: SimpleKind): void {
    this.#kinds.add(kind);
  }

  /** Nothing makes such a column of a CSV file another than text (T1). */
  get isText(): boolean {
    return this.#kinds.has('text');
  }

  /** How many of the cells in a CSV file stand for no value (T4). */
  get emptyTexts(): number {
    return this.typeOf('text').kind === 'text' ? 0 : this.#notFinite;
  }

  /** Takes a column of a format that has a schema. */
  observeType(type: ColumnType): void {
    this.#kinds.add(type.kind);
    if (type.kind === 'list') {
      this.#item ??= new TypeObserver();
      this.#item.observeType(type.item);
    } else if (type.kind === 'struct') {
      for (const field of type.fields) this.#fieldOf(field.name).observeType(field.type);
    }
  }

  /** The type that holds all that was seen; text if that was nothing. `mixed` is where several kinds meet. */
  typeOf(mixed: 'text' | 'json'): ColumnType {
    const [kind, ...others] = this.#kinds;
    if (kind === undefined) return { kind: 'text' };
    if (others.length > 0) {
      if (this.#isOnly('int', 'largeInt', 'notFinite')) return { kind: 'int' };
      const isFloat = this.#kinds.has('float') && this.#isOnly('int', 'hugeInt', 'float', 'notFinite');
      return { kind: isFloat ? 'float' : mixed };
    }
    switch (kind) {
      case 'largeInt':
        return { kind: 'int' };
      case 'hugeInt':
      case 'hugeLargeInt':
      case 'notFinite':
        return { kind: mixed };
      case 'list':
        return { kind, item: this.#item!.typeOf(mixed) };
      case 'struct': {
        if (this.#fields.size === 0 || this.#fields.size > MAX_STRUCT_FIELDS || this.#fields.has('__proto__'))
          return { kind: 'json' };
        const fields = [...this.#fields].map(([name, field]) => ({ name, type: field.typeOf(mixed) }));
        return { kind, fields };
      }
      default:
        return { kind };
    }
  }

  #isOnly(...kinds: readonly Kind[]): boolean {
    return [...this.#kinds].every((kind) => kinds.includes(kind));
  }

  #fieldOf(name: string): TypeObserver {
    let field = this.#fields.get(name);
    if (field === undefined) {
      field = new TypeObserver();
      // One more than the limit tells a free map; its other keys need no memory.
      if (this.#fields.size <= MAX_STRUCT_FIELDS) this.#fields.set(name, field);
    }
    return field;
  }
}

function kindOf(value: boolean | bigint | number | string): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint': {
      const float = Number(value);
      const isFloat = Number.isFinite(float) && BigInt(float) === value;
      if (fitsInt64(value)) return isFloat ? 'int' : 'largeInt';
      return isFloat ? 'hugeInt' : 'hugeLargeInt';
    }
    case 'number':
      return 'float';
    default:
      return 'text';
  }
}

/** What a CSV cell is written as. */
function valueOfText(text: string): boolean | bigint | number | string {
  if (BOOLEAN.test(text)) return text.toLowerCase() === 'true';
  if (WHOLE.test(text)) return BigInt(text);
  return FLOAT.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A CSV cell as its column's type has it. */
export function cellOfText(text: string | null, type: ColumnType): Value {
  if (text === null) return null;
  if (type.kind === 'text') return text;
  return NOT_FINITE.test(text) ? null : asFloats(valueOfText(text), type);
}

/** A value with whole numbers made floats where its type has floats (T2). */
export function asFloats(value: Value, type: ColumnType): Value {
  if (type.kind === 'float') return typeof value === 'bigint' ? asFloat(value) : value;
  if (type.kind === 'list' && isValueList(value)) return value.map((item) => asFloats(item, type.item));
  if (type.kind !== 'struct' || !isValueObject(value)) return value;
  const types = new Map(type.fields.map((field) => [field.name, field.type]));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      asFloats(field, types.get(name) ?? { kind: 'json' }),
    ]),
  );
}
