// Runs a function with leave to burn CPU only while it works. While it waits for models it has none: were it kept, as many
// cells as there are threads would wait for answers, and all others for them.

import { CellError } from '../../errors.ts';
import { cancelled } from '../../models/failures.ts';
import { allowManyListeners } from '../../signals.ts';
import { DeadThreadError } from '../../threads.ts';
import { parseJson } from '../../values.ts';
import type { Calls } from '../calls.ts';
import type { Cell } from '../maker.ts';
import type { CustomInput } from './custom-input.ts';
import type { CustomForm } from './declare.ts';
import { InnerCalls } from './inner-calls.ts';
import { plainOf } from './returned-value.ts';
import type { FunctionTask } from './session-thread.ts';
import { type Answer, FunctionThreads, type Session, type Step, ThrownError } from './sessions.ts';

export interface FunctionRun {
  readonly form: CustomForm;
  readonly calls: Calls;
  /** Whose digest and records the calls have: the first of them makes them. */
  readonly cells: readonly Cell<CustomInput>[];
  readonly input: unknown;
  readonly state?: FunctionTask['state'];
}

/** Those of the process. */
const threads = new FunctionThreads();

/** Throws as `Calls.call`: `CellError` for what the function throws, and for one that ends its thread. */
export async function runFunction({ form, calls, cells, input, state }: FunctionRun) {
  const { module, aliases, params } = form;
  const [cell] = cells;
  if (module === null || cell === undefined)
    throw new TypeError('Cannot run what is no function of a module');
  const code = await calls.module(module.hash);
  const task: FunctionTask = {
    module: { hash: module.hash, code },
    ...{ export: module.export, aliases, input, random: cell.input.random },
    params: plainOf(parseJson(params)),
    ...(state === undefined ? {} : { state }),
  };
  const inner = new InnerCalls(cells, calls);
  const use = (session: Session) => converse(session, { cell, calls, inner });
  const end = await run(task, use);
  return { ...end, turns: inner.turns };
}

/** What a function returns that asks no models, for who has leave to burn CPU. Throws as {@link runFunction}. */
export async function callFunction(
  {
    module,
    input,
  }: Pick<FunctionTask, 'input'> & { readonly module: FunctionTask['module'] & { readonly export: string } },
  signal: AbortSignal,
): Promise<unknown> {
  const task = { module, export: module.export, input, params: null, aliases: [], random: [] };
  const step = await run(task, (session) => untilCut(session.step([]), signal)).catch((error) => {
    throw errorOf(error);
  });
  return step.is === 'returned' ? step.value : null;
}

async function run<Result>(task: FunctionTask, use: (session: Session) => Promise<Result>): Promise<Result> {
  try {
    return await threads.run(task, use);
  } catch (error) {
    if (!(error instanceof DeadThreadError)) throw error;
  }
  try {
    return await threads.runAlone(task, use);
  } catch (error) {
    if (!(error instanceof DeadThreadError)) throw error;
    throw new CellError('CrashedThread', `The function cannot be run: ${error.message}`);
  }
}

async function converse(
  session: Session,
  of: { readonly cell: Cell<CustomInput>; readonly calls: Calls; readonly inner: InnerCalls },
): Promise<Extract<Step, { readonly is: 'returned' }>> {
  of.inner.begin();
  let answers: readonly Answer[] = [];
  for (;;) {
    const step = await work(session, { ...of, answers });
    if (step.is === 'returned') return step;
    answers = await of.inner.answer(step.asks);
  }
}

/** One step, with a permit for a thread. What comes of it is for who runs the function: nothing is recorded here. */
async function work(
  session: Session,
  of: { readonly cell: Cell<CustomInput>; readonly calls: Calls; readonly answers: readonly Answer[] },
): Promise<Step> {
  let end: Step | Error | undefined;
  await of.calls.call([of.cell], {
    limiter: { threads: 'cpu' },
    async send(_, { signal }) {
      return { answer: await untilCut(session.step(of.answers).catch(errorOf), signal), cost: null };
    },
    keep(answer) {
      end = answer;
      return [];
    },
  });
  if (end === undefined || end instanceof Error) throw end ?? new TypeError('A step has no end');
  return end;
}

/** Who ends the build in haste does not wait for functions of users. */
function untilCut<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cut = () => reject(cancelled());
    if (signal.aborted) return cut();
    allowManyListeners(signal);
    signal.addEventListener('abort', cut);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cut));
  });
}

function errorOf(thrown: Error): Error {
  if (!(thrown instanceof ThrownError)) return thrown;
  const { message, place } = thrown;
  const where = place === null ? '' : ` (line ${place.line} of the bundle)`;
  return new CellError('FunctionError', `The function threw ${message}${where}`);
}
