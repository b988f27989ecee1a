import { createInterface } from 'node:readline';
import { plural } from '../../plural.ts';
import { type Answer, refuseToAsk } from '../run-dataset.ts';
import type { Question } from '../wish.ts';
import type { CliContext } from './context.ts';

/** Asks a person what becomes of existing cells. Throws `RefusedError` where there is nobody to ask. */
export async function ask(question: Question, { isTerminal, say }: CliContext): Promise<Answer> {
  if (!isTerminal) return refuseToAsk(question);
  const answers = question.cells > 0 ? ANSWERS : { k: ANSWERS.k, keep: ANSWERS.k, ...NO };
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  prompt.on('SIGINT', () => prompt.close());
  try {
    prompt.setPrompt(`${textOf(question)} `);
    prompt.prompt();
    for await (const typed of prompt) {
      const answer = new Map(Object.entries(answers)).get(typed.trim().toLowerCase());
      if (answer !== undefined) return answer;
      say(`Type ${question.cells > 0 ? 'r, k' : 'k'} or n`);
      prompt.prompt();
    }
    say('');
    return 'no';
  } finally {
    prompt.close();
  }
}

function textOf({ cells, foreign }: Question): string {
  if (cells > 0) {
    return `[r]egenerate up to ${plural(cells, 'cell')}, [k]eep the old and use the new config for missing cells only, [n]o?`;
  }
  const count = foreign.reduce((sum, found) => sum + found.cells, 0);
  return `[k]eep the ${plural(count, 'cell')} of ${foreign.map(({ host }) => host).join(', ')}, [n]o?`;
}

const NO = { n: 'no', no: 'no' } as const;
const ANSWERS = { r: 'regenerate', regenerate: 'regenerate', k: 'keep', keep: 'keep', ...NO } as const;
