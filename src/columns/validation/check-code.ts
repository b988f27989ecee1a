// Checks code in a worker thread: what each language is checked by is loaded when it is needed first.

import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import type { Value } from '../../values.ts';
import { type CodeLang, dialectOf } from './code-langs.ts';

export interface CodeTask {
  readonly lang: CodeLang;
  readonly texts: readonly Value[];
}

/** The verdict on each text, in their order. */
export async function run({ lang, texts }: CodeTask): Promise<readonly Value[]> {
  const check = await loadCheck(lang);
  const verdicts: Value[] = [];
  try {
    for (const text of texts) verdicts.push(await check(text));
  } catch (error) {
    // A parser that ran out of stack or memory gives wrong verdicts from then on: a new thread has a whole one.
    if (!isMainThread) process.exit(1);
    throw error;
  }
  return verdicts;
}

async function loadCheck(lang: CodeLang): Promise<(text: Value) => Value | Promise<Value>> {
  if (lang === 'python') {
    const { checkPython, noPython } = await loadPython();
    return (text) => (typeof text === 'string' ? checkPython(text) : noPython(noText(text)));
  }
  const problemsOf = await loadProblems(lang);
  return async (text) => {
    const problems = typeof text === 'string' ? await problemsOf(text) : [noText(text)];
    return { is_valid: problems.length === 0, error_messages: problems.join('\n') };
  };
}

/** V8's own, and so much more that optimizing pays: thousands of checks. */
const [USUAL_BUDGET, LARGE_BUDGET] = [13_000_000, 1_300_000_000];

/**
 * Ruff, which V8 is to optimize late: that takes 4 s of CPU, and a process that ends waits for it. The budget is that of the
 * WebAssembly that is compiled meanwhile.
 */
async function loadPython() {
  setFlagsFromString(`--wasm-tiering-budget=${LARGE_BUDGET}`);
  try {
    return await import('./check-python.ts');
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${USUAL_BUDGET}`);
  }
}

async function loadProblems(
  lang: Exclude<CodeLang, 'python'>,
): Promise<(code: string) => Promise<readonly string[]>> {
  const dialect = dialectOf(lang);
  if (dialect !== undefined) {
    const { sqlProblems } = await import('./check-sql.ts');
    return (code) => sqlProblems(code, dialect);
  }
  const { scriptProblems } = await import('./check-script.ts');
  return (code) => scriptProblems(code, lang as 'javascript' | 'typescript');
}

function noText(value: Value): string {
  return value === null ? 'There is no code: the cell is null' : 'There is no code: the cell is no text';
}
