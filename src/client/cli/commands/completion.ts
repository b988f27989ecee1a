import { Argument, type Command } from 'commander';
import { completionOf, SHELLS, type Shell } from '../completion.ts';
import type { CliContext } from '../context.ts';

export function defineCompletion(command: Command, context: CliContext): void {
  command
    .addArgument(new Argument('<shell>', 'the shell that reads the script').choices(SHELLS))
    .action((shell: Shell) => context.print(completionOf(shell, command.parent!)));
}
