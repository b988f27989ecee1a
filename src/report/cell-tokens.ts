// What the calls of columns took, from the records of their cells: the tokens of those that gave the values, and the time of all.

import { aliasesOf, isMade, type Plan } from '../plan.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { gatherRecords } from '../store/gather.ts';
import { readGroups } from '../store/groups.ts';
import type { CellTokens } from './profile.ts';

interface Counts {
  readonly input: number[];
  readonly output: number[];
  readonly ms: number[];
}

/** Milliseconds: the sum of all calls, which run beside each other, and one in the middle. */
export interface CallTimes {
  readonly sum: number;
  readonly median: number;
}

export interface CellCosts {
  readonly tokens: ReadonlyMap<string, CellTokens>;
  readonly times: ReadonlyMap<string, CallTimes>;
}

/** By column, of those with calls to a model in the edition. A group of one column's records is in memory, and three numbers a call. */
export async function readCosts(
  dataset: DatasetStore,
  { plan, epoch }: { readonly plan: Plan; readonly epoch: number },
): Promise<CellCosts> {
  const asking = plan.columns.filter((column) => isMade(column) && aliasesOf(column).length > 0);
  const counts = new Map(
    asking.map(({ name }): [string, Counts] => [name, { input: [], output: [], ms: [] }]),
  );
  for await (const group of readGroups(dataset, epoch)) {
    for (const { name } of asking) {
      const { rowGroup } = group;
      const of = { columns: [name], rowGroup, rows: group.rows, chosenBy: group.epoch };
      const records = (await gatherRecords(dataset, of)).get(name) ?? [];
      const all = new Map(records.flatMap(({ calls }) => calls.map(({ id, ms }) => [id, ms] as const)));
      for (const ms of all.values()) counts.get(name)!.ms.push(ms);
      for (const { chosen, calls } of records) {
        const call = chosen === true ? calls.findLast(({ status }) => status === 200) : undefined;
        if (call === undefined) continue;
        counts.get(name)!.input.push(call.promptTokens);
        counts.get(name)!.output.push(call.completionTokens);
      }
    }
  }
  const found = [...counts].filter(([, { ms }]) => ms.length > 0);
  return {
    tokens: new Map(
      found
        .filter(([, { input }]) => input.length > 0)
        .map(([name, { input, output }]) => [
          name,
          { ...summed('input', input), ...summed('output', output) } as CellTokens,
        ]),
    ),
    times: new Map(found.map(([name, { ms }]) => [name, { sum: sum(ms), median: medianOf(ms) }])),
  };
}

function summed(of: 'input' | 'output', tokens: readonly number[]): Partial<CellTokens> {
  const mean = sum(tokens) / tokens.length;
  const squares = sum(tokens.map((count) => (count - mean) ** 2));
  return {
    [`${of}_tokens_mean`]: mean,
    [`${of}_tokens_median`]: medianOf(tokens),
    [`${of}_tokens_stddev`]: tokens.length < 2 ? 0 : Math.sqrt(squares / (tokens.length - 1)),
  };
}

function medianOf(numbers: readonly number[]): number {
  const sorted = Float64Array.from(numbers).sort();
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
