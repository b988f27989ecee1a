// The command line in this process: what it prints, what it says, how it ends.

import type { Screen } from '../../../src/client/cli/context.ts';
import { main } from '../../../src/client/cli/main.ts';

// Times are printed in the reader's zone.
process.env.TZ = 'UTC';

export interface CliEnd {
  /** Lines of stdout and of stderr; the working directory is `~`. */
  readonly output: readonly string[];
  readonly talk: readonly string[];
  readonly code: number;
}

export interface CliOptions {
  readonly cwd: string;
  readonly screen?: Screen | null;
  readonly environment?: NodeJS.ProcessEnv;
}

export async function cli(args: readonly string[], options: CliOptions): Promise<CliEnd> {
  const { cwd, screen = null, environment = {} } = options;
  const output: string[] = [];
  const talk: string[] = [];
  let code = 0;
  const linesOf = (text: string) => text.replaceAll(cwd, '~').split('\n');
  await main(args, {
    cwd,
    home: `${cwd}/home`,
    environment,
    isTerminal: false,
    screen,
    print: (text) => void output.push(...linesOf(text)),
    flush: () => Promise.resolve(),
    say: (text) => void talk.push(...linesOf(text)),
    setExitCode(set) {
      code = set;
    },
  });
  return { output, talk, code };
}
