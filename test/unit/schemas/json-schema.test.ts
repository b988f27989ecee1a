import { describe, expect, it } from 'vitest';
import { typeOfSchema } from '../../../src/schemas/json-schema.ts';
import { fromPlain } from '../../../src/values.ts';

const TEXT = { kind: 'text' };
const JSON_TEXT = { kind: 'json' };
const typeOf = (schema: unknown) => typeOfSchema(fromPlain(schema));

describe('the type of a JSON Schema', () => {
  it.each([
    [{ type: 'string' }, TEXT],
    [{ type: 'integer' }, { kind: 'int' }],
    [{ type: 'number' }, { kind: 'float' }],
    [{ type: 'boolean' }, { kind: 'bool' }],
    [{ type: ['string', 'null'] }, TEXT],
    [{ type: ['integer', 'number'] }, { kind: 'float' }],
    [{ type: ['string', 'integer'] }, JSON_TEXT],
    [{ enum: ['a', 'b', null] }, TEXT],
    [{ enum: [1, 2] }, { kind: 'int' }],
    [{ enum: [1, 2.5] }, { kind: 'float' }],
    [{ enum: ['a', 1] }, JSON_TEXT],
    [{ const: true }, { kind: 'bool' }],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, TEXT],
    [{ anyOf: [{ type: 'string' }, { type: 'integer' }] }, JSON_TEXT],
    [{ anyOf: [{ type: 'number' }, { type: 'string', pattern: '^\\d*\\.?\\d{0,2}$' }] }, { kind: 'float' }],
    [{ allOf: [{ type: 'string' }] }, TEXT],
    [
      { type: 'array', items: { type: 'string' } },
      { kind: 'list', item: TEXT },
    ],
    [{ type: 'array' }, JSON_TEXT],
    [{ type: 'array', prefixItems: [{ type: 'string' }], items: false }, JSON_TEXT],
    [{}, JSON_TEXT],
    [{ type: 'object' }, JSON_TEXT],
    [{ type: 'object', additionalProperties: { type: 'string' } }, JSON_TEXT],
    [{ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: true }, JSON_TEXT],
    [
      { type: 'object', properties: { b: { type: 'string' }, a: {} }, additionalProperties: false },
      {
        kind: 'struct',
        fields: [
          { name: 'b', type: TEXT },
          { name: 'a', type: JSON_TEXT },
        ],
      },
    ],
    [
      { properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: { type: 'integer' } } },
      { kind: 'struct', fields: [{ name: 'a', type: { kind: 'int' } }] },
    ],
  ])('%j', (schema, type) => {
    expect(typeOf(schema)).toEqual(type);
  });

  it('is JSON text where it recurs', () => {
    const tree = {
      $ref: '#/$defs/Tree',
      $defs: {
        Tree: {
          type: 'object',
          properties: { name: { type: 'string' }, below: { type: 'array', items: { $ref: '#/$defs/Tree' } } },
        },
      },
    };
    expect(typeOf(tree)).toEqual({
      kind: 'struct',
      fields: [
        { name: 'name', type: TEXT },
        { name: 'below', type: { kind: 'list', item: JSON_TEXT } },
      ],
    });
    expect(typeOf({ type: 'object', properties: { self: { $ref: '#' } } })).toEqual({
      kind: 'struct',
      fields: [{ name: 'self', type: JSON_TEXT }],
    });
  });
});
