// What a kind's declare.ts is: all that config, plan and client need to know of the kind. Pure: what is read from outside
// before a plan is made, seeds and modules, comes in as facts.

import type { z } from 'zod';
import type { PersonaFile, PersonaFilter } from '../personas/persona-file.ts';
import type { ColumnType, LimiterRef, OutputColumn, Plan, Strategy, ToolUse } from '../plan.ts';
import type { Shape, ShapeOf } from '../templates/shape.ts';
import type { Value } from '../values.ts';
import { flag, map, oneOf, text, value } from './fields.ts';
import { condition } from './marks.ts';

/** What the values of a column have to hold, against a number or the value of another column in the row. */
export interface Constraint {
  readonly operator: 'lt' | 'le' | 'gt' | 'ge';
  readonly rhs: number | { readonly column: string };
}

/** What is said outside a column before a plan is made: by the rest of the document, and by files. */
export interface Facts {
  /** The columns of the seed source; null without seeds. */
  readonly seeds: { readonly columns: readonly OutputColumn[] } | null;
  /** By the path that the document names: the hash of the module's bundle; empty where only checks are made. */
  readonly modules: ReadonlyMap<string, string>;
  /** By the column whose values have to hold them. */
  readonly constraints: ReadonlyMap<string, readonly Constraint[]>;
  readonly personas: {
    /** Persons are put together by Faker, whatever files there are. */
    readonly isFaker: boolean;
    /** By locale, those that the columns name. */
    readonly files: ReadonlyMap<string, PersonaFile>;
  };
  /** By the alias that columns name. */
  readonly tools: ReadonlyMap<string, ToolUse>;
}

/** For checks, which come before anything outside the document is read. */
export const NO_FACTS: Facts = {
  seeds: null,
  modules: new Map(),
  constraints: new Map(),
  personas: { isFaker: false, files: new Map() },
  tools: new Map(),
};

/** What a document says of any column, with defaults filled in. */
export interface ColumnConfig {
  readonly name: string;
  readonly column_type: string;
  readonly drop: boolean;
  readonly skip: { readonly when: string; readonly value: Value } | null;
  readonly propagate_skip: boolean;
}

/** The fields that all columns have, for the schema of a kind. */
export const columnFields = <Kind extends string>(kind: Kind) => ({
  name: text(),
  column_type: oneOf([kind]),
  drop: flag().default(false),
});

/** The same for schemas: they stand last, so that what a column needs for its cells is mentioned first. */
export const skipFields = () => ({
  skip: map({ when: condition(), value: value().nullable().default(null) })
    .nullable()
    .default(null),
  propagate_skip: flag().default(true),
});

/** The schema of a kind; where a field chooses between several, those by the field's word. */
export type ColumnSchema<Config, Input = unknown> =
  | z.ZodType<Config, Input>
  | {
      readonly by: string;
      /** The field, a map, that may hold the word in its place. */
      readonly orIn?: string;
      readonly schemas: { readonly [word: string]: z.ZodType<Config, Input> };
    };

/** Another column of the document, as far as it could be read. */
export interface Sibling {
  readonly name: string | null;
  readonly kind: string | null;
  /** Null when something in it is wrong. */
  readonly config: ColumnConfig | null;
}

export interface ConstraintCheck {
  readonly constraint: Constraint;
  /** `field` is where in the constraint it is wrong; null for all of it. */
  add(message: string, field: 'target_column' | 'rhs' | null, level?: 'warning'): void;
}

/** What a kind's own check is given. Paths are those below the column. */
export interface ColumnChecks {
  readonly columns: readonly Sibling[];
  /** Those that the column's values have to hold. */
  readonly constraints: readonly ConstraintCheck[];
  /** Those of all columns. */
  readonly constraintsOf: Facts['constraints'];
  /** The columns that a column needs, each after those that it needs itself. */
  upstreamOf(column: string): readonly string[];
  add(
    path: readonly (string | number)[],
    /** What follows the field's name: `is missing`. */
    message: string,
    options?: { readonly isWhole?: boolean; readonly level?: 'warning'; readonly isAtKey?: boolean },
  ): void;
}

/** `./gen.ts#title`: an export of a module, by the path in the document. */
export interface ModuleRef {
  readonly file: string;
  readonly export: string;
  /** The field that names it, below the column. */
  readonly path: readonly (string | number)[];
}

/** The persons of a locale's file that a column takes its cells from. */
export interface PersonaRef {
  readonly locale: string;
  readonly filters: readonly PersonaFilter[];
  /** The parameters that name it, below the column. */
  readonly path: readonly (string | number)[];
}

/** What people call a field of the form, and the document's field where it has another name. */
export type FieldWord = string | { readonly word: string; readonly field: string };

/** Fields of Data Designer's that are not supported yet, with the values that ask for nothing. */
export type LaterFields = Readonly<Record<string, readonly unknown[]>>;

/** `Input` is what a person writes: the builder's types follow from it. */
export interface Declaration<Kind extends string, Config extends ColumnConfig, Form, Input = unknown> {
  readonly kind: Kind;
  /** What a cell of it is, in one sentence for the docs. */
  readonly about: string;
  readonly schema: ColumnSchema<Config, Input>;
  readonly laterFields?: LaterFields;
  /** What is wrong with a column that its schema cannot see: its siblings, schemas, formats. */
  check?(config: Config, checks: ColumnChecks): void;
  sideEffects?(config: Config): readonly OutputColumn[];
  /** What it makes beside a column of that name where a field asks for it, with the field as people write it. */
  optionalSideEffects?(column: string): readonly { readonly name: string; readonly field: string }[];
  /** The exports of modules that its cells are made by: bundled before the plan is made. */
  modules?(config: Config): readonly ModuleRef[];
  /** The persona files that its cells are taken from: looked at before the plan is made. */
  personas?(config: Config): readonly PersonaRef[];
  type(config: Config, facts: Facts): ColumnType;
  /** What is known of its values for templates that look into them; `undefined`: what its type says. */
  shape?(config: Config, shapeOf: ShapeOf): Shape | null | undefined;
  form(config: Config, facts: Facts): Form;
  strategy(form: Form): Strategy;
  limiters(form: Form): readonly LimiterRef[];
  /** Constraints of the document may be about its values. */
  readonly takesConstraints?: true;
  /** Whether its rows are made one at a time in their order, group after group. */
  inOrder?(form: Form): boolean;
  /** Whether making a cell may cost money: it is counted as a call, and asked about before it is made again. */
  costs(form: Form): boolean;
  readonly onError: 'drop' | 'null';
  /** What a cell that failed for good is where `onError` is `null`; null by default. */
  failedValue?(form: Form): Value;
  /** Raised when any answer is read into another value than before: kept cells are read again. */
  readonly readVersion: number;
  /** By field of the form, in the order in which a change is looked for; null for what no cell is made from. */
  readonly words: { readonly [Field in keyof Form]-?: FieldWord | null };
  /** What of the plan its cells follow beside their form, with the words for a change of it. */
  readonly follows: { readonly [Field in 'seed' | ('seedSource' & keyof Plan)]?: string };
  /** Why its cells are not made again on their own, and what to do instead; null where they are. */
  readonly whyNoRedo: string | null;
  /** Where a cell comes from, for people; `seedRow` says which row of the seeds. Null where its record tells. */
  source(form: Form, of: { readonly seedRow: string | null }): string | null;
  /** Code that cells hold, and its language: those of the columns that it names, else its own. Null where it says nothing of it. */
  code?(form: Form): { readonly language: string; readonly columns?: readonly string[] } | null;
  /** How people read what changed in it: its name when null. */
  readonly causeWord: string | null;
}

export type AnyDeclaration = Declaration<string, ColumnConfig, unknown>;
