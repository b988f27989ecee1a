import type { Command } from 'commander';
import { formatCount } from '../../../text/plural.ts';
import { withoutSecrets } from '../../../text/web-address.ts';
import { type ChainEnd, runChain } from '../../build/run-chain.ts';
import { describePlan } from '../../tell/describe-plan.ts';
import { line } from '../../tell/format.ts';
import {
  callsSoFar,
  describeProgress,
  describeStopping,
  describeStored,
} from '../../tell/progress-report.ts';
import {
  describeAttached,
  describeEnd,
  describeRoom,
  describeWish,
  endJson,
  planJson,
} from '../../tell/run-report.ts';
import type { Openers } from '../../wish/openers.ts';
import type { Wish } from '../../wish/wish.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { parseConfigs } from '../parse.ts';
import { workerCommand } from '../place-options.ts';
import { ProgressLine } from '../progress-line.ts';
import { describeViolations } from '../violations.ts';
import { addWishOptions, type WishFlags, wishOptionsOf } from '../wish-options.ts';

interface RunFlags extends WishFlags {
  readonly dryRun: boolean;
  readonly strict: boolean;
  readonly json: boolean;
}

export function defineRun(command: Command, context: CliContext): void {
  addWishOptions(
    command.argument(
      '<config...>',
      "config documents, made in this order, or a dataset's folder; what follows -- is for one in Python",
      parseConfigs,
    ),
  )
    .option('--dry-run', 'say what would be done, then end', false)
    .option('--strict', 'exit 1 when rows were dropped', false)
    .option('--json', 'what came of it, or for --dry-run what would be done, as one JSON object', false)
    .action(async (configs: readonly string[], flags: RunFlags) => void (await run(configs, flags, context)));
}

/** Counting the cells of a few groups takes no time worth a word. */
const COUNTING_EVERY_MS = 1_000;
const NOTHING_CHANGED = 'nothing was changed, no call was made';

/** Makes datasets and says how it goes; sets the exit code. */
export async function run(
  configs: readonly string[],
  flags: RunFlags,
  context: CliContext,
  openers?: Openers,
): Promise<readonly ChainEnd[]> {
  let startedAt = Date.now();
  const progress = new ProgressLine(context);
  const say = (text: string) => progress.say(text);
  let hasServer = false;
  let countedAt = startedAt;
  const interrupt = handleInterrupts({
    say,
    onFirst() {
      progress.end();
      if (hasServer) return;
      // No build has begun yet, so nothing has to be ended; counting the cells may take long, so it is not waited for.
      say(line('stopped', NOTHING_CHANGED));
      process.exit(1);
    },
    leaving: 'answers in flight are lost · go on: same command',
  });
  let first: { readonly at: number; readonly calls: number } | undefined;
  let wish: Wish | undefined;
  function sayPlan(found: Wish): void {
    wish = found;
    for (const text of describePlan(found)) say(text);
  }
  let hasFailed = false;
  function tellEnd(end: ChainEnd): void {
    if (end.how === 'later') {
      const { error } = end;
      const target = withoutSecrets(end.target);
      say(line('later', `${target} is planned once the documents before it are made; now ${error.message}`));
      if (flags.json) context.print(JSON.stringify({ document: target, later: error.message }));
      return;
    }
    if (end.how === 'dry-run') {
      if (flags.json) context.print(JSON.stringify(planJson(end.wish)));
      return;
    }
    if (end.how === 'declined') {
      say(line(interrupt.signal.aborted ? 'stopped' : 'declined', NOTHING_CHANGED));
      context.setExitCode(1);
      return;
    }
    if (end.how === 'detached') {
      say(line('left', 'the build goes on'));
      context.setExitCode(1);
      return;
    }
    const { stopped } = end;
    if (stopped !== null && stopped.kept + stopped.lost > 0) progress.finish(`${stopped.kept} kept`);
    progress.clear();
    progress.end();
    const ended = { ...end, ms: Date.now() - startedAt };
    for (const text of describeEnd(end.wish, ended)) say(text);
    if (flags.json) context.print(JSON.stringify(endJson(end.wish, ended)));
    hasFailed ||= !end.isComplete || (flags.strict && end.summary.dropped > 0);
    context.setExitCode(hasFailed ? 1 : 0);
  }

  try {
    return await runChain({
      ...wishOptionsOf(configs[0]!, flags, context),
      targets: configs,
      ...(openers === undefined ? {} : { openers }),
      onDocument() {
        startedAt = Date.now();
        first = undefined;
      },
      onEnd: tellEnd,
      isDryRun: flags.dryRun,
      stopSignal: interrupt.signal,
      say,
      onCounting(done, groups) {
        if (Date.now() - countedAt < COUNTING_EVERY_MS) return;
        countedAt = Date.now();
        progress.show([line('counting', `row group ${formatCount(done)} of ${formatCount(groups)}`)]);
      },
      onWish(found) {
        progress.clear();
        for (const text of describeViolations(found.config.warnings, context)) say(text);
        for (const text of [...describeWish(found, startedAt), ...describeRoom(found)]) say(text);
        sayPlan(found);
      },
      onKept: sayPlan,
      onServer(label) {
        hasServer = true;
        say(line('temporal', label));
      },
      events: {
        onSnapshot(snapshot, calls) {
          const now = Date.now();
          const made = callsSoFar(snapshot, calls);
          if (first === undefined || first.calls === made) first = { at: now, calls: made };
          if (wish !== undefined) progress.show(describeProgress(snapshot, { wish, calls, first, now }));
        },
        onUnanswered: (stored) => progress.show(describeStored(stored, workerCommand(flags))),
        onAttached: (start) => say(describeAttached(start)),
        onStopping: (calls) => progress.begin(describeStopping(calls)),
      },
    });
  } finally {
    progress.end();
    interrupt.dispose();
  }
}
