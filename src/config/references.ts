// What a column takes from other columns: the templates in it and the fields that name a column.

import { findOwn } from '../own-keys.ts';
import { parseExpression, parseTemplate } from '../templates/template.ts';
import { allParams } from './column-types.ts';
import type { ColumnConfig } from './schema/columns.ts';

/** A text with references in it: a template, or a bare expression as conditions are. */
export interface TemplateField {
  /** The path of the field below the column. */
  readonly path: readonly string[];
  readonly text: string;
  readonly isExpression: boolean;
}

const PROMPTS = ['prompt', 'system_prompt'];
const TEMPLATE_FIELDS: ReadonlyMap<string | null, readonly string[]> = new Map([
  ['llm-text', PROMPTS],
  ['llm-structured', PROMPTS],
  ['llm-judge', PROMPTS],
  ['expression', ['expr']],
]);

/** The templates of a column, of a broken one too: fields that hold no text have none. */
export function templatesOf(
  columnType: string | null,
  readField: (name: string) => unknown,
): readonly TemplateField[] {
  if (columnType === 'sampler') {
    const conditions = readField('conditional_params');
    if (typeof conditions !== 'object' || conditions === null) return [];
    return Object.keys(conditions).map((text) => ({
      path: ['conditional_params', text],
      text,
      isExpression: true,
    }));
  }
  return (TEMPLATE_FIELDS.get(columnType) ?? []).flatMap((field) => {
    const text = readField(field);
    return typeof text === 'string' ? [{ path: [field], text, isExpression: false }] : [];
  });
}

/** The names that a text takes from its row. Throws `TemplateSyntaxError`. */
export function variablesOf({ text, isExpression }: TemplateField): readonly string[] {
  return (isExpression ? parseExpression(text) : parseTemplate(text)).variables;
}

/** The names that a template prints as they are in every row, whatever it tests elsewhere. */
export function printedNames(template: string): readonly string[] {
  return parseTemplate(template).statements.flatMap((statement) =>
    statement.kind === 'output' && statement.expression.kind === 'name' ? [statement.expression.name] : [],
  );
}

/** The columns that a column which could be read needs. Throws `TemplateSyntaxError`. */
export function needsOf(config: ColumnConfig): readonly string[] {
  const fields: Readonly<Record<string, unknown>> = config;
  const templates = templatesOf(config.column_type, (name) => findOwn(fields, name));
  return [...new Set([...parentsOf(config), ...templates.flatMap(variablesOf)])];
}

/** The categories that a subcategory chooses by. */
export function parentsOf(config: ColumnConfig): readonly string[] {
  if (config.column_type !== 'sampler' || config.sampler_type !== 'subcategory') return [];
  return allParams(config).map(({ category }) => category);
}
