// What the processes that make the calls of one start have spent, a file for each, so that they keep under its caps
// together. What a dataset has cost in all is in the records of its calls: these files end with the start.

import type { DatasetStore } from './dataset-store.ts';

const FOLDER = 'spent';

export interface Spent {
  readonly dollars: number;
  /** In and out. */
  readonly tokens: number;
}

/** One process in one start. */
export interface Spender {
  readonly epoch: number;
  readonly process: string;
}

/** Tells the others. Throws `StoreError`. */
export async function noteSpent(dataset: DatasetStore, spender: Spender, spent: Spent): Promise<void> {
  await dataset.files.makeFolder(FOLDER);
  await dataset.files.replace(`${FOLDER}/${prefixOf(spender)}${spender.process}.json`, JSON.stringify(spent));
}

/** All that others have spent in the same start. */
export async function spentByOthers(dataset: DatasetStore, spender: Spender): Promise<Spent> {
  const names = (await dataset.files.list(FOLDER)).filter(
    (name) => name.startsWith(prefixOf(spender)) && !name.includes(spender.process),
  );
  const found = await Promise.all(names.map((name) => dataset.files.find(`${FOLDER}/${name}`)));
  const all = found.flatMap((bytes): Spent[] => (bytes === undefined ? [] : [JSON.parse(bytes.toString())]));
  return {
    dollars: all.reduce((sum, { dollars }) => sum + dollars, 0),
    tokens: all.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** The build has ended. */
export async function forgetSpent(dataset: DatasetStore): Promise<void> {
  await dataset.files.removeFolder(FOLDER);
}

function prefixOf({ epoch }: Spender): string {
  return `e${epoch}.`;
}
