#!/usr/bin/env node
// The command line: parses, calls one client function, prints what came back. Data on stdout, talk on stderr.

import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { BuildError, ConfigError, formatViolation, RowloomError } from '../../errors.ts';
import { plural } from '../format.ts';
import { addExportCommand } from './commands/export.ts';
import { addFailuresCommand } from './commands/failures.ts';
import { addGraphCommand } from './commands/graph.ts';
import { addListCommand } from './commands/list.ts';
import { addRunCommand } from './commands/run.ts';
import { addDevCommand, addWorkerCommand } from './commands/serve.ts';
import { addShowCommand } from './commands/show.ts';
import { addStartCommand } from './commands/start.ts';
import { addStatusCommand } from './commands/status.ts';
import { addValidateCommand } from './commands/validate.ts';
import { addStopCommand, addWatchCommand } from './commands/watch.ts';
import type { CliContext } from './context.ts';

/** In the order of the help. */
const COMMANDS = [
  addRunCommand,
  addStartCommand,
  addWorkerCommand,
  addDevCommand,
  addWatchCommand,
  addStopCommand,
  addListCommand,
  addStatusCommand,
  addShowCommand,
  addFailuresCommand,
  addExportCommand,
  addValidateCommand,
  addGraphCommand,
];

export async function main(args: readonly string[], context: CliContext): Promise<void> {
  const program = new Command('rowloom')
    .description('Builds synthetic datasets that survive anything')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.say(text.trimEnd()),
    });
  for (const add of COMMANDS) add(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    report(error, context);
  }
}

function report(error: unknown, context: CliContext): void {
  if (error instanceof CommanderError) {
    context.setExitCode(error.exitCode === 0 ? 0 : 2);
  } else if (error instanceof ConfigError) {
    const errors = error.violations.filter(({ level }) => level === 'error');
    for (const violation of error.violations) {
      context.say(`${violation.level.padEnd(9)} ${formatViolation(violation)}`);
    }
    context.say(`refused   ${plural(errors.length, 'error')}, no call was made`);
    context.setExitCode(2);
  } else if (error instanceof RowloomError) {
    context.say(`error     ${error.message}`);
    context.setExitCode(error instanceof BuildError ? 1 : 2);
  } else {
    context.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    context.setExitCode(1);
  }
}

const isEntryPoint =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isEntryPoint) {
  // A reader that closes the pipe early, such as `head`, has all it wants.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  await main(process.argv.slice(2), {
    cwd: process.cwd(),
    home: homedir(),
    environment: process.env,
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    screen: process.stdout.isTTY
      ? { width: process.stdout.columns || 80, hasColors: process.stdout.hasColors() }
      : null,
    print: (line) => void process.stdout.write(`${line}\n`),
    flush: () => new Promise((resolve) => process.stdout.write('', () => resolve())),
    say: (line) => void process.stderr.write(`${line}\n`),
    setExitCode(code) {
      process.exitCode = code;
    },
  });
}
