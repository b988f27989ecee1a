import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ConductorLimits } from '../graph/types.ts';
import {
  type BuildProgress,
  type Control,
  type LimitChanges,
  type PassOn,
  type Phase,
  QUERY,
  type RowGroupProgress,
  SIGNAL,
  UPDATE,
} from '../protocol.ts';

/** Ends the build: no new calls, complete rows are written. The reason is what people read. */
export const stopUpdate = defineUpdate<void, [reason: string]>(UPDATE.stop);
/** No new calls until `unpause`. Changes nothing once the build stops. */
export const pauseUpdate = defineUpdate<void, []>(UPDATE.pause);
export const unpauseUpdate = defineUpdate<void, []>(UPDATE.unpause);
/**
 * Changes `max_parallel_requests` by alias; refused for an alias that the build does not use and for less than 1. Workers
 * follow within a second; the window and what open groups keep ready follow at once, the size of slices with the next
 * groups.
 */
export const setLimitsUpdate = defineUpdate<void, [LimitChanges]>(UPDATE.setLimits);

/** From the parent to its children. */
export const phaseSignal = defineSignal<[Phase]>(SIGNAL.phase);
export const maxCellsSignal = defineSignal<[ConductorLimits['maxCells']]>(SIGNAL.maxCells);

/** From a child to its parent. */
export const passOnSignal = defineSignal<[PassOn]>(SIGNAL.passOn);

export const progressQuery = defineQuery<BuildProgress>(QUERY.progress);
export const rowGroupProgressQuery = defineQuery<RowGroupProgress>(QUERY.progress);
export const controlQuery = defineQuery<Control>(QUERY.control);
