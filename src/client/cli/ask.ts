import { createInterface } from 'node:readline';
import { sumCounts } from '../count-cells.ts';
import { formatCount } from '../format.ts';
import { type Answer, refuseToAsk } from '../run-dataset.ts';
import type { Wish } from '../wish.ts';
import type { CliContext } from './context.ts';

/** Asks a person what becomes of stale cells. Throws `RefusedError` where there is nobody to ask. */
export async function ask(wish: Wish, { isTerminal, say }: CliContext): Promise<Answer> {
  if (!isTerminal) return refuseToAsk(wish);
  const { again } = sumCounts(wish.counts);
  say(
    `[r]egenerate up to ${formatCount(again)} cells, [k]eep the old and use the new config for missing cells only, [n]o?`,
  );
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for await (const typed of prompt) {
      const answer = ANSWERS[typed.trim().toLowerCase()];
      if (answer !== undefined) return answer;
      say('Type r, k or n');
    }
    return 'no';
  } finally {
    prompt.close();
  }
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  r: 'regenerate',
  regenerate: 'regenerate',
  k: 'keep',
  keep: 'keep',
  n: 'no',
  no: 'no',
};
