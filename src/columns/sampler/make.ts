// The sampler columns of a dataset. All of a row are made together, each by draws of its own, so a row is the same
// whatever other rows are made with it.

import { createBreather } from '../../breathe.ts';
import { CellError } from '../../errors.ts';
import type { RowRange } from '../../graph/types.ts';
import { setOwn } from '../../own-keys.ts';
import type { Value } from '../../values.ts';
import type { RootMaker, RootValues } from '../maker.ts';
import { type ColumnSampler, type Made, makeSampler } from './column-sampler.ts';
import type { SamplerColumn } from './declare.ts';

export const make: RootMaker<SamplerColumn> = {
  shape: 'root',
  open(columns, { plan }) {
    const samplers = openSamplers(columns, plan.seed);
    return {
      async make(range) {
        await samplers.prepare(range);
        const rows: RootValues[] = [];
        const breathe = createBreather();
        for (let row = range.first; row <= range.last; row += 1) {
          await breathe();
          rows.push(samplers.makeRow(row));
        }
        return rows;
      },
    };
  },
};

export interface Samplers {
  /** Reads what the values of these rows are taken from. */
  prepare(rows: RowRange): Promise<void>;
  makeRow(row: number): RootValues;
}

/** Parses parameters and conditions once. Each column stands after those that it needs. */
export function openSamplers(columns: readonly SamplerColumn[], seed: string): Samplers {
  const samplers = columns.map((column) => makeSampler(column, seed));
  return {
    async prepare(rows) {
      for (const sampler of samplers) await sampler.prepare(rows);
    },
    makeRow: (row) => makeRow(samplers, row),
  };
}

function makeRow(samplers: readonly ColumnSampler[], row: number): RootValues {
  const made: Made = { drawn: {}, seen: {} };
  const values: { [column: string]: Value } = {};
  for (const { column, sample } of samplers) {
    try {
      setOwn(values, column.name, sample(row, made));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      return { values, failure: { column: column.name, error } };
    }
  }
  return { values, failure: null };
}
