import type { Command } from 'commander';
import { serveStore } from '../../build/serve-store.ts';
import { line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { addressOption, outOption, type ServerFlags } from '../place-options.ts';

export function defineWorker(command: Command, context: CliContext): void {
  command
    .addOption(outOption())
    .addOption(addressOption())
    .action((flags: ServerFlags) => serve(flags, context));
}

export function defineDev(command: Command, context: CliContext): void {
  command.addOption(outOption()).action((flags: ServerFlags) => serve(flags, context));
}

async function serve(flags: ServerFlags, { cwd, environment, say }: CliContext): Promise<void> {
  const interrupts = handleInterrupts({
    say,
    onFirst: () =>
      say(line('stopping', 'no new calls, waiting for those in flight (Ctrl-C again: leave now)')),
    leaving: 'answers in flight are lost, another worker makes them again',
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
