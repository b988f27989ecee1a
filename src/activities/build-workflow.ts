// The workflow of a build as the process that makes its calls talks to it.

import { type Client, QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import { type BuildRef, type Control, datasetWorkflowId, QUERY, UPDATE } from '../protocol.ts';
import type { BuildWorkflow } from './process.ts';

/** The workflows of builds on a Temporal server. */
export function temporalWorkflows({ workflow }: Pick<Client, 'workflow'>): (ref: BuildRef) => BuildWorkflow {
  return (ref) => {
    const handle = workflow.getHandle(datasetWorkflowId(ref));
    return {
      async askControl() {
        try {
          return await handle.query<Control>(QUERY.control);
        } catch (error) {
          if (error instanceof QueryRejectedError || error instanceof WorkflowNotFoundError) return null;
          throw error;
        }
      },
      stop: (reason) => handle.executeUpdate(UPDATE.stop, { args: [reason] }),
    };
  };
}
