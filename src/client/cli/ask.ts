import { createInterface } from 'node:readline';
import { RefusedError } from '../../errors.ts';
import { formatDollars } from '../../text/dollars.ts';
import { plural } from '../../text/plural.ts';
import { type Answer, refuseToAsk } from '../build/run-dataset.ts';
import type { Question } from '../wish/wish.ts';
import type { CliContext } from './context.ts';

/** Asks a person what becomes of existing cells. Throws `RefusedError` where there is nobody to ask. */
export async function ask(question: Question, { isTerminal, say }: CliContext): Promise<Answer> {
  if (!isTerminal) return refuseToAsk(question);
  const answers = question.cells > 0 ? ANSWERS : { k: ANSWERS.k, keep: ANSWERS.k, ...NO };
  const hint = `Type ${question.cells > 0 ? 'r, k' : 'k'} or n`;
  return (await read(textOf(question), { answers, hint, say })) ?? 'no';
}

/** Asks a person for leave. Throws `RefusedError` where there is nobody to ask. */
export async function confirm(text: string, { isTerminal, say }: CliContext): Promise<boolean> {
  if (!isTerminal) throw new RefusedError('Cannot remove anything without an answer: use --yes');
  const answers = { y: true, yes: true, n: false, no: false };
  return (await read(`${text} [y]es, [n]o?`, { answers, hint: 'Type y or n', say })) ?? false;
}

/** Undefined when the person leaves. */
async function read<Typed>(
  text: string,
  of: { readonly answers: { readonly [typed: string]: Typed }; readonly hint: string } & Pick<
    CliContext,
    'say'
  >,
): Promise<Typed | undefined> {
  const answers = new Map(Object.entries(of.answers));
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  prompt.on('SIGINT', () => prompt.close());
  try {
    prompt.setPrompt(`${text} `);
    prompt.prompt();
    for await (const typed of prompt) {
      const answer = answers.get(typed.trim().toLowerCase());
      if (answer !== undefined) return answer;
      of.say(of.hint);
      prompt.prompt();
    }
    of.say('');
    return undefined;
  } finally {
    prompt.close();
  }
}

function textOf({ cells, dollars, foreign }: Question): string {
  if (cells > 0) {
    const cost = dollars === null ? '' : ` for about ${formatDollars(dollars)}`;
    return `[r]egenerate up to ${plural(cells, 'cell')}${cost}, [k]eep the old and use the new config for missing cells only, [n]o?`;
  }
  const count = foreign.reduce((sum, found) => sum + found.cells, 0);
  return `[k]eep the ${plural(count, 'cell')} of ${foreign.map(({ host }) => host).join(', ')}, [n]o?`;
}

const NO = { n: 'no', no: 'no' } as const;
const ANSWERS = { r: 'regenerate', regenerate: 'regenerate', k: 'keep', keep: 'keep', ...NO } as const;
