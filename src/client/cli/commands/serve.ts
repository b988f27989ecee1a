import type { Command } from 'commander';
import { line } from '../../run-report.ts';
import { serveStore } from '../../serve-store.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { addressOption, outOption } from '../wish-options.ts';

interface ServeFlags {
  readonly out?: string;
  readonly address?: string;
}

export function addWorkerCommand(program: Command, context: CliContext): void {
  program
    .command('worker')
    .description('serve the builds of a store that `rowloom start` hands over, until Ctrl-C')
    .addOption(outOption())
    .addOption(addressOption())
    .action((flags: ServeFlags) => serve(flags, context));
}

export function addDevCommand(program: Command, context: CliContext): void {
  program
    .command('dev')
    .description('keep the embedded server, its web UI and a worker running here, until Ctrl-C')
    .addOption(outOption())
    .action((flags: ServeFlags) => serve(flags, context));
}

async function serve(flags: ServeFlags, { cwd, environment, say }: CliContext): Promise<void> {
  const interrupts = handleInterrupts({
    say,
    onFirst: () => say(line('stopping', 'ending what is in hand (Ctrl-C again: leave now)')),
  });
  try {
    await serveStore({
      ...flags,
      cwd,
      environment,
      say,
      stopSignal: interrupts.signal,
      onServer: (label) => say(line('temporal', label)),
      onReady: (store) => say(line('serving', `${store.directory} · Ctrl-C ends`)),
    });
  } finally {
    interrupts.dispose();
  }
}
