// `validation`: a verdict on other columns of the row, by a checker of code, a function of the user's or a service:
// `{is_valid, …}`.

import { z } from 'zod';
import { findOwn } from '../../own-keys.ts';
import type { ColumnType, PlanColumn } from '../../plan.ts';
import { schemaProblems } from '../../schemas/json-schema.ts';
import { shapeOfSchema } from '../../schemas/shape-of-schema.ts';
import type { Shape } from '../../templates/shape.ts';
import { formatJson, isValueObject, type Value } from '../../values.ts';
import {
  type ColumnChecks,
  type ColumnConfig,
  columnFields,
  type Declaration,
  type ModuleRef,
  skipFields,
} from '../declaration.ts';
import { filledText, map, oneOf, real, value, whole } from '../fields.ts';
import { typeOfFormat } from '../made-columns.ts';
import { columnName } from '../marks.ts';
import { isCode, moduleOf } from '../module-name.ts';
import { BOOL, FLOAT, INT, list, struct, TEXT } from '../types.ts';
import { CODE_LANGS, type CodeLang } from './code-langs.ts';

/** What the verdicts follow from. `schema` is the JSON text of a schema for the whole answer. */
export type Validator =
  | { readonly by: 'code'; readonly lang: CodeLang }
  | {
      readonly by: 'function';
      /** Of the module's bundle. */
      readonly hash: string;
      readonly export: string;
      readonly schema: string | null;
    }
  | { readonly by: 'service'; readonly url: string; readonly schema: string | null };

export interface ValidationForm {
  readonly targets: readonly string[];
  readonly how: Validator;
  readonly batchSize: number;
  /** Of a service; null where none is asked. */
  readonly pace: { readonly timeoutMs: number; readonly maxParallelRequests: number } | null;
}
export type ValidationColumn = PlanColumn<'validation', ValidationForm>;

const targets = () =>
  z
    .array(columnName())
    .min(1)
    .superRefine((names, context) => {
      names.forEach((name, index) => {
        if (names.indexOf(name) < index)
          context.addIssue({ code: 'custom', path: [index], message: `"${name}" is there already` });
      });
    });

function namesFunction(name: string): boolean {
  const { file, export: exported } = moduleOf(name);
  return isCode(file) && exported !== '';
}

const isWebAddress = (text: string) => /^https?:/.test(text) && URL.canParse(text);

const fieldsOf = <Type extends 'code' | 'local_callable' | 'remote'>(type: Type) => ({
  ...columnFields('validation'),
  target_columns: targets(),
  validator_type: oneOf([type]).default(type as never),
  batch_size: whole({ min: 1 }).default(10),
});
/** The parameters may say it once more, as Data Designer writes them. */
const sameType = <Type extends string>(type: Type) => oneOf([type]).optional();
const outputSchema = () => value().nullable().default(null);

const SCHEMAS = {
  code: map({
    ...fieldsOf('code'),
    validator_params: map({ validator_type: sameType('code'), code_lang: oneOf(CODE_LANGS) }),
    ...skipFields(),
  }),
  local_callable: map({
    ...fieldsOf('local_callable'),
    validator_params: map({
      validator_type: sameType('local_callable'),
      validation_function: filledText().refine(namesFunction, {
        message: 'has to be a JavaScript or TypeScript module and its export: ./check.ts#check',
      }),
      output_schema: outputSchema(),
    }),
    ...skipFields(),
  }),
  remote: map({
    ...fieldsOf('remote'),
    validator_params: map({
      validator_type: sameType('remote'),
      endpoint_url: filledText().refine(isWebAddress, { message: 'has to be an address: https://host/path' }),
      output_schema: outputSchema(),
      timeout: real({ min: 0.001 }).default(30),
      max_parallel_requests: whole({ min: 1 }).default(4),
      // Taken and not heeded: how often is the same for all that a build asks.
      max_retries: whole({ min: 0 }).default(3),
      retry_backoff: real({ min: 1 }).default(2),
    }),
    ...skipFields(),
  }),
};
type ValidatorType = keyof typeof SCHEMAS;

type ConfigOf<Type extends ValidatorType> = z.output<(typeof SCHEMAS)[Type]>;
export type ValidationConfig = { [Type in ValidatorType]: ConfigOf<Type> }[ValidatorType];
type Input = { [Type in ValidatorType]: z.input<(typeof SCHEMAS)[Type]> }[ValidatorType];

export const declare: Declaration<'validation', ValidationConfig, ValidationForm, Input> = {
  kind: 'validation',
  about:
    'Whether cells are valid, by a parser or linter, a function of yours or a service: `{is_valid, …}`. It drops no row.',
  schema: { by: 'validator_type', orIn: 'validator_params', schemas: SCHEMAS },
  check,
  modules,
  type: typeOf,
  shape: shapeOf,
  form(config, { modules: hashes }) {
    const { target_columns, batch_size } = config;
    const pace =
      config.validator_type === 'remote'
        ? {
            timeoutMs: config.validator_params.timeout * 1_000,
            maxParallelRequests: config.validator_params.max_parallel_requests,
          }
        : null;
    return { targets: target_columns, how: validatorOf(config, hashes), batchSize: batch_size, pace };
  },
  strategy: () => 'cell',
  limiters: ({ how, pace }) => [
    how.by === 'service'
      ? { host: new URL(how.url).host, max: pace!.maxParallelRequests }
      : { threads: 'cpu' },
  ],
  onError: 'null',
  costs: ({ how }) => how.by === 'service',
  failedValue: ({ targets, how }) => forTargets(targets, how, { is_valid: null }),
  readVersion: 1,
  words: {
    targets: { word: 'target columns', field: 'target_columns' },
    how: { word: 'validator', field: 'validator_params' },
    batchSize: null,
    pace: null,
  },
  follows: {},
  whyNoRedo: null,
  source: ({ how }) =>
    how.by === 'service' ? null : `checked ${how.by === 'code' ? `as ${how.lang}` : 'by a function'}`,
  code: ({ targets, how }) => (how.by === 'code' ? { language: how.lang, columns: targets } : null),
  causeWord: null,
};

/** Code is checked column by column, so with several the verdicts stand by their names; else all of a row have one. */
export function isByTarget({ targets, how }: Pick<ValidationForm, 'targets' | 'how'>): boolean {
  return how.by === 'code' && targets.length > 1;
}

function forTargets(names: readonly string[], how: Validator, verdict: Value): Value {
  if (!isByTarget({ targets: names, how })) return verdict;
  return Object.fromEntries(names.map((name) => [name, verdict]));
}

function validatorOf(config: ValidationConfig, hashes: ReadonlyMap<string, string>): Validator {
  switch (config.validator_type) {
    case 'code':
      return { by: 'code', lang: config.validator_params.code_lang };
    case 'remote': {
      const { endpoint_url, output_schema } = config.validator_params;
      return { by: 'service', url: endpoint_url, schema: textOf(output_schema) };
    }
    default: {
      const { validation_function, output_schema } = config.validator_params;
      const { file, export: exported } = moduleOf(validation_function);
      return {
        by: 'function',
        hash: hashes.get(file) ?? '',
        export: exported,
        schema: textOf(output_schema),
      };
    }
  }
}

const textOf = (schema: Value) => (schema === null ? null : formatJson(schema));

function modules(config: ValidationConfig): readonly ModuleRef[] {
  if (config.validator_type !== 'local_callable') return [];
  const module = moduleOf(config.validator_params.validation_function);
  return [{ ...module, path: ['validator_params', 'validation_function'] }];
}

const PYTHON = struct({
  is_valid: BOOL,
  python_linter_score: FLOAT,
  python_linter_severity: TEXT,
  python_linter_messages: list(struct({ type: TEXT, symbol: TEXT, line: INT, column: INT, message: TEXT })),
});
const OTHERS = struct({ is_valid: BOOL, error_messages: TEXT });

function typeOf(config: ValidationConfig): ColumnType {
  if (config.validator_type !== 'code') return typeOfVerdict(itemsIn(config.validator_params.output_schema));
  const ofOne = config.validator_params.code_lang === 'python' ? PYTHON : OTHERS;
  if (config.target_columns.length === 1) return ofOne;
  return struct(Object.fromEntries(config.target_columns.map((name) => [name, ofOne])));
}

/** Without a schema each verdict may have other fields. */
function typeOfVerdict(items: Value): ColumnType {
  const type = typeOfFormat(items);
  if (type.kind !== 'struct') return { kind: 'json' };
  const others = type.fields.filter(({ name }) => name !== 'is_valid');
  return { kind: 'struct', fields: [{ name: 'is_valid', type: BOOL }, ...others] };
}

function shapeOf(config: ValidationConfig): Shape | null | undefined {
  if (config.validator_type === 'code') return undefined;
  const items = itemsIn(config.validator_params.output_schema);
  return items === null ? null : shapeOfSchema(items);
}

/** The schema of a row's verdict in one of the whole answer. */
function itemsIn(schema: Value): Value {
  return ['properties', 'data', 'items'].reduce<Value>(
    (within, name) => (isValueObject(within) ? (findOwn(within, name) ?? null) : null),
    schema,
  );
}

function check(config: ValidationConfig, checks: ColumnChecks): void {
  if (config.validator_type === 'code') checkTargets(config, checks);
  else checkSchema(config.validator_params.output_schema, checks);
}

function checkTargets(
  { target_columns, validator_params: { code_lang } }: ConfigOf<'code'>,
  { columns, add }: ColumnChecks,
): void {
  target_columns.forEach((name, index) => {
    const path = ['target_columns', index];
    const target = columns.find((column) => column.name === name);
    if (target?.config === undefined || target.config === null) return;
    const made = langOf(target.config);
    if (made === null) {
      const message = `"${name}" is a ${target.kind} column: what it holds is checked as ${code_lang} all the same`;
      add(path, message, { level: 'warning' });
    } else if (made !== code_lang) {
      add(path, `"${name}" holds ${made}, which is not to be checked as ${code_lang}`);
    }
  });
}

/** The language of what a column is asked to hold. */
function langOf(config: ColumnConfig): string | null {
  const { code_lang } = config as ColumnConfig & { readonly code_lang?: unknown };
  return typeof code_lang === 'string' ? code_lang : null;
}

function checkSchema(schema: Value, { add }: ColumnChecks): void {
  if (schema === null) return;
  const place = ['validator_params', 'output_schema'];
  const problems = schemaProblems(schema);
  for (const { path, message } of problems) add([...place, ...path], message);
  if (
    problems.length === 0 &&
    !(isValueObject(schema) && isValueObject(schema.properties) && 'data' in schema.properties)
  )
    add(place, 'describes no "data": the whole answer is held against it, {"data": [{"is_valid": …}, …]}');
}
