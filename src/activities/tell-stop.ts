import { setTimeout as sleep } from 'node:timers/promises';
import { BuildError } from '../errors.ts';
import type { BuildWorkflow } from './process.ts';

/** A server that is started again answers within about two seconds. */
const TELL_AGAIN_MS = 500;
/** Several times what a server takes that is started again. One that is silent for longer may share our full disk. */
const MAX_UNHEARD_MS = 10_000;

export interface TellStopOptions {
  readonly reason: string;
  /** Whether nobody has to hear it any more. */
  readonly isOver: () => Promise<boolean>;
  /** The build is to stop and its workflow cannot be told. */
  readonly onUnheard: (error: BuildError) => void;
}

/**
 * Tells a build's workflow to stop until it has heard it: with the gate closed for good nothing else would ever end the
 * build. The workflow of a newer build, which has the same id, must not hear it.
 */
export async function tellStop(
  workflow: BuildWorkflow,
  { reason, isOver, onUnheard }: TellStopOptions,
): Promise<void> {
  const giveUp = () => onUnheard(new BuildError(`${reason} · the Temporal server did not take the stop`));
  const timer = setTimeout(giveUp, MAX_UNHEARD_MS);
  while (!(await isOver().catch(() => false))) {
    try {
      await workflow.stop(reason);
      break;
    } catch {
      await sleep(TELL_AGAIN_MS, undefined, { ref: false });
    }
  }
  clearTimeout(timer);
}
