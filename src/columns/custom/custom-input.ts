// What a custom cell is made from, and the digest of all that can change its value.

import { digestOf } from '../../digest.ts';
import { findOwn, setOwn } from '../../own-keys.ts';
import type { Plan } from '../../plan.ts';
import { formatJson, type Value, type ValueObject } from '../../values.ts';
import { eachRow } from '../each-row.ts';
import { parametersOf } from '../llm/chat-input.ts';
import type { Keyed, OpenMaker, RowView } from '../maker.ts';
import type { CustomColumn } from './declare.ts';

export interface CustomInput {
  /** The columns that it needs, no others. */
  readonly values: ValueObject;
  /** What its `random` begins with; none for an activity, which is told of files alone. */
  readonly random: readonly number[];
  /** By alias. */
  readonly models: ReadonlyMap<string, AskedModel>;
  readonly redo: number;
}

/** A model as a cell asks it: all of it that can change an answer. */
export interface AskedModel {
  readonly model: string;
  readonly providerType: string;
  readonly parameters: { readonly [key: string]: Value };
}

/** A column that is called as a whole, or in order, has one digest over all its rows. */
export function openInputs(column: CustomColumn, plan: Plan): OpenMaker<CustomInput>['inputs'] {
  const { form } = column;
  const inputOf = (row: RowView): CustomInput => ({
    values: valuesOf(row, form.reads),
    random: form.activity === null ? randomOf(row) : [],
    models: new Map(form.aliases.map((alias) => [alias, modelOf(alias, { plan, row })])),
    redo: row.redo,
  });
  const { code, version, activity } = form;
  const maker = {
    ...{ column: column.name, kind: column.kind, calling: form.calling, params: form.params },
    code: code ?? undefined,
    version: version ?? undefined,
    activity: activity?.name,
    // It makes these: a function that is to make one more has to be run again.
    makes: form.makes.map(({ name }) => name),
  };
  if (form.calling === 'row')
    return eachRow((row) => {
      const input = inputOf(row);
      // Two rows of the same values are two cells, for an activity too, which finds cells by their digests.
      const number = activity === null ? undefined : row.row;
      return { digest: digestOf({ ...maker, row: number, input: factsOf(input) }), input };
    });
  return (rows): readonly Keyed<CustomInput>[] => {
    const inputs = rows.map(inputOf);
    const digest = digestOf({
      ...maker,
      rows: inputs.map((input, index) => ({ row: rows[index]!.row, input: factsOf(input) })),
    });
    return inputs.map((input) => ({ digest, input }));
  };
}

function factsOf({ values, random, models, redo }: CustomInput) {
  return {
    values,
    random: random.length === 0 ? undefined : random.map(BigInt),
    models: models.size === 0 ? undefined : Object.fromEntries([...models].map(textOf)),
    redo: redo === 0 ? undefined : redo,
  };
}

/** Parameters are text, in their order: they are sent in it. */
function textOf([alias, { model, providerType, parameters }]: readonly [string, AskedModel]) {
  return [alias, { model, providerType, parameters: formatJson(parameters) }] as const;
}

/** Names the `nth` request of its kind in a cell. */
export function askOf(
  { model, providerType, parameters }: AskedModel,
  of: {
    readonly prompt: string;
    readonly systemPrompt: string | null;
    readonly redo: number;
    readonly nth: number;
  },
): string {
  const digest = digestOf({
    ...{ model, providerType, parameters: formatJson(parameters), prompt: of.prompt },
    systemPrompt: of.systemPrompt ?? undefined,
    redo: of.redo === 0 ? undefined : of.redo,
  });
  return `${digest}#${of.nth}`;
}

function valuesOf({ values }: RowView, reads: readonly string[]): ValueObject {
  const own: { [column: string]: Value } = {};
  for (const name of reads) setOwn(own, name, findOwn(values, name) ?? null);
  return own;
}

function randomOf(row: RowView): readonly number[] {
  const draw = row.draw('random');
  return Array.from({ length: 4 }, () => Math.floor(draw() * 2 ** 32));
}

function modelOf(alias: string, { plan, row }: { readonly plan: Plan; readonly row: RowView }): AskedModel {
  const model = findOwn(plan.models, alias);
  if (model === undefined) throw new RangeError(`No model "${alias}" in the plan`);
  return {
    model: model.model,
    providerType: model.providerType,
    parameters: parametersOf(model, row),
  };
}
