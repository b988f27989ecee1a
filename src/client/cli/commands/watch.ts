import type { Command } from 'commander';
import { formatCount, plural } from '../../../text/plural.ts';
import { watchDataset } from '../../build/watch-dataset.ts';
import { joinParts, line } from '../../tell/format.ts';
import { describeSnapshot, describeStored } from '../../tell/progress-report.ts';
import { describeAttached } from '../../tell/run-report.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { addPlaceOptions, addressOption, type ServerFlags, workerCommand } from '../place-options.ts';
import { ProgressLine } from '../progress-line.ts';

export function defineWatch(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .addOption(addressOption())
    .action((target: string, flags: ServerFlags) => watch(target, flags, context));
}

async function watch(target: string, flags: ServerFlags, context: CliContext): Promise<void> {
  const { cwd, environment, say } = context;
  const progress = new ProgressLine(context);
  const interrupts = handleInterrupts({ say, onFirst: () => progress.end(), leaving: 'the build goes on' });
  try {
    const result = await watchDataset({
      ...flags,
      target,
      cwd,
      environment,
      say,
      onServer: (label) => say(line('temporal', label)),
      stopSignal: interrupts.signal,
      events: {
        onAttached: (start) => say(describeAttached(start)),
        onSnapshot: (snapshot) => progress.show(describeSnapshot(snapshot)),
        onUnanswered: (stored) => progress.show(describeStored(stored, workerCommand(flags, target))),
      },
    });
    progress.clear();
    if (result === undefined) {
      const { aborted } = interrupts.signal;
      const gone = 'the build ended without notice, or another one took its place';
      say(line('left', aborted ? 'the build goes on' : gone));
      context.setExitCode(aborted ? 0 : 1);
      return;
    }
    const { isComplete, rows, dropped, reason } = result;
    const came = joinParts(plural(rows, 'row'), `${formatCount(dropped)} dropped`, reason);
    say(line(isComplete ? 'done' : 'stopped', came));
    context.setExitCode(isComplete ? 0 : 1);
  } finally {
    progress.end();
    interrupts.dispose();
  }
}
