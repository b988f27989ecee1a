// Runs a function with leave to burn CPU only while it works. While it waits for models it has none: were it kept, as many
// cells as there are threads would wait for answers, and all others for them.

import { asCellError, untilCut, withSession } from '../../modules/call-function.ts';
import type { Answer, Session, Step } from '../../modules/function-threads.ts';
import type { FunctionTask } from '../../modules/session-thread.ts';
import type { UserModule } from '../../modules/stored-modules.ts';
import { plainOf } from '../../modules/user-values.ts';
import { parseJson } from '../../values.ts';
import type { Calls } from '../calls.ts';
import type { Cell } from '../maker.ts';
import type { CustomInput } from './custom-input.ts';
import type { CustomForm } from './declare.ts';
import { InnerCalls } from './inner-calls.ts';

export interface FunctionRun {
  readonly form: CustomForm;
  readonly calls: Calls;
  /** Whose digest and records the calls have: the first of them makes them. */
  readonly cells: readonly Cell<CustomInput>[];
  readonly input: unknown;
  readonly state?: FunctionTask['state'];
}

/** Throws as `Calls.call`: `CellError` for what the function throws, and for one that ends its thread. */
export async function runFunction({ form, calls, cells, input, state }: FunctionRun) {
  const { module, aliases, params } = form;
  const [cell] = cells;
  if (module === null || cell === undefined)
    throw new TypeError('Cannot run what is no function of a module');
  const code = await calls.module(module.hash);
  const task: FunctionTask = {
    ...{ module: code, export: module.export, aliases, input, random: cell.input.random },
    params: plainOf(parseJson(params)),
    ...(state === undefined ? {} : { state }),
  };
  const inner = new InnerCalls(cells, calls);
  const use = (session: Session) => converse(session, { cell, calls, inner, code });
  const end = await withSession(task, use);
  return { ...end, turns: inner.turns };
}

interface Conversing {
  readonly cell: Cell<CustomInput>;
  readonly calls: Calls;
  readonly code: UserModule;
}

async function converse(
  session: Session,
  of: Conversing & { readonly inner: InnerCalls },
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
  { cell, calls, code, answers }: Conversing & { readonly answers: readonly Answer[] },
): Promise<Step> {
  let end: Step | Error | undefined;
  await calls.call([cell], {
    limiter: { threads: 'cpu' },
    async send(_, { signal }) {
      const step = session.step(answers).catch((error: Error) => asCellError(error, code));
      return { answer: await untilCut(step, signal), cost: null };
    },
    keep(answer) {
      end = answer;
      return [];
    },
  });
  if (end === undefined || end instanceof Error) throw end ?? new TypeError('A step has no end');
  return end;
}
