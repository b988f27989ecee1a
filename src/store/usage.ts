// What was paid for. A call is counted once: its id is its part's nonce and its number there, copies of a record keep
// it, and a part counts only calls with its own nonce. A commit writes down what the parts of its group hold before it
// removes any; the sum is over these files and the parts that none of them names.

import { findOwn, setOwn } from '../own-keys.ts';
import type { DatasetStore } from './dataset-store.ts';
import { findDocument, writeDocument } from './documents.ts';
import { parseCellFileName, parseUsageName, usageName } from './names.ts';
import { findPart } from './parts.ts';
import type { CallRecord } from './records.ts';

const USAGE_VERSION = 1;

export interface CallUsage {
  readonly calls: number;
  /** Calls without a usable HTTP answer. */
  readonly failedCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** `usage/rg-00042.000007.json`: what one commit folded. */
export interface UsageFile {
  readonly v: typeof USAGE_VERSION;
  readonly columns: { readonly [column: string]: FoldedFiles };
}

export interface FoldedFiles {
  /** By nonce: calls, failed calls, prompt tokens, completion tokens. */
  readonly parts: { readonly [nonce: string]: readonly [number, number, number, number] };
  /** Epochs of the settled files. */
  readonly settled: readonly number[];
}

export const NO_USAGE: CallUsage = { calls: 0, failedCalls: 0, promptTokens: 0, completionTokens: 0 };

/** The calls of a part that are its own. */
export function usageOf(
  records: readonly { readonly calls: readonly CallRecord[] }[],
  nonce: string,
): CallUsage {
  const own = `${nonce}:`;
  const sum = { ...NO_USAGE };
  for (const { calls } of records) {
    for (const call of calls) {
      if (!call.id.startsWith(own)) continue;
      sum.calls += 1;
      if (call.status !== 200) sum.failedCalls += 1;
      sum.promptTokens += call.promptTokens;
      sum.completionTokens += call.completionTokens;
    }
  }
  return sum;
}

export function addUsage(left: CallUsage, right: CallUsage): CallUsage {
  return {
    calls: left.calls + right.calls,
    failedCalls: left.failedCalls + right.failedCalls,
    promptTokens: left.promptTokens + right.promptTokens,
    completionTokens: left.completionTokens + right.completionTokens,
  };
}

export async function findUsageFile(
  dataset: DatasetStore,
  of: { rowGroup: number; epoch: number },
): Promise<UsageFile | undefined> {
  return findDocument(dataset.files, { path: dataset.path('usage', usageName(of)), version: USAGE_VERSION });
}

/** Writes down what a commit folds; what an earlier try of the same commit wrote down stays. */
export async function writeUsageFile(
  dataset: DatasetStore,
  of: { rowGroup: number; epoch: number; columns: UsageFile['columns'] },
): Promise<void> {
  const before = (await findUsageFile(dataset, of))?.columns ?? {};
  const columns: Record<string, FoldedFiles> = { ...before };
  for (const [column, { parts, settled }] of Object.entries(of.columns)) {
    setOwn(columns, column, {
      parts: { ...findOwn(before, column)?.parts, ...parts },
      settled: [...new Set([...(findOwn(before, column)?.settled ?? []), ...settled])],
    });
  }
  const document: UsageFile = { v: USAGE_VERSION, columns };
  await writeDocument(dataset.files, { path: dataset.path('usage', usageName(of)), document });
}

/** All that was paid for, by column, those that the plan no longer has too. */
export async function readUsage(dataset: DatasetStore): Promise<{ readonly [column: string]: CallUsage }> {
  // Parts first: one that a commit removes meanwhile is in the usage file that the commit wrote before.
  const parts = await readPartUsage(dataset);
  const sums = new Map<string, CallUsage>();
  const add = (column: string, usage: CallUsage) => {
    sums.set(column, addUsage(sums.get(column) ?? NO_USAGE, usage));
  };
  for (const files of await usageFilesByGroup(dataset)) {
    for (const [column, counted] of mergeParts(files)) {
      for (const [nonce, [calls, failedCalls, promptTokens, completionTokens]] of counted) {
        parts.delete(nonce);
        add(column, { calls, failedCalls, promptTokens, completionTokens });
      }
    }
  }
  for (const { column, usage } of parts.values()) add(column, usage);
  return Object.fromEntries([...sums].sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function readPartUsage(
  dataset: DatasetStore,
): Promise<Map<string, { column: string; usage: CallUsage }>> {
  const parts = new Map<string, { column: string; usage: CallUsage }>();
  for (const folder of await dataset.files.list(dataset.path('cells'))) {
    for (const name of await dataset.files.list(dataset.path('cells', folder))) {
      const file = parseCellFileName(name);
      if (file?.kind !== 'part') continue;
      const part = await findPart(dataset, `cells/${folder}/${name}`);
      if (part === undefined) continue;
      const column = part.header?.column ?? decodeURIComponent(folder);
      parts.set(file.nonce, { column, usage: usageOf(part.records, file.nonce) });
    }
  }
  return parts;
}

async function usageFilesByGroup(dataset: DatasetStore): Promise<readonly UsageFile[][]> {
  const groups = new Map<number, UsageFile[]>();
  for (const name of await dataset.files.list(dataset.path('usage'))) {
    const of = parseUsageName(name);
    const file = of === undefined ? undefined : await findUsageFile(dataset, of);
    if (of === undefined || file === undefined) continue;
    const files = groups.get(of.rowGroup);
    if (files === undefined) groups.set(of.rowGroup, [file]);
    else files.push(file);
  }
  return [...groups.values()];
}

type Counts = readonly [number, number, number, number];

/** A part that two commits of a group counted counts once: as the one that saw more of it did. */
function mergeParts(files: readonly UsageFile[]): ReadonlyMap<string, ReadonlyMap<string, Counts>> {
  const columns = new Map<string, Map<string, Counts>>();
  for (const file of files) {
    for (const [column, { parts }] of Object.entries(file.columns)) {
      const merged = columns.get(column) ?? new Map<string, Counts>();
      columns.set(column, merged);
      for (const [nonce, counts] of Object.entries(parts)) {
        if ((merged.get(nonce)?.[0] ?? -1) < counts[0]) merged.set(nonce, counts);
      }
    }
  }
  return columns;
}
