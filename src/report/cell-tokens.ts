// How many tokens the calls took that gave the values of a column, from the records of its cells.

import { aliasesOf, isMade, type Plan } from '../plan.ts';
import type { DatasetStore } from '../store/dataset-store.ts';
import { gatherRecords } from '../store/gather.ts';
import { readGroups } from '../store/groups.ts';
import type { Tokens } from './profile.ts';

interface Counts {
  readonly input: number[];
  readonly output: number[];
}

export interface CellTokens {
  readonly input_tokens: Tokens;
  readonly output_tokens: Tokens;
}

/** By column, of those with calls to a model in the edition. A group of one column's records is in memory, and two numbers a cell. */
export async function readTokens(
  dataset: DatasetStore,
  { plan, epoch }: { readonly plan: Plan; readonly epoch: number },
): Promise<Map<string, CellTokens>> {
  const asking = plan.columns.filter((column) => isMade(column) && aliasesOf(column).length > 0);
  const counts = new Map(asking.map(({ name }): [string, Counts] => [name, { input: [], output: [] }]));
  for await (const group of readGroups(dataset, epoch)) {
    for (const { name } of asking) {
      const { rowGroup } = group;
      const of = { columns: [name], rowGroup, rows: group.rows, chosenBy: group.epoch };
      const records = (await gatherRecords(dataset, of)).get(name) ?? [];
      for (const { chosen, calls } of records) {
        const call = chosen === true ? calls.findLast(({ status }) => status === 200) : undefined;
        if (call === undefined) continue;
        counts.get(name)!.input.push(call.promptTokens);
        counts.get(name)!.output.push(call.completionTokens);
      }
    }
  }
  return new Map(
    [...counts]
      .filter(([, { input }]) => input.length > 0)
      .map(([name, { input, output }]) => [
        name,
        { input_tokens: summed(input), output_tokens: summed(output) },
      ]),
  );
}

function summed(tokens: readonly number[]): Tokens {
  const mean = sum(tokens) / tokens.length;
  const sorted = Float64Array.from(tokens).sort();
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  const squares = sum(tokens.map((count) => (count - mean) ** 2));
  return { mean, median, stddev: tokens.length < 2 ? 0 : Math.sqrt(squares / (tokens.length - 1)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
