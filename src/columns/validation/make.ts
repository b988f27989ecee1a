// `validation`: verdicts in lists, each row's its own record. Code is checked in worker threads, the user's functions run in
// theirs; what a service said is kept as it came.

import { digestOf } from '../../digest.ts';
import { CellError } from '../../errors.ts';
import { callFunction } from '../../modules/call-function.ts';
import { asValue, plainOf } from '../../modules/user-values.ts';
import { ownFile } from '../../own-files.ts';
import { findOwn } from '../../own-keys.ts';
import { formatJson, isValueList, isValueObject, parseJson, type Value } from '../../values.ts';
import type { CallOf, Calls, Draft } from '../calls.ts';
import { eachRow } from '../each-row.ts';
import type { Cell, CellMaker, Values } from '../maker.ts';
import type { CodeTask } from './check-code.ts';
import { isByTarget, type ValidationColumn, type ValidationForm, type Validator } from './declare.ts';
import { openVerdicts } from './verdict.ts';

/** Raised where kept verdicts of our own checkers must not stand: those cells are made again. */
const CODE_RULES = 1;

/** How the cells of a column are asked for, and their values read out of what was said. */
interface Asking {
  open(calls: Calls): Pick<CallOf<Cell<Values>, Value>, 'send' | 'keep'>;
  read(said: Value): Value;
}

export const make: CellMaker<ValidationColumn, Values> = {
  shape: 'cells',
  open({ name, form, limiters }) {
    const { how, targets, batchSize } = form;
    const asking = openAsking(form);
    const rules = how.by === 'code' ? CODE_RULES : undefined;
    return {
      batch: batchSize,
      inputs: eachRow(({ values, redo }) => {
        const input = Object.fromEntries(targets.map((target) => [target, findOwn(values, target) ?? null]));
        const of = { kind: 'validation', column: name, how, rules, input, redo: redo || undefined };
        return { digest: digestOf(of), input };
      }),
      async make(cells, calls) {
        await calls.call(cells, { limiter: limiters[0]!, ...asking.open(calls) });
        return undefined;
      },
      read: ({ turns: [turn], value }) => (turn?.by === 'http' ? asking.read(parseJson(turn.body)) : value),
    };
  },
};

function openAsking(form: ValidationForm): Asking {
  const { how } = form;
  if (how.by === 'code') return askChecker(form, how);
  return how.by === 'function' ? askFunction(how) : askService(form, how);
}

type By<Word> = Extract<Validator, { readonly by: Word }>;

function askChecker(form: ValidationForm, { lang }: By<'code'>): Asking {
  const { targets } = form;
  return {
    open: () => ({
      send(cells, sending) {
        const texts = cells.flatMap(({ input }) => targets.map((target) => findOwn(input, target)!));
        const task: CodeTask = { lang, texts };
        return sending.inThread(ownFile('columns/validation/check-code'), task);
      },
      keep: (verdicts, cells) =>
        cells.map((_, index): Draft => {
          const own = (verdicts as readonly Value[]).slice(index * targets.length);
          const byTarget = Object.fromEntries(targets.map((target, at) => [target, own[at]!]));
          return { status: 'ok', value: isByTarget(form) ? byTarget : own[0]! };
        }),
    }),
    read: (value) => value,
  };
}

function askFunction({ hash, export: exported, schema }: By<'function'>): Asking {
  const verdictOf = openVerdicts(schema);
  return {
    open: (calls) => ({
      async send(cells, { signal }) {
        const checker = { module: await calls.module(hash), export: exported };
        const input = cells.map((cell) => plainOf(cell.input));
        return { answer: asValue(await callFunction(checker, { input, signal })), cost: null };
      },
      keep: (returned, cells) =>
        itemsOf(returned, { rows: cells.length, what: 'What the function returned' }).map((item) =>
          draftOf(item, verdictOf),
        ),
    }),
    read: verdictOf,
  };
}

function askService(form: ValidationForm, { url, schema }: By<'service'>): Asking {
  const verdictOf = openVerdicts(schema);
  return {
    open: () => ({
      send: (cells, sending) =>
        sending.post({
          ...{ url, timeoutMs: form.pace!.timeoutMs },
          body: formatJson({ data: cells.map(({ input }) => input) }),
        }),
      keep: (body, cells) =>
        itemsOf(dataIn(String(body)), { rows: cells.length, what: 'The answer' }).map((item) => ({
          ...draftOf(item, verdictOf),
          turns: [{ by: 'http', body: formatJson(item) }],
        })),
    }),
    read: verdictOf,
  };
}

function draftOf(item: Value, verdictOf: (said: Value) => Value): Draft {
  try {
    return { status: 'ok', value: verdictOf(item) };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const { kind, message } = error;
    return { status: 'failed', error: { kind, message } };
  }
}

/** What was said of each row. With another count nobody knows which row an item is about. */
function itemsOf(
  said: Value,
  { rows, what }: { readonly rows: number; readonly what: string },
): readonly Value[] {
  if (!isValueList(said))
    throw new CellError('UnusableAnswer', `${what} is no list of verdicts, one for each row`);
  if (said.length !== rows)
    throw new CellError('UnusableAnswer', `${what} has ${said.length} verdicts for ${rows} rows`);
  return said;
}

/** The list of `{"data": […]}`; null where a body is something else. */
function dataIn(body: string): Value {
  try {
    const answer = parseJson(body);
    return isValueObject(answer) ? (answer.data ?? null) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
