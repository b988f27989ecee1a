import type { DocumentOptions } from '../prepare-document.ts';
import type { CliContext } from './context.ts';

export function documentOptions(
  file: string,
  { cwd, home, environment }: CliContext,
): Omit<DocumentOptions, 'isSimulated'> {
  return { file, cwd, home, environment };
}
