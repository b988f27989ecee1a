// What a function or a service of the user's says of a row, as the value of a cell: `is_valid` first, then all else.

import { CellError } from '../../errors.ts';
import { closedSchema } from '../../schemas/closed-schema.ts';
import { makeSchemaCheck } from '../../schemas/schema-check.ts';
import { isValueObject, parseJson, type Value } from '../../values.ts';

/** Reads what was said of one row. It throws `CellError` `UnusableAnswer` for what is no verdict. */
export function openVerdicts(schema: string | null): (said: Value) => Value {
  const check =
    schema === null ? null : makeSchemaCheck(closedSchema(parseJson(schema) as Record<string, Value>));
  return (said) => {
    if (!isValueObject(said)) throw unusable('is no object');
    const problems = check?.({ data: [said] }, '#') ?? [];
    if (problems.length > 0) throw unusable(`does not obey the output_schema: ${problems.join('; ')}`);
    const { is_valid: word, ...rest } = said;
    if (word === undefined) throw unusable('has no is_valid');
    const isValid = truthOf(word);
    if (isValid === undefined) throw unusable('has an is_valid that is neither true nor false');
    return { is_valid: isValid, ...rest };
  };
}

function unusable(what: string): CellError {
  return new CellError('UnusableAnswer', `The verdict ${what}`);
}

const WORDS: ReadonlyMap<string, boolean> = new Map(
  Object.entries({ true: true, t: true, yes: true, y: true, on: true, 1: true }).concat(
    Object.entries({ false: false, f: false, no: false, n: false, off: false, 0: false }),
  ),
);

/** As Data Designer reads it: null stays null. `undefined` for what says nothing. */
function truthOf(word: Value): boolean | null | undefined {
  if (word === null || typeof word === 'boolean') return word;
  if (typeof word === 'bigint' || typeof word === 'number') return WORDS.get(String(word));
  return typeof word === 'string' ? WORDS.get(word.toLowerCase()) : undefined;
}
