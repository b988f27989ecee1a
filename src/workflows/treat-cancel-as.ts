import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs a workflow's work so that cancelling the workflow in Temporal calls `onCancel` instead of cutting the work off:
 * whatever was paid for is still written.
 */
export function treatCancelAs<Result>(onCancel: () => void, work: () => Promise<Result>): Promise<Result> {
  CancellationScope.current().cancelRequested.catch(onCancel);
  return CancellationScope.nonCancellable(work);
}
