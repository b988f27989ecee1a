// The inline columns of a row: pure functions of its other cells, made wherever they are needed and never stored.

import type { ExpressionColumn } from '../columns/expression/declare.ts';
import { makeExpression } from '../columns/expression/expression.ts';
import { orderByNeeds } from '../columns/sampler/order.ts';
import { columnDraws } from '../draws.ts';
import { CellError } from '../errors.ts';
import { setOwn } from '../own-keys.ts';
import { type Plan, redoCounterOf } from '../plan.ts';
import type { Value } from '../values.ts';
import type { RowFailure, RowValues } from './generator.ts';

export interface InlineRow {
  /** One inline column of a row that has what it needs. Throws `CellError`, and `RangeError` for another column. */
  evaluate(column: string, row: number, values: RowValues): Value;
  /** Adds every inline column whose needs are there, or can be made; stops at the first that fails. */
  complete(row: number, values: RowValues): CompletedRow;
}

interface CompletedRow {
  readonly values: RowValues;
  readonly failure: RowFailure | null;
}

/** Parses the plan's expressions once. */
export function makeInline(plan: Plan): InlineRow {
  const columns = orderByNeeds(
    plan.columns.filter((column): column is ExpressionColumn => column.kind === 'expression'),
  );
  const generators = new Map(
    columns.map((column) => [
      column.name,
      { evaluate: makeExpression(column.form), drawsAt: columnDraws([plan.seed, column.name]) },
    ]),
  );

  function evaluate(column: string, row: number, values: RowValues): Value {
    const generator = generators.get(column);
    if (generator === undefined)
      throw new RangeError(`Cannot evaluate "${column}": it is not an inline column`);
    return generator.evaluate({ values, draw: generator.drawsAt(row, redoCounterOf(plan, { column, row })) });
  }

  function complete(row: number, given: RowValues): CompletedRow {
    const values: { [column: string]: Value } = { ...given };
    for (const { name, needs } of columns) {
      if (Object.hasOwn(values, name) || !needs.every((need) => Object.hasOwn(values, need))) continue;
      try {
        setOwn(values, name, evaluate(name, row, values));
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        return { values, failure: { column: name, error } };
      }
    }
    return { values, failure: null };
  }

  return { evaluate, complete };
}
