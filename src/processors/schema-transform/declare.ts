// `schema_transform`: one record out per row, in another shape, in files of its own beside the output.

import type { z } from 'zod';
import { filledText, map, oneOf, value } from '../../columns/fields.ts';
import type { PlanProcessor } from '../../plan.ts';
import { sayRefusal } from '../../templates/engines.ts';
import { TemplateSyntaxError } from '../../templates/syntax/template-error.ts';
import { missingFieldsOf, parseTemplate, type Template } from '../../templates/template.ts';
import { nearestName } from '../../text/nearest-name.ts';
import { lowerFirst, suggestion } from '../../text/phrases.ts';
import { formatJson, isValueObject } from '../../values.ts';
import type { ProcessorChecks, ProcessorDeclaration } from '../declaration.ts';
import { type TemplateText, textsOf } from './template.ts';

export interface SchemaTransformForm {
  /** JSON text: its order is that of the records. */
  readonly template: string;
}
export type SchemaTransform = PlanProcessor<'schema_transform', SchemaTransformForm>;

const schema = map({
  name: filledText(),
  processor_type: oneOf(['schema_transform']),
  template: value()
    .refine(isValueObject, { message: 'has to be a map: its keys are the columns of the records' })
    .refine((input) => !isValueObject(input) || Object.keys(input).length > 0, { message: 'is empty' }),
});
type SchemaTransformConfig = z.output<typeof schema>;

export const declare: ProcessorDeclaration<
  'schema_transform',
  SchemaTransformConfig,
  SchemaTransformForm,
  z.input<typeof schema>
> = {
  kind: 'schema_transform',
  schema,
  check({ template }, checks) {
    for (const part of textsOf(template)) checkText(part, checks);
  },
  form: ({ template }) => ({ template: formatJson(template) }),
  words: { template: 'template' },
};

function checkText({ path: below, text, isKey }: TemplateText, checks: ProcessorChecks): void {
  const { add } = checks;
  const path = ['template', ...below];
  const at = (place: number | { readonly mention: string }) => (isKey ? 'key' : place);
  if (isKey && below.length === 1)
    add(path, `"${text}" names a column of the records: there it has no placeholder`, {
      isWhole: true,
      at: 'key',
    });
  let template: Template;
  try {
    template = parseTemplate(text);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    add(path, `${lowerFirst(error.message)}`, { isWhole: true, at: at(error.offset) });
    return;
  }
  for (const refusal of checks.engine === 'native' ? [] : template.refusals)
    add(path, sayRefusal(refusal), { level: refusal.level, at: at(refusal.at) });
  for (const name of template.variables) {
    const problem = problemOfName(name, checks);
    if (problem !== null) add(path, problem, { isWhole: true, at: at({ mention: name }) });
  }
  for (const { at: offset, message, isGuarded } of missingFieldsOf(template, checks.shapeOf))
    add(path, message, { isWhole: true, at: at(offset), ...(isGuarded ? { level: 'warning' } : {}) });
}

function problemOfName(name: string, { columns, sideEffects, dropped }: ProcessorChecks): string | null {
  const by = dropped.get(name);
  if (by !== undefined) return `"${name}" is taken out by processor "${by}" before: list that one after this`;
  if (sideEffects.includes(name))
    return `"${name}" is made beside another column, which cannot be used here: an expression column can have its value`;
  if (columns === null || columns.includes(name)) return null;
  return `no column "${name}"${suggestion(nearestName(name, columns))}`;
}
