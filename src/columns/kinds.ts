// The kinds of columns: a line each. Makers are loaded when cells are made.

import type { AnyDeclaration, Declaration } from './declaration.ts';
import { declare as expression } from './expression/declare.ts';
import { declare as llmJudge } from './llm-judge/declare.ts';
import { declare as llmStructured } from './llm-structured/declare.ts';
import { declare as llmText } from './llm-text/declare.ts';
import { declare as sampler } from './sampler/declare.ts';
import { declare as seedDataset } from './seed-dataset/declare.ts';

export const KINDS = {
  sampler,
  'seed-dataset': seedDataset,
  'llm-text': llmText,
  'llm-structured': llmStructured,
  'llm-judge': llmJudge,
  expression,
} as const;
export type ColumnKind = keyof typeof KINDS;
export const COLUMN_KINDS = Object.keys(KINDS) as readonly ColumnKind[];

/** What a person writes of a column of a kind. */
export type InputOf<Kind extends ColumnKind> =
  (typeof KINDS)[Kind] extends Declaration<Kind, infer _Config, infer _Form, infer Input> ? Input : never;

/** A kind by the `column_type` of a document, or by the `kind` of a plan's column. Throws `RangeError` for another word. */
export function declarationOf(kind: string): AnyDeclaration {
  if (!Object.hasOwn(KINDS, kind))
    throw new RangeError(`Cannot use columns of kind "${kind}": there is none`);
  // A kind's declaration is only ever given what its own schema read, and the form that it made of that.
  return KINDS[kind as ColumnKind] as unknown as AnyDeclaration;
}
