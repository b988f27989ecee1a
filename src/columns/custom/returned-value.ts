// From what a function of the user's returned to the values of its columns.

import { wrong } from '../../modules/user-values.ts';
import { findOwn, setOwn } from '../../own-keys.ts';
import { isValueObject, parseJson, type Value } from '../../values.ts';
import type { Values } from '../maker.ts';
import { typedValue } from '../typed-value.ts';
import type { CustomColumn } from './declare.ts';

export interface MadeColumns {
  /** What a record keeps of what a function returned. Throws `CellError` where it is not what the column declares. */
  keep(returned: Value): Value;
  /** The column's own value in what was kept, as the plan types it today. Throws `CellError`. */
  own(kept: Value): Value;
  sides(kept: Value): Values;
}

/** A function that makes one column returns its value; one that makes several an object with all of them. */
export function openMade({ name, form, type, sideEffects }: CustomColumn): MadeColumns {
  const { makes } = form;
  const types = new Map([[name, type], ...sideEffects.map((side) => [side.name, side.type] as const)]);
  const schemas = new Map(
    makes.flatMap((made) => (made.schema === null ? [] : [[made.name, parseJson(made.schema)]])),
  );

  function part(kept: Value, column: string): Value {
    const value = makes.length === 1 ? kept : isValueObject(kept) ? findOwn(kept, column) : undefined;
    if (value === undefined) throw wrong(`has no "${column}"`);
    return typedValue(value, { column, type: types.get(column)!, schema: schemas.get(column) });
  }

  return {
    keep(returned) {
      if (makes.length === 1) {
        part(returned, name);
        return returned;
      }
      const kept: { [column: string]: Value } = {};
      for (const made of makes) {
        part(returned, made.name);
        setOwn(kept, made.name, findOwn(returned as Values, made.name) ?? null);
      }
      return kept;
    },
    own: (kept) => part(kept, name),
    sides: (kept) => {
      const sides: { [column: string]: Value } = {};
      for (const side of sideEffects) setOwn(sides, side.name, part(kept, side.name));
      return sides;
    },
  };
}
