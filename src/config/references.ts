// What a column takes from other columns: the templates in it and the fields that name a column.

import type { ColumnConfig, ColumnSchema } from '../columns/declaration.ts';
import { plainText, plainValue } from '../columns/fields.ts';
import { declarationOf } from '../columns/kinds.ts';
import { type MarkedField, markedFields } from '../columns/marks.ts';
import { findOwn } from '../own-keys.ts';
import { type Expression, parseExpression, parseTemplate, type Template } from '../templates/template.ts';

/** The marked fields of a column as the document has it, of a broken one too; none of one whose kind is not known. */
export function fieldsOfColumn(schema: ColumnSchema<ColumnConfig>, input: unknown): readonly MarkedField[] {
  if (!('by' in schema)) return markedFields(schema, input);
  const word = plainText(placeOfWord(schema, input).reduce(fieldOf, input));
  const chosen = typeof word === 'string' ? findOwn(schema.schemas, word) : undefined;
  return chosen === undefined ? [] : markedFields(chosen, input);
}

/** Where the word that chooses a schema stands below a column. */
export function placeOfWord(
  { by, orIn }: Extract<ColumnSchema<ColumnConfig>, { readonly by: string }>,
  input: unknown,
): readonly string[] {
  if (orIn === undefined || fieldOf(input, by) !== undefined) return [by];
  return fieldOf(fieldOf(input, orIn), by) === undefined ? [by] : [orIn, by];
}

function fieldOf(input: unknown, name: string): unknown {
  const fields = plainValue(input);
  return typeof fields === 'object' ? findOwn({ ...fields }, name) : undefined;
}

/** What a field computes, or null, and the names that it takes from its row. Throws `TemplateSyntaxError`. */
export function readField({ mark, text }: MarkedField): {
  readonly computed: Template | Expression | null;
  readonly variables: readonly string[];
} {
  switch (mark.holds) {
    case 'column':
      return { computed: null, variables: [text] };
    case 'model':
      return { computed: null, variables: [] };
    default: {
      const computed = mark.holds === 'expressions' ? parseExpression(text) : parseTemplate(text);
      return { computed, variables: computed.variables };
    }
  }
}

/** The names that a template prints as they are in every row, whatever it tests elsewhere. */
export function printedNames(template: string): readonly string[] {
  return parseTemplate(template).statements.flatMap((statement) =>
    statement.kind === 'output' && statement.expression.kind === 'name' ? [statement.expression.name] : [],
  );
}

/** The columns that a column which could be read needs, and those that its `skip.when` alone names, which are among them. */
export function needsOf(config: ColumnConfig): {
  readonly needs: readonly string[];
  readonly whenOnly: readonly string[];
} {
  const fields = fieldsOfColumn(declarationOf(config.column_type).schema, config);
  const named = fields.map((field) => ({ holds: field.mark.holds, names: readField(field).variables }));
  const needs = new Set(named.flatMap(({ names }) => names));
  const inputs = new Set(named.flatMap(({ holds, names }) => (holds === 'condition' ? [] : names)));
  return { needs: [...needs], whenOnly: [...needs].filter((name) => !inputs.has(name)) };
}
