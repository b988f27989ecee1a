// Writes docs/column-kinds.md from the declarations of the kinds of columns: `npx tsx scripts/column-kinds.ts`.

import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { COLUMN_KINDS, declarationOf } from '../src/columns/kinds.ts';

export const PAGE = 'docs/column-kinds.md';
/** Those of all kinds. */
const COMMON = ['name', 'column_type', 'drop', 'skip', 'propagate_skip'];
const WORDS: { readonly [type: string]: string } = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'null',
};

interface Field {
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Field[];
  readonly properties?: { readonly [name: string]: Field };
}

/** The page as it should stand. */
export function describeKinds(): string {
  const kinds = COLUMN_KINDS.map((kind) => {
    const { about, schema } = declarationOf(kind);
    const variants =
      'by' in schema
        ? Object.entries(schema.schemas)
        : ([['', schema]] as readonly (readonly [string, z.ZodType])[]);
    const lists = variants.map(([word, variant]) => {
      const title = 'by' in schema ? [`\`${schema.by}: ${word}\``] : [];
      return [...title, ...fieldsOf(variant)].join('\n\n');
    });
    return [`## ${kind}`, about, ...lists.filter((list) => list !== '')].join('\n\n');
  });
  const intro =
    'Every column has a `name` and a `column_type`. Any may be left out of the output (`drop: true`), and any that starts no rows may be skipped: `skip: { when: "{{ … }}", value: … }`; columns that need a skipped one are skipped too unless they say `propagate_skip: false`. Fields without a default have to be written.';
  return ['# Columns, kind by kind', intro, ...kinds, ''].join('\n\n').replace(/\n+$/, '\n');
}

function fieldsOf(given: z.ZodType): string[] {
  // What is read has the fields, whatever is made of it then.
  const { in: read, out } = given instanceof z.ZodPipe ? given.def : { in: given, out: given };
  const schema = (out as z.ZodType) instanceof z.ZodTransform ? (read as z.ZodType) : given;
  const { properties } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Field;
  const lines = linesOf(properties ?? {}, '');
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** A line a field; those of a map below it by their whole name. */
function linesOf(fields: NonNullable<Field['properties']>, above: string): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (above === '' && COMMON.includes(name)) return [];
    if (field.properties !== undefined) return linesOf(field.properties, `${above}${name}.`);
    const given = 'default' in field ? `, \`${JSON.stringify(field.default)}\` by default` : '';
    return [`- \`${above}${name}\`: ${describe(field)}${given}`];
  });
}

function describe(field: Field): string {
  if (field.enum !== undefined) return field.enum.map((word) => `\`${word}\``).join(', ');
  const types = field.anyOf === undefined ? [field.type ?? []].flat() : [];
  const words = field.anyOf?.map(describe) ?? types.map((type) => WORDS[type] ?? type);
  return [...new Set(words)].join(' or ') || 'any value';
}

if (import.meta.filename === process.argv[1]) writeFileSync(PAGE, describeKinds());
