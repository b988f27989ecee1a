// Opens sampler columns: rows of them are pure functions of seed and row.

import { CellError } from '../../errors.ts';
import type { RowRange } from '../../graph/types.ts';
import { setOwn } from '../../own-keys.ts';
import type { Value } from '../../values.ts';
import type { RootValues } from '../maker.ts';
import { type Made, makeSampler, type SampleCell, type SamplersOptions } from './column-sampler.ts';
import type { SamplerColumn } from './form.ts';

export interface Samplers {
  /** Reads what the values of these rows are taken from, and makes rows then. */
  ready(rows: RowRange): Promise<(row: number) => RootValues>;
  /** Makes any row at once; null where something has to be read first. */
  readonly makeRow: ((row: number) => RootValues) | null;
}

/** Parses parameters and conditions once. Each column stands after those that it needs. */
export function openSamplers(columns: readonly SamplerColumn[], options: SamplersOptions): Samplers {
  const samplers = columns.map((column) => makeSampler(column, options));
  const atOnce = samplers.flatMap(({ column, sample }) =>
    sample === null ? [] : [[column.name, sample] as const],
  );
  return {
    makeRow: atOnce.length < samplers.length ? null : (row) => makeRow(atOnce, row),
    async ready(rows) {
      const cells: (readonly [string, SampleCell])[] = [];
      for (const { column, ready } of samplers) cells.push([column.name, await ready(rows)]);
      return (row) => makeRow(cells, row);
    },
  };
}

function makeRow(cells: readonly (readonly [string, SampleCell])[], row: number): RootValues {
  const made: Made = { drawn: {}, seen: {} };
  const values: { [column: string]: Value } = {};
  for (const [column, sample] of cells) {
    try {
      setOwn(values, column, sample(row, made));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      return { values, failure: { column, error } };
    }
  }
  return { values, failure: null };
}
