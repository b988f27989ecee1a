// What a kind of processor is: its declare.ts has all that config, plan and client need to know, its make.ts what it does
// with rows.

import type { z } from 'zod';
import type { Facts, ModuleRef } from '../columns/declaration.ts';
import type { Functions } from '../modules/functions.ts';
import type { OutputColumn, Plan, PlanProcessor } from '../plan.ts';
import type { Engine } from '../templates/engines.ts';
import type { ShapeOf } from '../templates/shape.ts';
import type { ValueObject } from '../values.ts';

/** What a document says of any processor: one of Data Designer's names its type, one of the user's its stage. */
export type ProcessorConfig = { readonly name: string } & (
  | { readonly processor_type: string }
  | { readonly stage: string }
);

/** What a kind's own check is given. Paths are those below the processor. */
export interface ProcessorChecks {
  /** The columns that it may name, those that processors before it add too; null when they cannot all be known. */
  readonly columns: readonly string[] | null;
  /** Those of them that are read out of another column's cells. */
  readonly sideEffects: readonly string[];
  /** By column, the processor before it that took it out. */
  readonly dropped: ReadonlyMap<string, string>;
  readonly shapeOf: ShapeOf;
  readonly engine: Engine;
  add(
    path: readonly (string | number)[],
    message: string,
    options?: {
      readonly isWhole?: boolean;
      readonly level?: 'error' | 'warning';
      /** A place in the text of the field, or of a name in it. */
      readonly at?: number | { readonly mention: string } | 'key';
    },
  ): void;
}

/** A column that a processor adds to the output, and the field that names it, below the processor. */
export interface AddedColumn extends OutputColumn {
  readonly path: readonly (string | number)[];
}

export interface ProcessorDeclaration<Kind extends string, Config, Form, Input = unknown> {
  readonly kind: Kind;
  /**
   * When it works: on rows before any of their cells is made, or on all rows when every group is written. By default on
   * those of a group when they are written.
   */
  readonly stage?: 'beforeBatch' | 'afterGeneration';
  /** What it makes of a row may depend on the other rows of its group. */
  readonly needsBatch?: true;
  readonly schema: z.ZodType<Config, Input>;
  check?(config: Config, checks: ProcessorChecks): void;
  /** The columns of these that it takes out of the output. */
  drops?(config: Config, columns: readonly string[]): readonly string[];
  adds?(config: Config): readonly AddedColumn[];
  /** The exports of modules that it runs: bundled before the plan is made. */
  modules?(config: Config): readonly ModuleRef[];
  /** Null for one that is done with when the plan is made. */
  form(config: Config, facts: Pick<Facts, 'modules'>): Form | null;
  /** By field of the form, in the order in which a change is looked for. */
  readonly words: { readonly [Field in keyof Form]-?: string };
}

export type AnyProcessorDeclaration = ProcessorDeclaration<string, ProcessorConfig, object>;

/** A row that is complete, with what is left out of the output. */
export interface BatchRow {
  readonly row: number;
  readonly values: ValueObject;
}

/** What a processor made of the rows of a group, in their order. */
export interface ProcessedBatch {
  /** The rows with what it changed in them or added; none where it changes nothing. */
  readonly rows?: readonly BatchRow[];
  /** For files of its own. `columns` are those of the whole dataset, not just of these rows. */
  readonly own?: { readonly columns: readonly OutputColumn[]; readonly rows: readonly ValueObject[] };
}

/** What processors run under. */
export interface Processing {
  readonly plan: Plan;
  readonly functions: Functions;
  /** Fires when nobody waits for what they make. */
  readonly signal: AbortSignal;
}

/** A processor that works on the rows of a group when it is committed. */
export interface AfterBatchMaker<Processor extends PlanProcessor> {
  /** What it returns throws `ProcessorError`: the build stops, and goes on once the document or the module is mended. */
  open(processor: Processor, of: Processing): (rows: readonly BatchRow[]) => Promise<ProcessedBatch>;
}
