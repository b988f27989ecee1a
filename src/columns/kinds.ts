// The kinds of columns: a line each. Makers are loaded when cells are made.

import type { PlanColumn } from '../plan.ts';
import { declare as custom } from './custom/declare.ts';
import type { AnyDeclaration, ColumnConfig, Declaration } from './declaration.ts';
import { declare as embedding } from './embedding/declare.ts';
import { declare as expression } from './expression/declare.ts';
import { declare as image } from './image/declare.ts';
import { declare as llmCode } from './llm-code/declare.ts';
import { declare as llmJudge } from './llm-judge/declare.ts';
import { declare as llmStructured } from './llm-structured/declare.ts';
import { declare as llmText } from './llm-text/declare.ts';
import type { Maker } from './maker.ts';
import { declare as sampler } from './sampler/declare.ts';
import { declare as seedDataset } from './seed-dataset/declare.ts';
import { declare as validation } from './validation/declare.ts';

export const KINDS = {
  sampler: kind(sampler, () => import('./sampler/make.ts')),
  'seed-dataset': kind(seedDataset, () => import('./seed-dataset/make.ts')),
  'llm-text': kind(llmText, () => import('./llm-text/make.ts')),
  'llm-code': kind(llmCode, () => import('./llm-code/make.ts')),
  'llm-structured': kind(llmStructured, () => import('./llm-structured/make.ts')),
  'llm-judge': kind(llmJudge, () => import('./llm-judge/make.ts')),
  embedding: kind(embedding, () => import('./embedding/make.ts')),
  image: kind(image, () => import('./image/make.ts')),
  expression: kind(expression, () => import('./expression/make.ts')),
  custom: kind(custom, () => import('./custom/make.ts')),
  validation: kind(validation, () => import('./validation/make.ts')),
} as const;
export type ColumnKind = keyof typeof KINDS;
export const COLUMN_KINDS = Object.keys(KINDS) as readonly ColumnKind[];

/** What a person writes of a column of a kind. */
export type InputOf<Kind extends ColumnKind> =
  (typeof KINDS)[Kind]['declare'] extends Declaration<Kind, infer _Config, infer _Form, infer Input>
    ? Input
    : never;

/** Ties a kind's declaration to the maker of the same kind and form. */
export function kind<Kind extends string, Config extends ColumnConfig, Form, Input>(
  declare: Declaration<Kind, Config, Form, Input>,
  load: () => Promise<{ readonly make: Maker<PlanColumn<NoInfer<Kind>, NoInfer<Form>>> }>,
) {
  return { declare, load };
}

/** A kind by the `column_type` of a document, or by the `kind` of a plan's column. Throws `RangeError` for another word. */
export function declarationOf(kind: string): AnyDeclaration {
  // A kind's declaration is only ever given what its own schema read, and the form that it made of that.
  return kindOf(kind).declare as unknown as AnyDeclaration;
}

/** The maker of a kind. Throws `RangeError` for another word. */
export async function loadMaker(kind: string): Promise<Maker<PlanColumn>> {
  // It is only ever given columns of its own kind.
  return (await kindOf(kind).load()).make as Maker<PlanColumn>;
}

function kindOf(kind: string): (typeof KINDS)[ColumnKind] {
  if (!Object.hasOwn(KINDS, kind))
    throw new RangeError(`Cannot use columns of kind "${kind}": there is none`);
  return KINDS[kind as ColumnKind];
}
