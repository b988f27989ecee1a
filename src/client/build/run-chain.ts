// `run` with several documents: each is made after the one before, whose dataset its seeds may be.

import { ConfigError, RefusedError } from '../../errors.ts';
import { sumCounts } from '../wish/count-cells.ts';
import { ASK_ABOVE_CELLS, openWish, type Question } from '../wish/wish.ts';
import { type RunEnd, type RunOptions, runDataset } from './run-dataset.ts';

/** What is typed counts for each document. */
export interface ChainOptions extends Omit<RunOptions, 'target'> {
  /** In the order in which they are made: later ones may have earlier ones' datasets as seeds. */
  readonly targets: readonly string[];
  /** Before each document's own run. */
  readonly onDocument: (target: string) => void;
  readonly onEnd: (end: ChainEnd) => void;
}

export type ChainEnd =
  | RunEnd
  /** Of a dry run: what it makes is not known before the documents above are made. `error` is what stands against it now. */
  | { readonly how: 'later'; readonly target: string; readonly error: ConfigError };

/**
 * Makes several documents, one after the other, and asks once, before any of them is made, about the existing cells of all.
 * Ends after the first that is not whole. Throws as `runDataset`.
 */
export async function runChain({
  targets,
  onDocument,
  onEnd,
  ...options
}: ChainOptions): Promise<readonly ChainEnd[]> {
  if (targets.length > 1 && options.name !== undefined) {
    throw new RefusedError('Cannot name several datasets with --name: each is called like its document');
  }
  let { ask } = options;
  if (targets.length > 1 && !options.isDryRun && options.keep !== true) {
    const question = await questionOfChain({ ...options, targets });
    const answer = question === null ? 'regenerate' : await options.ask(question);
    ask = async () => answer;
  }
  const ends: ChainEnd[] = [];
  let isAboveMade = true;
  for (const [index, target] of targets.entries()) {
    onDocument(target);
    // A number of rows is that of the first: the others have those of their seeds.
    const { rows: _, ...later } = options;
    const run = runDataset({ ...(index === 0 ? options : later), target, ask });
    const end = await run.catch((error): ChainEnd => {
      if (isAboveMade || !(error instanceof ConfigError)) throw error;
      return { how: 'later', target, error };
    });
    ends.push(end);
    onEnd(end);
    if (end.how === 'dry-run') isAboveMade &&= end.wish.isDone;
    else if (end.how !== 'later' && !(end.how === 'ended' && end.isComplete)) break;
  }
  return ends;
}

/** What of all documents may be made again: of one below a document that changes, up to all that it has. */
async function questionOfChain({
  targets,
  ...options
}: Omit<RunOptions, 'target'> & { readonly targets: readonly string[] }): Promise<Question | null> {
  let cells = 0;
  let changes = false;
  const foreign: Question['foreign'][number][] = [];
  for (const target of targets) {
    const { rows: _, ...later } = options;
    const wish = await openWish({ ...(target === targets[0] ? options : later), target }).catch((error) => {
      // The dataset of its seeds is made by an earlier document, and there is none yet.
      if (changes && error instanceof ConfigError) return null;
      throw error;
    });
    if (wish === null) continue;
    foreign.push(...(wish.question?.foreign ?? []));
    const isBelow = changes && wish.config.config.seeds?.source.seed_type === 'dataset';
    const { kept, again, retried } = sumCounts(wish.counts);
    cells += isBelow ? kept + again + retried : (wish.question?.cells ?? 0);
    changes ||= !wish.isDone;
  }
  const isAsked = cells > (options.asksAlways === true ? 0 : ASK_ABOVE_CELLS);
  return isAsked || foreign.length > 0 ? { cells: isAsked ? cells : 0, foreign } : null;
}
