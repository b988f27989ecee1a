// What one cell of a model column is made from: the messages and the request's parameters, and the digest of all that
// can change the answer.

import { digestOf } from '../../digest.ts';
import { CellError } from '../../errors.ts';
import type { Message } from '../../models/model-client.ts';
import { findOwn } from '../../own-keys.ts';
import type { Parameter, PlanModel } from '../../plan.ts';
import { findReference } from '../../schemas/pointers.ts';
import { parseTemplate, renderTemplate, type Template } from '../../templates/template.ts';
import { formatJson, isValueObject, type Value, type ValueObject } from '../../values.ts';
import type { Keyed, Opening, RowView } from '../maker.ts';
import { contextsOf } from '../media/context.ts';
import { digestOfMedia, mediaOf, type ShownMedia } from '../media/media-of.ts';
import { orFailCell } from '../or-fail-cell.ts';
import type { AnswerKind } from './answer-kind.ts';
import type { ChatColumn } from './declare-chat.ts';

export interface ChatInput {
  readonly messages: readonly Message<ShownMedia>[];
  /** The request body beside model and messages, with drawn parameters filled in. */
  readonly parameters: { readonly [key: string]: Value };
  readonly responseSchema: { readonly name: string; readonly schema: Value } | null;
}

/** The input of a row; it throws `CellError`: `TemplateRenderError`, `EmptyRenderedPrompt`. */
export function openInputs<Column extends ChatColumn>(
  kind: AnswerKind<Column>,
  { column, plan, local }: Opening & { readonly column: Column },
): (row: RowView) => Keyed<ChatInput> {
  const { form, name } = column;
  // Templates are parsed and schemas written once for a column, not once for a cell.
  const prompt = parseTemplate(form.prompt);
  const systemPrompt = form.systemPrompt === null ? null : parseTemplate(form.systemPrompt);
  const instructions = kind.instructions(column);
  const contract = kind.contract(column);
  const responseSchema = sendable(kind.schema(column));
  const contexts = contextsOf(form);
  const model = findOwn(plan.models, form.alias);
  if (model === undefined) throw new RangeError(`No model "${form.alias}" in the plan`);

  return (row) => {
    const text = renderPrompt(prompt, row, 'prompt');
    const media = mediaOf(contexts, row.values, local);
    if (text.trim() === '' && media.length === 0) {
      const needs = column.needs.map((need) => `"${need}"`).join(', ');
      throw new CellError(
        'EmptyRenderedPrompt',
        `The prompt renders empty: look at ${needs || 'the template'}`,
      );
    }
    const systemText = systemPrompt === null ? '' : renderPrompt(systemPrompt, row, 'system_prompt');
    const hasSystemText = systemText.trim() !== '';
    const parameters = parametersOf(model, row);
    // What stands at its default is left out: a field that a newer Rowloom adds changes no digest of a cell that does
    // without it. Parameters go in as text, in their order: they are sent in it.
    const digest = digestOf({
      column: name,
      kind: column.kind,
      model: model.model,
      providerType: model.providerType,
      prompt: text,
      systemPrompt: hasSystemText ? systemText : undefined,
      media: media.length > 0 ? media.map(digestOfMedia) : undefined,
      tools: form.tools,
      contract: contract ?? undefined,
      parameters: Object.keys(parameters).length > 0 ? formatJson(parameters) : undefined,
      redo: row.redo > 0 ? row.redo : undefined,
    });
    const user: Message<ShownMedia> = {
      role: 'user',
      content: instructions === null ? text : `${text}\n\n${instructions}`,
      ...(media.length > 0 ? { media } : {}),
    };
    const messages: readonly Message<ShownMedia>[] = hasSystemText
      ? [{ role: 'system', content: systemText }, user]
      : [user];
    // A `response_format` of the user's own stands.
    const isSchemaSent = parameters.response_format === undefined;
    return { digest, input: { messages, parameters, responseSchema: isSchemaSent ? responseSchema : null } };
  };
}

/** Endpoints take objects only at the root; sent another schema they would be thought to take none at all. */
function sendable(schema: Value | null): ChatInput['responseSchema'] {
  if (schema === null || !isValueObject(schema)) return null;
  // Pydantic writes a model that holds itself as a reference at the root.
  const { $ref: reference, ...own } = schema;
  const root =
    typeof reference === 'string'
      ? { ...own, ...(findReference(schema, reference) as ValueObject | undefined) }
      : schema;
  return root.type === 'object' ? { name: 'answer', schema: root } : null;
}

/** What a template of a prompt gives. Throws `CellError`. */
export function renderPrompt(template: Template, row: RowView, use: string): string {
  let source: (() => number) | null = null;
  const draw = () => {
    source ??= row.draw(use);
    return source();
  };
  return orFailCell(() => renderTemplate(template, row.values, { draw }));
}

/** The request body beside model and messages, in the order in which it is sent; what `extraBody` says wins. */
export function parametersOf(
  { temperature, topP, maxTokens, extraBody }: PlanModel,
  row: Pick<RowView, 'draw'>,
): { readonly [key: string]: Value } {
  const drawn = (name: string, parameter: Parameter | null) =>
    parameter === null ? {} : { [name]: drawParameter(parameter, row, name) };
  return {
    ...drawn('temperature', temperature),
    ...drawn('top_p', topP),
    ...(maxTokens === null ? {} : { max_tokens: BigInt(maxTokens) }),
    ...extraBody,
  };
}

function drawParameter(parameter: Parameter, row: Pick<RowView, 'draw'>, use: string): number {
  if (typeof parameter === 'number') return parameter;
  const draw = row.draw(use);
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
