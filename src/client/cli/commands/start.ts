import type { Command } from 'commander';
import { formatViolation } from '../../../errors.ts';
import { describePlan } from '../../describe-plan.ts';
import { line } from '../../format.ts';
import { ownCommand } from '../../own-command.ts';
import { type Answer, startDataset } from '../../run-dataset.ts';
import { describeWish } from '../../run-report.ts';
import { ask } from '../ask.ts';
import type { CliContext } from '../context.ts';
import { addressOption, addWishOptions, type WishFlags, wishOptionsOf } from '../wish-options.ts';

interface StartFlags extends WishFlags {
  readonly address?: string;
}

export function defineStart(command: Command, context: CliContext): void {
  addWishOptions(command.argument('<config>', "a config document, or a dataset's folder"))
    .addOption(addressOption())
    .action((config: string, flags: StartFlags) => start(config, flags, context));
}

async function start(config: string, flags: StartFlags, context: CliContext): Promise<void> {
  const { say } = context;
  const end = await startDataset({
    ...wishOptionsOf(config, flags, context),
    ...(flags.address === undefined ? {} : { address: flags.address }),
    isDryRun: false,
    isReplacing: flags.replace,
    say,
    ask: (question) => (flags.yes ? Promise.resolve<Answer>('regenerate') : ask(question, context)),
    onWish(wish) {
      for (const warning of wish.config.warnings) say(line(warning.level, formatViolation(warning)));
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
  const next = `\`${ownCommand()} worker\`, in another terminal, makes it`;
  say(line('started', `${what} · ${next} · progress: ${ownCommand()} watch ${end.wish.name}`));
}
