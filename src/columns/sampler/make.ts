// `sampler`: all of a row are drawn together.

import { createBreather } from '../../breathe.ts';
import type { RootMaker, RootValues } from '../maker.ts';
import type { SamplerColumn } from './declare.ts';
import { makeSamplers } from './samplers.ts';

export const make: RootMaker<SamplerColumn> = {
  shape: 'root',
  open(_columns, { plan }) {
    const samplers = makeSamplers(plan);
    return {
      async make({ first, last }) {
        const rows: RootValues[] = [];
        const breathe = createBreather();
        for (let row = first; row <= last; row += 1) {
          await breathe();
          rows.push(samplers.make(row));
        }
        return rows;
      },
    };
  },
};
