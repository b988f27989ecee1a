// How a document declares the columns that a function makes: by their names, or with a JSON Schema of their values.

import { z } from 'zod';
import type { ColumnType } from '../plan.ts';
import { fromDraft4 } from '../schemas/dialect.ts';
import { schemaProblems, typeOfSchema } from '../schemas/json-schema.ts';
import type { Value } from '../values.ts';
import { filledText, map, value } from './fields.ts';

/** A JSON Schema, or null. */
export const outputFormat = () => value().transform(fromDraft4).nullable().default(null);

/** Names, or `{name, output_format}`. */
export const madeColumns = () =>
  z
    .array(
      z.union([
        filledText().transform((name) => ({ name, output_format: null as Value })),
        map({ name: filledText(), output_format: outputFormat() }),
      ]),
    )
    .default([]);

/** The type in the files. Without a schema it is text: text as it is, all else as JSON. */
export function typeOfFormat(format: Value): ColumnType {
  return format === null ? { kind: 'text' } : typeOfSchema(format);
}

/** What is wrong with a format, below the field that holds it. */
export function formatProblems(format: Value): ReturnType<typeof schemaProblems> {
  return format === null ? [] : schemaProblems(format);
}
