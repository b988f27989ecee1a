// What is typed for a wish, shared by `run` and `start`.

import type { Command } from 'commander';
import { RefusedError } from '../../errors.ts';
import type { RowRanges } from '../../plan.ts';
import type { DecideOptions, ServerOptions } from '../build/run-dataset.ts';
import { ASK_ABOVE_CELLS } from '../wish/wish.ts';
import { ask } from './ask.ts';
import type { CliContext } from './context.ts';
import { collect, parseRanges, parseRows } from './parse.ts';
import { addressOption, outOption, type ServerFlags } from './place-options.ts';

export interface WishFlags extends ServerFlags {
  readonly n?: number | 'all';
  readonly name?: string;
  readonly runConfig?: string;
  readonly yes: boolean;
  readonly ask: boolean;
  readonly keep: boolean;
  readonly keepColumn: readonly string[];
  readonly redo: readonly string[];
  readonly rows?: RowRanges;
  readonly replace: boolean;
  readonly new: boolean;
  readonly simulate: boolean;
  readonly trace: boolean;
}

export function addWishOptions(command: Command): Command {
  return command
    .option(
      '-n <rows>',
      'rows: a number, or "all" for one pass over the seed data (default: as before, else 10)',
      parseRows,
    )
    .option('--name <name>', "the dataset's name (default: the document's file name)")
    .option(
      '--run-config <file>',
      "Data Designer's run settings, as YAML or JSON: they go before the document's",
    )
    .addOption(outOption())
    .option('--yes', 'make the cells that an edit changes again without asking', false)
    .option('--ask', `ask before any existing cell is made again, not only above ${ASK_ABOVE_CELLS}`, false)
    .option(
      '--keep',
      'keep the cells that an edit changes as they are; the new config is for missing ones only',
      false,
    )
    .option('--keep-column <column>', 'the same for the cells of one column (repeatable)', collect, [])
    .option('--redo <column>', 'make the cells of a column again (repeatable)', collect, [])
    .option('--rows <rows>', 'with --redo: only these rows, such as 3,17 or 10-19', parseRanges)
    .option('--replace', 'take over from a build that is running', false)
    .option('--new', 'make another dataset under the next free name', false)
    .option('--simulate', 'answer every model call offline, under NAME-simulated', false)
    .option('--trace', 'write down when each call waited, began and ended, for `rowloom trace`', false)
    .addOption(addressOption());
}

/** What of a wish the options do not say. */
type WishEvents = 'isDryRun' | 'say' | 'onWish' | 'onKept' | 'onServer';

/** Throws `RefusedError` for options that mean nothing without another. */
export function wishOptionsOf(
  target: string,
  flags: WishFlags,
  context: CliContext,
): Omit<DecideOptions & ServerOptions, WishEvents> {
  if (flags.rows !== undefined && flags.redo.length === 0) {
    throw new RefusedError(
      'Cannot take --rows alone: name the column to make again with --redo, or use -n for the number of rows',
    );
  }
  if (flags.ask && flags.yes)
    throw new RefusedError('Cannot take --ask and --yes: one asks, the other answers');
  const { cwd, home, environment, scriptArgs } = context;
  return {
    ...{ target, scriptArgs, cwd, home, environment },
    ...(flags.n === undefined ? {} : { rows: flags.n }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.runConfig === undefined ? {} : { runConfig: flags.runConfig }),
    ...(flags.out === undefined ? {} : { out: flags.out }),
    ...(flags.address === undefined ? {} : { address: flags.address }),
    isSimulated: flags.simulate,
    isNew: flags.new,
    isReplacing: flags.replace,
    asksAlways: flags.ask,
    isTraced: flags.trace,
    keep: flags.keep || (flags.keepColumn.length > 0 ? flags.keepColumn : false),
    redo: flags.redo.map((column) => ({ column, rows: flags.rows ?? null })),
    ask: async (question) => (flags.yes ? 'regenerate' : ask(question, context)),
  };
}
