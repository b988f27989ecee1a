// The sampler columns of a dataset. All of a row are made together, each by draws of its own, so a row is the same
// whatever other rows are made with it.

import { breathe } from '../../breathe.ts';
import type { RootMaker, RootValues } from '../maker.ts';
import type { SamplerColumn } from './form.ts';
import { openSamplers } from './open-samplers.ts';

export const make: RootMaker<SamplerColumn> = {
  shape: 'root',
  open(columns, { plan, personaFolder }) {
    const samplers = openSamplers(columns, { seed: plan.seed, personaFolder });
    return {
      async make(range) {
        const makeRow = await samplers.ready(range);
        const rows: RootValues[] = [];
        for (let row = range.first; row <= range.last; row += 1) {
          await breathe();
          rows.push(makeRow(row));
        }
        return rows;
      },
    };
  },
};
