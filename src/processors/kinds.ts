// The kinds of processors: a line each. What they do with rows is loaded when rows are there.

import type { PlanProcessor } from '../plan.ts';
import { declare as afterBatch } from './after-batch/declare.ts';
import { declare as afterGeneration } from './after-generation/declare.ts';
import { declare as beforeBatch } from './before-batch/declare.ts';
import type {
  AfterBatchMaker,
  AnyProcessorDeclaration,
  ProcessorConfig,
  ProcessorDeclaration,
} from './declaration.ts';
import { declare as dropColumns } from './drop-columns/declare.ts';
import { declare as schemaTransform } from './schema-transform/declare.ts';

/** Data Designer's, by `processor_type`. */
const PROCESSORS = {
  drop_columns: processor(dropColumns, null),
  schema_transform: processor(schemaTransform, () => import('./schema-transform/make.ts')),
} as const;
/** Those of users' modules, by `stage`. */
const USER_PROCESSORS = {
  before_batch: processor(beforeBatch, null),
  after_batch: processor(afterBatch, () => import('./after-batch/make.ts')),
  // It works on all rows together: `processFinishedRows`.
  after_generation: processor(afterGeneration, null),
} as const;
const ALL = { ...PROCESSORS, ...USER_PROCESSORS };

type ProcessorKind = keyof typeof PROCESSORS;
type UserProcessorKind = keyof typeof USER_PROCESSORS;
export const PROCESSOR_KINDS = Object.keys(PROCESSORS) as readonly ProcessorKind[];
export const USER_PROCESSOR_KINDS = Object.keys(USER_PROCESSORS) as readonly UserProcessorKind[];

/** What a person writes of a processor of some kinds. */
type InputOf<Kinds extends keyof typeof ALL> = {
  [Kind in Kinds]: (typeof ALL)[Kind]['declare'] extends ProcessorDeclaration<
    Kind,
    infer _Config,
    infer _Form,
    infer Input
  >
    ? Input
    : never;
}[Kinds];
export type ProcessorInput = InputOf<ProcessorKind>;
export type UserProcessorInput = InputOf<UserProcessorKind>;

/** Ties a kind's declaration to what makes something of its form at a commit; null for one that does nothing there. */
function processor<Kind extends string, Config extends ProcessorConfig, Form, Input>(
  declare: ProcessorDeclaration<Kind, Config, Form, Input>,
  load:
    | (() => Promise<{ readonly make: AfterBatchMaker<PlanProcessor<NoInfer<Kind>, NoInfer<Form>>> }>)
    | null,
) {
  return { declare, load };
}

/** What a document says a processor is. */
export function kindOf(config: ProcessorConfig): string {
  return 'stage' in config ? config.stage : config.processor_type;
}

/** A kind by its word in a document, or by the `kind` of a plan's processor. Throws `RangeError` for another word. */
export function processorOf(kind: string): AnyProcessorDeclaration {
  // A kind's declaration is only ever given what its own schema read, and the form that it made of that.
  return entryOf(kind).declare as unknown as AnyProcessorDeclaration;
}

/** What the kind of a plan's processor makes at a commit. Throws `RangeError` for another word. */
export async function loadProcessor(kind: string): Promise<AfterBatchMaker<PlanProcessor>> {
  const { load } = entryOf(kind);
  if (load === null) throw new RangeError(`Cannot run processors of kind "${kind}" when rows are written`);
  // It is only ever given processors of its own kind.
  return (await load()).make as AfterBatchMaker<PlanProcessor>;
}

function entryOf(kind: string): (typeof ALL)[keyof typeof ALL] {
  if (!Object.hasOwn(ALL, kind))
    throw new RangeError(`Cannot use processors of kind "${kind}": there is none`);
  return ALL[kind as keyof typeof ALL];
}
