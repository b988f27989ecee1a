// `after_batch`: a function of the user's that is given the rows of a group when they are written, and returns them with
// changed values and added columns.

import type { PlanProcessor } from '../../plan.ts';
import { declareMaking, type MakingForm } from '../making-function.ts';

export type AfterBatch = PlanProcessor<'after_batch', MakingForm>;

export const declare = declareMaking('after_batch', { needsBatch: true });
