import type { Command } from 'commander';
import { ownCommand } from '../../../text/own-command.ts';
import { startDataset } from '../../build/run-dataset.ts';
import { describePlan } from '../../tell/describe-plan.ts';
import { line } from '../../tell/format.ts';
import { describeWish, targetOf } from '../../tell/run-report.ts';
import type { CliContext } from '../context.ts';
import { workerCommand } from '../place-options.ts';
import { describeViolations } from '../violations.ts';
import { addWishOptions, type WishFlags, wishOptionsOf } from '../wish-options.ts';

export function defineStart(command: Command, context: CliContext): void {
  addWishOptions(command.argument('<config>', "a config document, or a dataset's folder")).action(
    (config: string, flags: WishFlags) => start(config, flags, context),
  );
}

async function start(config: string, flags: WishFlags, context: CliContext): Promise<void> {
  const { say } = context;
  const end = await startDataset({
    ...wishOptionsOf(config, flags, context),
    isDryRun: false,
    say,
    onWish(wish) {
      for (const text of describeViolations(wish.config.warnings, context)) say(text);
      for (const text of describeWish(wish, Date.now())) say(text);
      for (const text of describePlan(wish)) say(text);
    },
    onKept(wish) {
      for (const text of describePlan(wish)) say(text);
    },
    onServer: (label) => say(line('temporal', label)),
  });
  if (end.how === 'done') {
    say(line('done', 'all of it is there, nothing to do'));
    return;
  }
  if (end.how !== 'started') {
    say(line('declined', 'nothing was changed, no call was made'));
    context.setExitCode(1);
    return;
  }
  const what = end.wasRunning ? 'handed over before already' : 'handed over';
  const next = `\`${workerCommand(flags)}\`, in another terminal, makes it`;
  say(line('started', `${what} · ${next} · progress: ${ownCommand('watch', targetOf(end.wish))}`));
}
