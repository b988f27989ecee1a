// Which editions there are, and which one people see: the highest that says "published".

import type { DatasetStore } from './dataset-store.ts';
import { parseNumbers, publishedName } from './names.ts';

/** What a start's output is for good: what people see, until a later one is; or nothing that anyone has ever seen. */
export type Verdict = 'published' | 'abandoned';

/** The start whose output people see; undefined before the first. */
export async function findPublished(dataset: DatasetStore): Promise<number | undefined> {
  for (const epoch of parseNumbers(await dataset.files.list('published')).reverse()) {
    if ((await findVerdict(dataset, epoch)) === 'published') return epoch;
  }
  return undefined;
}

/** The starts whose output is there, ascending: what people see is the last published one of them. */
export async function listEditions(dataset: DatasetStore): Promise<number[]> {
  return parseNumbers(await dataset.files.list('editions'));
}

/** The published editions that are there, ascending: the versions of a dataset. */
export async function listVersions(dataset: DatasetStore): Promise<number[]> {
  const [published, editions] = [await listPublished(dataset), await listEditions(dataset)];
  return published.filter((epoch) => editions.includes(epoch));
}

/** The starts whose output was ever published, ascending. */
export async function listPublished(dataset: DatasetStore): Promise<number[]> {
  const epochs = parseNumbers(await dataset.files.list('published'));
  const verdicts = await Promise.all(epochs.map((epoch) => findVerdict(dataset, epoch)));
  return epochs.filter((_, index) => verdicts[index] === 'published');
}

/** Undefined while it is being made. */
export async function findVerdict(dataset: DatasetStore, epoch: number): Promise<Verdict | undefined> {
  return (await dataset.files.find(publishedName(epoch)))?.toString('utf8') as Verdict | undefined;
}
