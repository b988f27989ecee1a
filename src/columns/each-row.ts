import { CellError } from '../errors.ts';
import type { Keyed, OpenMaker, RowView } from './maker.ts';

/** The inputs of a kind that looks at each row alone. `inputOf` throws `CellError` for a row that has none. */
export function eachRow<Input>(inputOf: (row: RowView) => Keyed<Input>): OpenMaker<Input>['inputs'] {
  return (rows) =>
    rows.map((row) => {
      try {
        return inputOf(row);
      } catch (error) {
        if (error instanceof CellError) return error;
        throw error;
      }
    });
}
