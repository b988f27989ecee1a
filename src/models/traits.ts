// What a build finds out about one model while its calls are made: whether it takes a schema, and what its
// refusals are about.
//
//   T1. A refusal that comes before any answer, with no other call in flight, is about all cells: the model, the path,
//       the parameters.
//   T2. Any other is about its cell, until MAX_REFUSALS calls in a row were refused, of the model or of one column: the
//       columns of a model differ in their parameters. In a row as they were started: refusals come back faster than
//       answers, so that those of a few cells among many may all come before the first answer.
//   T3. A refusal with a schema may be about the schema: it is asked once without. What came of that holds for the
//       column, and for others of the model until one of them is answered with its schema.

/** Calls refused in a row that are no accident: with every fifth input refused they come once in ten million calls. */
export const MAX_REFUSALS = 10;
/** More than are in flight at once. Older calls are forgotten: they no longer say what holds now. */
const MAX_CALLS_KEPT = 4_000;

/** One call that was started. Exactly one of its methods is called, once, when it has ended. */
export interface StartedCall {
  answered(): void;
  /** Refused, with nothing known of why. Returns whether that is about all cells. */
  refused(): boolean;
  /** Ended in a way that says nothing about other calls: a 429, a timeout, a refusal that names its input. */
  passed(): void;
}

interface Call {
  readonly column: string;
  state: 'open' | 'answered' | 'refused' | 'passed';
}

export class ModelTraits {
  #isProved = false;
  readonly #hasAnswered: () => boolean;
  #open = 0;
  /** In the order of their starts. */
  #calls: Call[] = [];
  readonly #schemas = new Map<string, 'taken' | 'refused'>();

  /** `hasAnswered`: whether the model has answered any build of this process. */
  constructor({ hasAnswered }: { readonly hasAnswered: () => boolean }) {
    this.#hasAnswered = hasAnswered;
  }

  /** Whether it has answered any call. */
  get isProved(): boolean {
    return this.#isProved || this.#hasAnswered();
  }

  startCall(column: string): StartedCall {
    const call: Call = { column, state: 'open' };
    if (this.#calls.length >= MAX_CALLS_KEPT) this.#calls = this.#calls.slice(-MAX_CALLS_KEPT / 2);
    this.#calls.push(call);
    this.#open += 1;
    const end = (state: Call['state']) => {
      call.state = state;
      this.#open -= 1;
    };
    return {
      answered: () => {
        end('answered');
        this.#isProved = true;
      },
      refused: () => {
        end('refused');
        if (!this.isProved && this.#open === 0) return true;
        const ofColumn = this.#calls.filter((other) => other.column === column);
        return [this.#calls, ofColumn].some((calls) => refusedInARow(calls, call) >= MAX_REFUSALS);
      },
      passed: () => end('passed'),
    };
  }

  /** Whether calls of a column are sent with their schema. */
  sendsSchema(column: string): boolean {
    const known = this.#schemas.get(column);
    if (known !== undefined) return known === 'taken';
    const others = [...this.#schemas.values()];
    return others.includes('taken') || !others.includes('refused');
  }

  /** Whether a refusal of a call with a schema may be about the schema. */
  mayRefuseSchema(column: string): boolean {
    return this.#schemas.get(column) !== 'taken';
  }

  /** `isTaken`: a call with it was answered, or one without it was refused as well. */
  learnSchema(column: string, isTaken: boolean): void {
    this.#schemas.set(column, isTaken ? 'taken' : 'refused');
  }
}

/** The calls around this one that were refused, with none between them that was answered or is in flight. */
function refusedInARow(calls: readonly Call[], call: Call): number {
  const judged = calls.filter(({ state }) => state !== 'passed');
  const position = judged.indexOf(call);
  const isRefused = (index: number) => judged[index]?.state === 'refused';
  let first = position;
  while (isRefused(first - 1)) first -= 1;
  let last = position;
  while (isRefused(last + 1)) last += 1;
  return last - first + 1;
}
