// What processors of users' modules have in common: the function that they name, and how it is called.

import { isDeepStrictEqual } from 'node:util';
import type { Facts, ModuleRef } from '../columns/declaration.ts';
import { filledText, value } from '../columns/fields.ts';
import { moduleRefs } from '../columns/module-name.ts';
import { columnDraws } from '../draws.ts';
import { CellError, ProcessorError } from '../errors.ts';
import type { FunctionRef } from '../modules/functions.ts';
import { asValue, isRecord, plainOf, wrong } from '../modules/user-values.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { type PlanProcessor, ROW_ID_COLUMN } from '../plan.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { formatJson, parseJson, type Value, type ValueObject } from '../values.ts';
import type { Processing, ProcessorChecks } from './declaration.ts';

export const functionFields = () => ({
  processor_function: filledText(),
  processor_params: value().default(null),
});

interface FunctionConfig {
  readonly processor_function: string;
  readonly processor_params: Value;
}

export interface FunctionForm {
  readonly module: FunctionRef;
  /** JSON text. */
  readonly params: string;
}

const FIELD = ['processor_function'];

export const FUNCTION_WORDS = { module: 'function', params: 'params' } as const;

export function functionRefs({ processor_function }: FunctionConfig): readonly ModuleRef[] {
  return moduleRefs(processor_function, FIELD);
}

export function checkFunction(config: FunctionConfig, { add }: ProcessorChecks): void {
  if (functionRefs(config).length > 0) return;
  add(FIELD, 'has to be a JavaScript or TypeScript module and its export: ./rows.ts#tidy');
}

export function functionForm(config: FunctionConfig, { modules }: Pick<Facts, 'modules'>): FunctionForm {
  const [{ file, export: exported }] = functionRefs(config) as [ModuleRef];
  return {
    module: { hash: modules.get(file) ?? '', export: exported },
    params: formatJson(config.processor_params),
  };
}

export interface ProcessorCall {
  /** Of these rows, in their order. */
  readonly input: readonly unknown[];
  /** The rows that an error is about: each names the numbers of its own `random`, the first those of a call with all. */
  readonly rows: readonly number[];
  /** The function is called with each row, and a list of what it returned is read. */
  readonly isRowByRow: boolean;
  /** Of the call with all of them, or of each row. */
  readonly deadlineMs: number;
}

/** What the function of a processor has beside its rows: its params, and the numbers of `random` for a row. */
export function contextOf({ name, form }: PlanProcessor<string, FunctionForm>, { plan }: Processing) {
  const draws = columnDraws([plan.seed, name, 'processor']);
  return {
    params: plainOf(parseJson(form.params)),
    randomOf(row: number): readonly number[] {
      const draw = draws(row, 0);
      return Array.from({ length: 4 }, () => Math.floor(draw() * 2 ** 32));
    },
  };
}

/** Calls the function of a processor and reads what it returned. Throws `ProcessorError` for what it or `read` throws. */
export function openFunction<Result>(
  processor: PlanProcessor<string, FunctionForm>,
  processing: Processing,
): (call: ProcessorCall, read: (returned: unknown) => Result) => Promise<Result> {
  const { name, form } = processor;
  const { functions, signal } = processing;
  const { params, randomOf } = contextOf(processor, processing);
  return async ({ input, rows, isRowByRow, deadlineMs }, read) => {
    const how = isRowByRow
      ? { each: { randoms: rows.map(randomOf), deadlineMs }, deadlineMs: deadlineMs * rows.length }
      : { random: randomOf(rows[0]!), deadlineMs };
    try {
      return read(await functions.call(form.module, { ...how, input, params, signal }));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      const about = { first: rows[0]!, last: rows.at(-1)! };
      throw new ProcessorError(name, { rows: about, message: error.message });
    }
  };
}

/** A row as functions see it. */
export function givenRow(values: ValueObject): Readonly<Record<string, unknown>> {
  return plainOf(
    Object.fromEntries(Object.entries(values).filter(([name]) => name !== ROW_ID_COLUMN)),
  ) as Readonly<Record<string, unknown>>;
}

/**
 * A row with what a function returned for it; what it left out stays as it was. `keep` gives the value of a column, or throws
 * `CellError` for one that it cannot be. Throws `CellError` for what is no object, and for columns that are not `known`.
 */
export function withReturned(
  { given, values }: { readonly given: Readonly<Record<string, unknown>>; readonly values: ValueObject },
  returned: unknown,
  {
    known,
    keep,
  }: { readonly known: readonly string[]; readonly keep: (column: string, value: Value) => Value },
): ValueObject {
  if (!isRecord(returned))
    throw wrong(`is ${kindOfData(returned)}, and has to be an object: values by column`);
  const changed: { [column: string]: Value } = { ...values };
  for (const [column, data] of Object.entries(returned)) {
    if (!known.includes(column))
      throw wrong(
        `has "${column}", which is no column that it may make${suggestion(nearestName(column, known))}`,
      );
    // What it gave back as it got it is not read again: a float may be a whole number.
    if (Object.hasOwn(given, column) && isDeepStrictEqual(findOwn(given, column), data)) continue;
    setOwn(changed, column, keep(column, asValue(data)));
  }
  return changed;
}

function kindOfData(data: unknown): string {
  if (data === undefined || data === null) return 'nothing';
  return Array.isArray(data) ? 'a list' : `a ${typeof data}`;
}
