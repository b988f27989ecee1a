// `create`: which dataset a document is made into, by Data Designer's rule that a name stands for one document.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RefusedError } from '../../errors.ts';
import { plural } from '../../text/plural.ts';
import { formatDate } from '../../text/strftime.ts';
import { findInFolder } from './find-dataset.ts';
import { storeFolder } from './store-folder.ts';
import { datasetNameFor } from './target.ts';
import { compareToLatest, type WishOptions } from './wish.ts';

export const RESUME_MODES = ['never', 'always', 'if_possible'] as const;
export type ResumeMode = (typeof RESUME_MODES)[number];

export interface ResumeOptions extends WishOptions {
  readonly name: string;
  readonly mode: ResumeMode;
  /** The time that a new name says, in its UTC fields. */
  readonly now: Date;
}

export interface NamedDataset {
  readonly name: string;
  /** There is a dataset of that name, which goes on. */
  readonly isResumed: boolean;
  /** Why another name than the one asked for; null where that is it. */
  readonly why: string | null;
}

/**
 * Looks only. The name itself where it is free or its dataset was made from the same document, else the name with the time
 * behind it. Throws `RefusedError` where the mode is `always` and there is nothing to go on with, and as `openWish`.
 */
export async function nameToCreate(options: ResumeOptions): Promise<NamedDataset> {
  const { name, mode, now } = options;
  const folder = join(storeFolder(options), datasetNameFor(name, options));
  const isThere = (await findInFolder(folder)) !== undefined;
  const isTaken = isThere || (await holdsFiles(folder));
  if (!isTaken && mode !== 'always') return { name, isResumed: false, why: null };
  const why = isThere
    ? await whyNotResumed(options)
    : isTaken
      ? 'its folder holds no dataset'
      : 'there is none';
  if (why === null) return { name, isResumed: true, why };
  if (mode === 'always') {
    throw new RefusedError(`Cannot go on with "${name}": ${why}. Use --resume if_possible to make a new one`);
  }
  return { name: `${name}_${formatDate(now, '%m-%d-%Y_%H%M%S')}`, isResumed: false, why };
}

/** Null where a dataset can go on. */
async function whyNotResumed(options: ResumeOptions): Promise<string | null> {
  const { rows, ...others } = options;
  if (options.mode === 'never') return 'it is there already, and --resume never starts anew';
  let compared: Awaited<ReturnType<typeof compareToLatest>>;
  try {
    // With as many rows as before: fewer are told of here.
    compared = await compareToLatest(others);
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
  const { latestStart, documentDigest } = compared;
  if (latestStart === undefined) return null;
  if (latestStart.documentDigest !== documentDigest)
    return 'it was made from another document or other seed data';
  if (typeof rows !== 'number' || rows >= latestStart.rows) return null;
  return `it was asked for ${plural(latestStart.rows, 'row')}, now for ${rows}`;
}

async function holdsFiles(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0;
}
