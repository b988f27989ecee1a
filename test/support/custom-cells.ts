// Custom columns made outside of any build: a module's code, rows, and models that are functions of the prompt.

import { CellCalls } from '../../src/activities/calls.ts';
import { type ForeignFiles, WaitError } from '../../src/columns/calls.ts';
import type { CustomColumn } from '../../src/columns/custom/declare.ts';
import { make } from '../../src/columns/custom/make.ts';
import type { MakeEnd, RowView } from '../../src/columns/maker.ts';
import { openViews } from '../../src/columns/row-view.ts';
import { CellError } from '../../src/errors.ts';
import type { ChatRequest, ModelAnswer } from '../../src/models/model-client.ts';
import { PlainLimiter } from '../../src/models/plain-limiter.ts';
import { ModelTraits } from '../../src/models/traits.ts';
import { hashOfCode } from '../../src/modules/stored-modules.ts';
import type { Plan } from '../../src/plan.ts';
import type { CellRecord } from '../../src/store/records.ts';
import type { Value } from '../../src/values.ts';
import { NO_PICTURE_CALLS, NO_PICTURES } from './no-pictures.ts';
import { NO_FILES } from './one-cell.ts';
import { LOCAL, MODEL } from './plans.ts';

export type Says = (prompt: string, request: ChatRequest) => string | Error | Promise<string>;

export interface CustomCells {
  readonly column: CustomColumn;
  /** JavaScript, as a bundle has it. */
  readonly code: string;
  /** By row. */
  readonly values: readonly { readonly [column: string]: Value }[];
  readonly says?: Says;
  /** What earlier attempts and starts recorded. */
  readonly earlier?: readonly CellRecord[];
  readonly threads?: number;
  readonly modelCalls?: number;
  readonly redo?: number;
  readonly files?: ForeignFiles;
  readonly returned?: readonly string[];
  readonly stop?: AbortSignal;
}

export interface MadeCells {
  /** By row: its value and side effects, or why there is none; null for one that is left over. */
  readonly cells: readonly ({ readonly [column: string]: Value } | string | null)[];
  readonly records: readonly CellRecord[];
  readonly prompts: readonly string[];
  readonly digests: readonly string[];
  readonly ends: readonly MakeEnd[];
}

/** As a slice does: all lists at once, each with its calls. */
export async function makeCustom(options: CustomCells): Promise<MadeCells> {
  const { code, says = () => 'said', earlier = [] } = options;
  const { form } = options.column;
  const module = form.module === null ? null : { ...form.module, hash: hashOfCode(code) };
  const column = { ...options.column, form: { ...form, module } };
  const plan = {
    models: Object.fromEntries(column.form.aliases.map((alias) => [alias, { ...MODEL, model: alias }])),
    seed: 's',
    redo: options.redo === undefined ? [] : [{ column: column.name, rows: null, counter: options.redo }],
  } as unknown as Plan;
  const maker = make.open(column, { plan, local: LOCAL });
  const viewOf = openViews(plan, column);
  const views: readonly RowView[] = options.values.map((values, row) => viewOf(row, values));
  const keyed = maker.inputs(views).map((input) => {
    if (input instanceof CellError) throw input;
    return input;
  });
  const cells = keyed.map((input, row) => {
    const known = earlier.filter((record) => record.row === row).sort((left, right) => left.at - right.at);
    return {
      ...{ ...input, row },
      history: known.filter((record) => record.in === input.digest),
      older: known.filter((record) => record.in !== input.digest),
    };
  });
  const [records, prompts]: [CellRecord[], string[]] = [[], []];
  const never = new AbortController().signal;
  const traits = new ModelTraits({ hasAnswered: () => true });
  const limiters = {
    threads: new PlainLimiter(options.threads ?? 2),
    models: new PlainLimiter(options.modelCalls ?? 4),
  };
  const client = {
    ...{ host: 'mock', close: async () => undefined },
    embed: () => Promise.reject(new Error('No vectors')),
    ...NO_PICTURE_CALLS,
    async chat(request: ChatRequest): Promise<ModelAnswer> {
      const prompt = request.messages.at(-1)!.content;
      prompts.push(prompt);
      const said = await says(prompt, request);
      if (said instanceof Error) throw said;
      return {
        ...{
          text: said,
          reasoning: null,
          toolCalls: [],
          finish: 'stop',
          finishReason: 'stop',
          refusal: null,
        },
        ...{ promptTokens: 1, completionTokens: 1, status: 200 },
      };
    },
  };
  let count = 0;
  const calls = (history: readonly CellRecord[]) =>
    new CellCalls({
      ...{ column: column.name, readVersion: 1, returned: options.returned ?? null },
      settings: { maxConversationRestarts: 1, maxConversationCorrectionSteps: 0 },
      wayTo: async (ref) => {
        if (!('model' in ref))
          return { key: 'threads:cpu', limiter: limiters.threads, traits, host: null, model: null };
        const model = { client, name: ref.model, timeoutMs: 1_000 };
        return { key: ref.model, limiter: limiters.models, traits, host: 'mock', model };
      },
      fly: (_, { limiter }) => limiter,
      historyOf: ({ row }) => history.filter((record) => record.row === row),
      module: async (hash) => ({ hash, code, map: null }),
      files: options.files ?? NO_FILES,
      local: LOCAL,
      pictures: NO_PICTURES,
      append: async (some) => {
        records.push(...some);
      },
      nextCallId: () => `n:${++count}`,
      now: Date.now,
      stop: options.stop ?? never,
      cut: never,
    });
  const lists = maker.batch === 1 ? cells.map((cell) => [cell]) : [cells];
  const ends = await Promise.all(
    lists.map(async (list) => {
      const own = calls(list.flatMap(({ history }) => history));
      try {
        return await maker.make(list, own);
      } catch (error) {
        if (error instanceof WaitError) return undefined;
        if (!(error instanceof CellError)) throw error;
        const left = list.filter(({ row }) => !records.some((record) => record.row === row && isEnd(record)));
        const { kind, message } = error;
        await own.keep(
          left,
          left.map(() => ({ status: 'failed', error: { kind, message } })),
        );
        return undefined;
      }
    }),
  );
  return {
    ...{ records, prompts, ends, digests: keyed.map(({ digest }) => digest) },
    cells: cells.map(({ row, input }) => {
      const last = records.findLast((record) => record.row === row && isEnd(record));
      if (last === undefined) return null;
      if (last.status === 'failed') return last.error!.message;
      return { [column.name]: maker.read(last), ...maker.sides?.(last, input) };
    }),
  };
}

function isEnd({ status }: CellRecord): boolean {
  return status === 'ok' || status === 'failed';
}
