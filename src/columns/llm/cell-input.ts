// What one cell of a model column is made from: the messages and the request's parameters, and the digest of all that
// can change the answer.

import { digestOf } from '../../digest.ts';
import { type DrawPlace, drawOf, type Source } from '../../draws.ts';
import { CellError } from '../../errors.ts';
import type { Message } from '../../models/model-client.ts';
import { providerKindOf } from '../../models/providers/kinds.ts';
import { findOwn } from '../../own-keys.ts';
import { type Parameter, type Plan, redoCounterOf } from '../../plan.ts';
import type { CellInput, CellPlace, RowValues } from '../../rows/generator.ts';
import { resolve } from '../../schemas/schema-fit.ts';
import { parseTemplate, renderTemplate, type Template } from '../../templates/template.ts';
import { formatJson, isValueObject, type Value, type ValueObject } from '../../values.ts';
import { orCellError } from '../expression/expression.ts';
import { answerKindOf } from './answers.ts';
import type { ChatColumn } from './declare-chat.ts';

export interface CellInputOptions extends Pick<CellPlace, 'plan' | 'row'> {
  readonly column: ChatColumn;
  /** At least the columns that it needs. */
  readonly values: RowValues;
}

/** Throws `CellError`: `TemplateRenderError`, `EmptyRenderedPrompt`. */
export function cellInput({ plan, column, row, values }: CellInputOptions): CellInput {
  const { prompt, systemPrompt, instructions, contract, responseSchema } = prepare(column);
  const counter = redoCounterOf(plan, { column: column.name, row });
  const place = { seed: plan.seed, column: column.name, row, counter };
  const text = render(prompt, values, { ...place, use: 'prompt' });
  if (text.trim() === '') {
    const needs = column.needs.map((name) => `"${name}"`).join(', ');
    throw new CellError(
      'EmptyRenderedPrompt',
      `The prompt renders empty: look at ${needs || 'the template'}`,
    );
  }
  const systemText =
    systemPrompt === null ? '' : render(systemPrompt, values, { ...place, use: 'system_prompt' });
  const hasSystemText = systemText.trim() !== '';
  const parameters = parametersOf(plan, { column, place });
  const model = modelOf(plan, column);
  // What stands at its default is left out: a field that a newer Rowloom adds changes no digest of a cell that does
  // without it. Parameters go in as text, in their order: they are sent in it.
  const digest = digestOf({
    column: column.name,
    kind: column.kind,
    model: model.model,
    providerType: model.providerType,
    prompt: text,
    systemPrompt: hasSystemText ? systemText : undefined,
    contract: contract ?? undefined,
    parameters: Object.keys(parameters).length > 0 ? formatJson(parameters) : undefined,
    redo: counter > 0 ? counter : undefined,
  });
  const user: Message = {
    role: 'user',
    content: instructions === null ? text : `${text}\n\n${instructions}`,
  };
  const messages: readonly Message[] = hasSystemText
    ? [{ role: 'system', content: systemText }, user]
    : [user];
  // A `response_format` of the user's own stands.
  const isSchemaSent = parameters.response_format === undefined;
  return { digest, messages, parameters, responseSchema: isSchemaSent ? responseSchema : null };
}

interface PreparedColumn extends Pick<CellInput, 'responseSchema'> {
  readonly prompt: Template;
  readonly systemPrompt: Template | null;
  readonly instructions: string | null;
  readonly contract: string | null;
}

const preparedColumns = new WeakMap<ChatColumn, PreparedColumn>();

/** Templates are parsed and schemas written once for a column, not once for a cell. */
function prepare(column: ChatColumn): PreparedColumn {
  const known = preparedColumns.get(column);
  if (known !== undefined) return known;
  const kind = answerKindOf(column);
  const prepared: PreparedColumn = {
    prompt: parseTemplate(column.form.prompt),
    systemPrompt: column.form.systemPrompt === null ? null : parseTemplate(column.form.systemPrompt),
    instructions: kind.instructions(column),
    contract: kind.contract(column),
    responseSchema: sendable(kind.schema(column)),
  };
  preparedColumns.set(column, prepared);
  return prepared;
}

/** Endpoints take objects only at the root; sent another schema they would be thought to take none at all. */
function sendable(schema: Value | null): CellInput['responseSchema'] {
  if (schema === null || !isValueObject(schema)) return null;
  // Pydantic writes a model that holds itself as a reference at the root.
  const { $ref: reference, ...own } = schema;
  const root =
    typeof reference === 'string' ? { ...own, ...(resolve(reference, schema) as ValueObject) } : schema;
  return root.type === 'object' ? { name: 'answer', schema: root } : null;
}

function render(template: Template, values: RowValues, place: DrawPlace): string {
  let source: Source | null = null;
  const draw = () => {
    source ??= drawOf(place);
    return source();
  };
  return orCellError(() => renderTemplate(template, values, { draw }));
}

function modelOf(plan: Plan, { form: { alias } }: ChatColumn) {
  const model = findOwn(plan.models, alias);
  if (model === undefined) throw new RangeError(`No model "${alias}" in the plan`);
  return model;
}

/** The request body beside model and messages. */
function parametersOf(
  plan: Plan,
  { column, place }: { readonly column: ChatColumn; readonly place: DrawPlace },
): { readonly [key: string]: Value } {
  const { providerType, temperature, topP, maxTokens, extraBody } = modelOf(plan, column);
  const drawn = (parameter: Parameter | null, use: string) =>
    parameter === null ? null : drawParameter(parameter, { ...place, use });
  return providerKindOf(providerType).chatParameters({
    temperature: drawn(temperature, 'temperature'),
    topP: drawn(topP, 'top_p'),
    ...{ maxTokens, extraBody },
  });
}

function drawParameter(parameter: Parameter, place: DrawPlace): number {
  if (typeof parameter === 'number') return parameter;
  const draw = drawOf(place);
  if (parameter.distribution === 'uniform') return parameter.low + draw() * (parameter.high - parameter.low);
  const { values, weights } = parameter;
  const total = weights === null ? values.length : weights.reduce((sum, weight) => sum + weight, 0);
  let left = draw() * total;
  for (const [index, value] of values.entries()) {
    left -= weights === null ? 1 : weights[index]!;
    if (left < 0) return value;
  }
  return values.at(-1)!;
}
