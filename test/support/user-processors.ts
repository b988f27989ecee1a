// Processors of users' modules as tests write them: code as a bundle has it, and what runs it.

import { openFunctions } from '../../src/modules/functions.ts';
import { hashOfCode } from '../../src/modules/stored-modules.ts';
import type { SideEffect } from '../../src/plan.ts';
import type { AfterBatch } from '../../src/processors/after-batch/declare.ts';
import type { AfterGeneration } from '../../src/processors/after-generation/declare.ts';
import type { BeforeBatch } from '../../src/processors/before-batch/declare.ts';
import type { Processing } from '../../src/processors/declaration.ts';
import { planWith } from './plans.ts';

/** JavaScript; the function is its default export. */
export function beforeBatch(code: string, { name = 'tidy', params = 'null' } = {}): BeforeBatch {
  return { kind: 'before_batch', name, form: { module: moduleOf(code), params } };
}

export function afterBatch(
  code: string,
  {
    adds = [],
    schema = null,
  }: { readonly adds?: readonly SideEffect[]; readonly schema?: string | null } = {},
): AfterBatch {
  const makes = adds.map(({ name }) => ({ name, schema }));
  return { kind: 'after_batch', name: 'tidy', adds, form: { module: moduleOf(code), params: 'null', makes } };
}

export function afterGeneration(
  code: string,
  {
    name = 'tidy',
    adds = [],
    params = 'null',
  }: { readonly name?: string; readonly adds?: readonly SideEffect[]; readonly params?: string } = {},
): AfterGeneration {
  const makes = adds.map((column) => ({ name: column.name, schema: null }));
  return { kind: 'after_generation', name, adds, form: { module: moduleOf(code), params, makes } };
}

const codes = new Map<string, string>();

function moduleOf(code: string): BeforeBatch['form']['module'] {
  const hash = hashOfCode(code);
  codes.set(hash, code);
  return { hash, export: 'default' };
}

/** Runs the modules of all processors that were made here. */
export const FUNCTIONS = openFunctions({
  moduleOf: async (hash) => ({ hash, code: codes.get(hash)!, map: null }),
});

export function processingOf(plan = planWith([])): Processing {
  return { plan, functions: FUNCTIONS, signal: new AbortController().signal };
}
