import { isValueList, isValueObject, type Value, type ValueObject } from '../values.ts';

/** Keywords that hold schemas by name, in a list, or one. */
const NAMED = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'];
const LISTED = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const SINGLE = ['items', 'contains', 'additionalProperties', 'if', 'then', 'else'];

/** A schema that takes no properties but those it names, wherever it names some and says nothing of others. */
export function closedSchema(schema: ValueObject): ValueObject {
  const closed = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]): [string, Value] => {
      if (NAMED.includes(keyword) && isValueObject(value))
        return [
          keyword,
          Object.fromEntries(Object.entries(value).map(([name, part]) => [name, close(part)])),
        ];
      if (LISTED.includes(keyword) && isValueList(value)) return [keyword, value.map(close)];
      return [keyword, SINGLE.includes(keyword) ? close(value) : value];
    }),
  );
  const isOpen = isValueObject(schema.properties) && schema.additionalProperties === undefined;
  return isOpen ? { ...closed, additionalProperties: false } : closed;
}

function close(schema: Value): Value {
  return isValueObject(schema) ? closedSchema(schema) : schema;
}
