// The kinds of processors: a line each. What they do with rows is loaded when rows are there.

import type { PlanProcessor } from '../plan.ts';
import type {
  AfterBatchMaker,
  AnyProcessorDeclaration,
  ProcessorConfig,
  ProcessorDeclaration,
} from './declaration.ts';
import { declare as dropColumns } from './drop-columns/declare.ts';
import { declare as schemaTransform } from './schema-transform/declare.ts';

const PROCESSORS = {
  drop_columns: processor(dropColumns, null),
  schema_transform: processor(schemaTransform, () => import('./schema-transform/make.ts')),
} as const;
type ProcessorKind = keyof typeof PROCESSORS;
export const PROCESSOR_KINDS = Object.keys(PROCESSORS) as readonly ProcessorKind[];

/** What a person writes of a processor of any kind. */
export type ProcessorInput = {
  [Kind in ProcessorKind]: (typeof PROCESSORS)[Kind]['declare'] extends ProcessorDeclaration<
    Kind,
    infer _Config,
    infer _Form,
    infer Input
  >
    ? Input
    : never;
}[ProcessorKind];

/** Ties a kind's declaration to what makes something of its form; null for one without. */
function processor<Kind extends string, Config extends ProcessorConfig, Form, Input>(
  declare: ProcessorDeclaration<Kind, Config, Form, Input>,
  load:
    | (() => Promise<{ readonly make: AfterBatchMaker<PlanProcessor<NoInfer<Kind>, NoInfer<Form>>> }>)
    | null,
) {
  return { declare, load };
}

/** A kind by the `processor_type` of a document, or by the `kind` of a plan's processor. Throws `RangeError` for another word. */
export function processorOf(kind: string): AnyProcessorDeclaration {
  // A kind's declaration is only ever given what its own schema read, and the form that it made of that.
  return kindOf(kind).declare as unknown as AnyProcessorDeclaration;
}

/** What the kind of a plan's processor makes. Throws `RangeError` for another word. */
export async function loadProcessor(kind: string): Promise<AfterBatchMaker<PlanProcessor>> {
  const { load } = kindOf(kind);
  if (load === null) throw new RangeError(`Cannot run processors of kind "${kind}": the plan says all of it`);
  // It is only ever given processors of its own kind.
  return (await load()).make as AfterBatchMaker<PlanProcessor>;
}

function kindOf(kind: string): (typeof PROCESSORS)[ProcessorKind] {
  if (!Object.hasOwn(PROCESSORS, kind))
    throw new RangeError(`Cannot use processors of kind "${kind}": there is none`);
  return PROCESSORS[kind as ProcessorKind];
}
