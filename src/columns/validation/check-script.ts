// The syntax of JavaScript and TypeScript. Loaded in worker threads.

import { type TransformFailure, transform } from 'esbuild';

/** What is wrong with a text; nothing with an empty one. */
export async function scriptProblems(
  code: string,
  lang: 'javascript' | 'typescript',
): Promise<readonly string[]> {
  try {
    await transform(code, { loader: lang === 'javascript' ? 'js' : 'ts', logLevel: 'silent' });
    return [];
  } catch (error) {
    const { errors } = error as Partial<TransformFailure>;
    if (errors === undefined) throw error;
    return errors.map(({ text, location }) =>
      location === null ? text : `${text} at Line: ${location.line}, Column: ${location.column + 1}`,
    );
  }
}
