import type { Command } from 'commander';
import { plural } from '../../../plural.ts';
import { formatCount, line } from '../../format.ts';
import { describeSnapshot, describeStored } from '../../progress-report.ts';
import { describeAttached } from '../../run-report.ts';
import { stopDataset, watchDataset } from '../../watch-dataset.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { createProgressLine } from '../progress-line.ts';
import { addressOption, outOption } from '../wish-options.ts';

interface WatchFlags {
  readonly out?: string;
  readonly address?: string;
}

export function defineWatch(command: Command, context: CliContext): void {
  command
    .argument('<dataset>', "a dataset's name, or its folder")
    .addOption(outOption())
    .addOption(addressOption())
    .action((target: string, flags: WatchFlags) => watch(target, flags, context));
}

export function defineStop(command: Command, context: CliContext): void {
  command
    .argument('<dataset>', "a dataset's name, or its folder")
    .addOption(outOption())
    .addOption(addressOption())
    .action(async (target: string, flags: WatchFlags) => {
      const { cwd, environment, say } = context;
      const { isTold } = await stopDataset({
        ...{ ...flags, target, cwd, environment, say },
        onServer: () => undefined,
      });
      const what = isTold
        ? 'makes no new calls and writes its complete rows'
        : 'has no worker now: it stops as soon as one takes it';
      say(line('stopping', `the build of "${target}" ${what}`));
    });
}

async function watch(target: string, flags: WatchFlags, context: CliContext): Promise<void> {
  const { cwd, environment, say } = context;
  const progress = createProgressLine(context);
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
        onUnanswered: (stored) => progress.show(describeStored(stored)),
      },
    });
    progress.clear();
    if (result === undefined) {
      say(
        line(
          'left',
          interrupts.signal.aborted
            ? 'the build goes on'
            : 'the build ended without notice, or another one took its place',
        ),
      );
      context.setExitCode(interrupts.signal.aborted ? 0 : 1);
      return;
    }
    const { isComplete, rows, dropped, reason } = result;
    say(
      line(
        isComplete ? 'done' : 'stopped',
        [plural(rows, 'row'), `${formatCount(dropped)} dropped`, reason].filter(Boolean).join(' · '),
      ),
    );
    context.setExitCode(isComplete ? 0 : 1);
  } finally {
    progress.end();
    interrupts.dispose();
  }
}
