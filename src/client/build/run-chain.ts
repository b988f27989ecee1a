// `run` with several documents: each is made after the one before, whose dataset its seeds may be.

import { ConfigError, RefusedError } from '../../errors.ts';
import { sumCounts } from '../wish/count-cells.ts';
import { type Openers, openingOnce } from '../wish/openers.ts';
import { datasetNameFor, findTarget } from '../wish/target.ts';
import { ASK_ABOVE_CELLS, openWish, type Question } from '../wish/wish.ts';
import { type RunEnd, type RunOptions, runDataset } from './run-dataset.ts';

/** What is typed counts for each document. `openers` are for one alone: of several each is opened anew in its turn. */
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
  if (targets.length > 1 && options.scriptArgs !== undefined) {
    throw new RefusedError(
      'Cannot hand what follows "--" to several documents: run the one that it is for alone',
    );
  }
  let { ask } = options;
  if (targets.length > 1 && !options.isDryRun && options.keep !== true) {
    const question = await questionOfChain({ ...options, targets, openers: openingOnce() });
    // What is found only then, in files that the documents above made, is asked about then.
    if (question !== null) {
      const answer = await options.ask(question);
      ask = async () => answer;
    }
  }
  const ends: ChainEnd[] = [];
  const unmade = new Set<string>();
  for (const [index, target] of targets.entries()) {
    onDocument(target);
    // A number of rows is that of the first: the others have those of their seeds.
    const { rows: _, ...later } = options;
    const own = { ...(index === 0 ? options : later), target };
    const turn = openTurn(targets.length === 1 ? options.openers : undefined);
    const end = await runDataset({ ...own, ask, openers: turn.openers }).catch((error): ChainEnd => {
      const missing = turn.missingSeeds(error);
      if (missing === null || !unmade.has(datasetNameFor(missing, options))) throw error;
      return { how: 'later', target, error };
    });
    ends.push(end);
    onEnd(end);
    if (end.how === 'later') unmade.add((await findTarget(own)).name);
    else if (end.how === 'dry-run') {
      if (!end.wish.isDone) unmade.add(end.wish.name);
    } else if (!(end.how === 'ended' && end.isComplete)) break;
  }
  return ends;
}

/** What one document of a chain is opened with, anew: the files that are its seeds may just have been made. */
function openTurn(given: Openers = openingOnce()) {
  let seeds: { readonly name: string; readonly isThere: boolean } | null = null;
  const openers: Openers = {
    openDocument: given.openDocument,
    async openSeeds(source, places) {
      const found = await given.openSeeds(source, places);
      if (source.seed_type === 'dataset') seeds = { name: source.name, isThere: 'source' in found };
      return found;
    },
  };
  return {
    openers,
    /** The dataset of its seeds, where nothing else than that is wrong. */
    missingSeeds(error: unknown): string | null {
      if (!(error instanceof ConfigError) || seeds === null || seeds.isThere) return null;
      return error.violations.filter(({ level }) => level === 'error').length === 1 ? seeds.name : null;
    },
  };
}

/** What of all documents may be made again: of one below a document that changes, up to all that it has. */
async function questionOfChain({
  targets,
  ...options
}: Omit<RunOptions, 'target'> & { readonly targets: readonly string[] }): Promise<Question | null> {
  let cells = 0;
  let dollars: number | null = 0;
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
    const asked = isBelow ? kept + again + retried : (wish.question?.cells ?? 0);
    cells += asked;
    if (asked > 0) dollars = isBelow ? null : addKnown(dollars, wish.question?.dollars ?? null);
    changes ||= !wish.isDone;
  }
  const isAsked = cells > (options.asksAlways === true ? 0 : ASK_ABOVE_CELLS);
  if (!isAsked) return foreign.length > 0 ? { cells: 0, dollars: null, foreign } : null;
  return { cells, dollars, foreign };
}

function addKnown(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left + right;
}
