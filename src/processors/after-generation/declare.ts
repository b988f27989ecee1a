// `after_generation`: a function of the user's that is given all finished rows as they stand, one after the other, and yields
// those that are to be in the output.

import type { PlanProcessor } from '../../plan.ts';
import { declareMaking, type MakingForm } from '../making-function.ts';

export type AfterGeneration = PlanProcessor<'after_generation', MakingForm>;

export const declare = declareMaking('after_generation', { stage: 'afterGeneration' });
