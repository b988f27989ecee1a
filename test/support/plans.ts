// Plans as tests write them: columns by kind, with what a test is about and defaults for all else.

import type { CustomColumn, CustomForm } from '../../src/columns/custom/declare.ts';
import type { ExpressionColumn, ExpressionForm } from '../../src/columns/expression/declare.ts';
import type { ChatForm } from '../../src/columns/llm/declare-chat.ts';
import type { JudgeColumn, JudgeScore } from '../../src/columns/llm-judge/declare.ts';
import type { StructuredColumn } from '../../src/columns/llm-structured/declare.ts';
import type { TextColumn } from '../../src/columns/llm-text/declare.ts';
import { openColumns } from '../../src/columns/open-columns.ts';
import type { SamplerColumn, SamplerForm } from '../../src/columns/sampler/form.ts';
import type { SamplerParams } from '../../src/columns/sampler/sampler.ts';
import type { SamplerType } from '../../src/columns/sampler/samplers.ts';
import type { SeedColumn } from '../../src/columns/seed-dataset/declare.ts';
import { columnOrder } from '../../src/config/graph-columns.ts';
import { openLocalMedia } from '../../src/local-media.ts';
import { openFunctions } from '../../src/modules/functions.ts';
import { PLAN_VERSION, type Plan, type PlanColumn, type PlanModel } from '../../src/plan.ts';
import { type Assembler, makeAssembler } from '../../src/rows/assemble.ts';
import { formatJson, type Value } from '../../src/values.ts';

/** Files below the working directory. */
export const LOCAL = openLocalMedia((reference) => reference);

/** Fields that columns of all kinds have. */
export type Common = Partial<Omit<PlanColumn, 'kind' | 'name' | 'form'>>;

const COMMON = {
  drop: false,
  type: { kind: 'text' },
  needs: [],
  skip: null,
  propagateSkip: true,
  onError: 'drop',
  sideEffects: [],
  limiters: [],
  inOrder: false,
} as const;

type ChatFields = Common & Partial<ChatForm>;

function chatOf({ prompt, systemPrompt, alias, trace, showsReasoning, ...common }: ChatFields) {
  const form: ChatForm = {
    prompt: prompt ?? 'Write',
    systemPrompt: systemPrompt ?? null,
    alias: alias ?? 'writer',
    trace: trace ?? 'none',
    showsReasoning: showsReasoning ?? false,
  };
  return {
    column: { ...COMMON, strategy: 'cell', limiters: [{ model: form.alias }], ...common } as const,
    form,
  };
}

export function textColumn(name: string, more: ChatFields = {}): TextColumn {
  const { column, form } = chatOf(more);
  return { ...column, kind: 'llm-text', name, form };
}

export function structuredColumn(name: string, schema: Value, more: ChatFields = {}): StructuredColumn {
  const { column, form } = chatOf({ type: { kind: 'json' }, ...more });
  return { ...column, kind: 'llm-structured', name, form: { ...form, schema: formatJson(schema) } };
}

export function judgeColumn(name: string, scores: readonly JudgeScore[], more: ChatFields = {}): JudgeColumn {
  const { column, form } = chatOf({ type: { kind: 'json' }, ...more });
  return { ...column, kind: 'llm-judge', name, form: { ...form, scores: formatJson(scores) } };
}

export function samplerColumn(
  name: string,
  sampler: SamplerType,
  { params = {}, conditions = [], convertTo = null, ...common }: Common & Partial<SamplerForm> = {},
): SamplerColumn {
  const form = { sampler, params: params as SamplerParams, conditions, convertTo };
  return { ...COMMON, strategy: 'root', ...common, kind: 'sampler', name, form };
}

export function seedColumn(name: string, common: Common = {}): SeedColumn {
  return { ...COMMON, strategy: 'root', ...common, kind: 'seed-dataset', name, form: {} };
}

export function expressionColumn(
  name: string,
  expr: string,
  { dtype = 'str', ...common }: Common & Partial<ExpressionForm> = {},
): ExpressionColumn {
  return { ...COMMON, strategy: 'inline', ...common, kind: 'expression', name, form: { expr, dtype } };
}

export function customColumn(
  name: string,
  { type, sideEffects = [], ...more }: Common & Partial<CustomForm> = {},
): CustomColumn {
  const { module, activity, code, version, calling, reads, aliases, params, makes, ...common } = more;
  const form: CustomForm = {
    module: module ?? { hash: HASH, export: 'default' },
    activity: activity ?? null,
    code: code === undefined ? `${HASH}#default` : code,
    version: version ?? null,
    calling: calling ?? 'row',
    reads: reads ?? [],
    aliases: aliases ?? [],
    params: params ?? 'null',
    makes:
      makes ?? [name, ...sideEffects.map((side) => side.name)].map((made) => ({ name: made, schema: null })),
  };
  const strategy = form.calling === 'row' ? 'cell' : 'column';
  return {
    ...COMMON,
    strategy,
    ...common,
    type: type ?? COMMON.type,
    sideEffects,
    kind: 'custom',
    name,
    form,
  };
}

const HASH = '0'.repeat(32);

export const MODEL: PlanModel = {
  model: 'm',
  providerType: 'openai',
  temperature: null,
  topP: null,
  maxTokens: null,
  extraBody: {},
};

export function planWith(columns: readonly PlanColumn[], more: Partial<Plan> = {}): Plan {
  return {
    v: PLAN_VERSION,
    columns,
    processors: [],
    models: { writer: MODEL },
    seed: 's',
    rowGroupSize: 1_000,
    seedSource: null,
    keep: [],
    redo: [],
    ...more,
  };
}

/** For plans without processors of users. */
export const NO_FUNCTIONS = openFunctions({ moduleOf: () => Promise.reject(new Error('No module')) });

/** A column of a plan with some fields of its form changed. */
export function withForm<Column extends PlanColumn>(column: Column, change: object): Column {
  return { ...column, form: { ...(column.form as object), ...change } };
}

export async function assemblerOf(plan: Plan): Promise<Assembler> {
  return makeAssembler(plan, (await openColumns({ plan, order: columnOrder(plan), local: LOCAL })).columns);
}
