import { CellError } from '../errors.ts';
import { wrong } from '../modules/user-values.ts';
import type { ColumnType } from '../plan.ts';
import { fitToSchema } from '../schemas/schema-fit.ts';
import { misfitOf } from '../store/parquet-values.ts';
import type { Value } from '../values.ts';

/** A value that a function made as its column has it. Throws `CellError` for one that does not obey schema or type. */
export function typedValue(
  value: Value,
  {
    column,
    type,
    schema,
  }: { readonly column: string; readonly type: ColumnType; readonly schema?: Value | undefined },
): Value {
  const typed = schema === undefined || value === null ? value : fitted(value, schema, column);
  const misfit = misfitOf(typed, type);
  if (misfit !== undefined) throw wrong(`cannot be kept as "${column}": ${misfit}`);
  return typed;
}

function fitted(value: Value, schema: Value, column: string): Value {
  try {
    return fitToSchema(value, schema);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    throw wrong(
      `is no "${column}": ${error.message.replace(/^The answer does not obey/, 'it does not obey')}`,
    );
  }
}
