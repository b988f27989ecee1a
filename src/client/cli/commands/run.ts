import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatViolation } from '../../../errors.ts';
import type { RowRanges } from '../../../plan.ts';
import { rangesOf } from '../../../store/groups.ts';
import { sumCounts } from '../../count-cells.ts';
import { formatCount } from '../../format.ts';
import { type Answer, refuseToAsk, runDataset } from '../../run-dataset.ts';
import {
  describeAttached,
  describeEnd,
  describePlan,
  describeProgress,
  describeWish,
  line,
} from '../../run-report.ts';
import type { Wish } from '../../wish.ts';
import type { CliContext } from '../context.ts';
import { createProgressLine } from '../progress-line.ts';

interface RunFlags {
  readonly n?: number | 'all';
  readonly name?: string;
  readonly out?: string;
  readonly address?: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly keep: boolean;
  readonly keepColumn: readonly string[];
  readonly redo: readonly string[];
  readonly rows?: RowRanges;
  readonly replace: boolean;
  readonly new: boolean;
  readonly simulate: boolean;
  readonly strict: boolean;
}

export function addRunCommand(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('make a dataset, or go on with it: continue, extend, or make again what an edit made stale')
    .argument('<config>', "a config document, or a dataset's folder")
    .option(
      '-n <rows>',
      'rows: a number, or "all" for one pass over the seed data (default: as before, else 10)',
      parseRows,
    )
    .option('--name <name>', "the dataset's name (default: the document's file name)")
    .option('--out <dir>', 'the folder of datasets (default: artifacts)')
    .option('--address <host:port>', 'a Temporal server (default: an embedded one)')
    .option('--dry-run', 'say what would be done, then end', false)
    .option('--yes', 'make stale cells again without asking', false)
    .option('--keep', 'keep stale cells as they are; the new config is for missing ones only', false)
    .option('--keep-column <column>', 'keep the stale cells of a column (repeatable)', collect, [])
    .option('--redo <column>', 'make the cells of a column again (repeatable)', collect, [])
    .option('--rows <rows>', 'with --redo: only these rows, such as 3,17 or 10-19', parseRanges)
    .option('--replace', 'take over from a build that is running', false)
    .option('--new', 'make another dataset under the next free name', false)
    .option('--simulate', 'answer every model call offline, under NAME-simulated', false)
    .addOption(new Option('--strict', 'exit 1 when rows were dropped').default(false))
    .action((config: string, flags: RunFlags) => run(config, flags, context));
}

async function run(config: string, flags: RunFlags, context: CliContext): Promise<void> {
  const { cwd, home, environment, say } = context;
  const startedAt = Date.now();
  const progress = createProgressLine(context);
  const interrupt = handleInterrupts(context, () => progress.end());
  let firstSnapshotAt: number | undefined;
  let wish: Wish | undefined;
  try {
    const end = await runDataset({
      target: config,
      ...(flags.n === undefined ? {} : { rows: flags.n }),
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(flags.out === undefined ? {} : { out: flags.out }),
      ...(flags.address === undefined ? {} : { address: flags.address }),
      cwd,
      home,
      environment,
      isSimulated: flags.simulate,
      isNew: flags.new,
      keep: flags.keep || (flags.keepColumn.length > 0 ? flags.keepColumn : false),
      redo: flags.redo.map((column) => ({ column, rows: flags.rows ?? null })),
      isDryRun: flags.dryRun,
      isReplacing: flags.replace,
      stopSignal: interrupt.signal,
      say,
      ask: (asked) => (flags.yes ? Promise.resolve<Answer>('regenerate') : ask(asked, context)),
      onWish(found, lastStart) {
        wish = found;
        for (const warning of found.config.warnings) say(line(warning.level, formatViolation(warning)));
        for (const text of describeWish(found, { lastStart, cwd })) say(text);
        for (const text of describePlan(found)) say(text);
      },
      onServer: (label) => say(line('temporal', label)),
      events: {
        onSnapshot(snapshot) {
          firstSnapshotAt ??= Date.now();
          if (wish !== undefined)
            progress.show(describeProgress(snapshot, { wish, startedAt: firstSnapshotAt, now: Date.now() }));
        },
        onAttached: (start) => say(describeAttached(start)),
      },
    });
    progress.end();
    if (end.how === 'dry-run') return;
    if (end.how === 'declined') {
      say(line('declined', 'nothing was changed, no call was made'));
      context.setExitCode(1);
      return;
    }
    if (end.how === 'detached') {
      say(line('detached', 'the build goes on'));
      return;
    }
    for (const text of describeEnd(end.wish, { ...end, ms: Date.now() - startedAt })) say(text);
    if (end.isComplete && end.summary.rowCount > 0) say(describeLook(end.wish));
    const hasFailed = !end.isComplete || (flags.strict && end.summary.dropped > 0);
    context.setExitCode(hasFailed ? 1 : 0);
  } finally {
    progress.end();
    interrupt.dispose();
  }
}

/** The first Ctrl-C (or SIGTERM) stops the build, the second leaves at once. */
function handleInterrupts(
  { say }: CliContext,
  beforeSaying: () => void,
): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  function interrupt(): void {
    beforeSaying();
    if (controller.signal.aborted) {
      say(line('left', 'answers in flight are lost · go on: same command'));
      process.exit(1);
    }
    say(line('stopping', 'no new calls, waiting for answers in flight (Ctrl-C again: leave now)'));
    controller.abort();
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of signals) process.off(name, interrupt);
    },
  };
}

async function ask(wish: Wish, { isTerminal, say }: CliContext): Promise<Answer> {
  if (!isTerminal) return refuseToAsk(wish);
  const { again } = sumCounts(wish.counts);
  say(
    `[r]egenerate up to ${formatCount(again)} cells, [k]eep the old and use the new config for missing cells only, [n]o?`,
  );
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for await (const typed of prompt) {
      const answer = ANSWERS[typed.trim().toLowerCase()];
      if (answer !== undefined) return answer;
      say('Type r, k or n');
    }
    return 'no';
  } finally {
    prompt.close();
  }
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  r: 'regenerate',
  regenerate: 'regenerate',
  k: 'keep',
  keep: 'keep',
  n: 'no',
  no: 'no',
};

function describeLook({ name, directory }: Wish): string {
  const folder = relative(process.cwd(), join(directory, name));
  return line('look', `npx rowloom show ${name} · pd.read_parquet("${folder}/parquet-files")`);
}

function parseRows(text: string): number | 'all' {
  if (text === 'all') return 'all';
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1, or "all".');
  return Number(text);
}

/** `3,17` or `10-19`, in any order; ascending ranges. */
function parseRanges(text: string): RowRanges {
  const rows = text.split(',').flatMap((item): number[] => {
    const [, first, last] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(item) ?? [];
    if (first === undefined || Number(last ?? first) < Number(first)) {
      throw new InvalidArgumentError('Give rows such as 3,17 or 10-19.');
    }
    return Array.from(
      { length: Number(last ?? first) - Number(first) + 1 },
      (_, index) => Number(first) + index,
    );
  });
  return rangesOf([...new Set(rows)].sort((left, right) => left - right));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
