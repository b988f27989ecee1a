import { type Command, InvalidArgumentError } from 'commander';
import { setOwn } from '../../../own-keys.ts';
import type { Steering } from '../../build/steer.ts';
import { steerDataset, stopDataset } from '../../build/watch-dataset.ts';
import { line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { addPlaceOptions, addressOption, commandAbout, type ServerFlags } from '../place-options.ts';

export function defineStop(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .addOption(addressOption())
    .action(async (target: string, flags: ServerFlags) => {
      const { isTold } = await stopDataset(placeOf(target, flags, context));
      const what = isTold
        ? 'makes no new calls and writes its complete rows'
        : 'has no worker now: it stops as soon as one takes it';
      context.say(line('stopping', `the build of "${target}" ${what}`));
    });
}

export function definePause(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .addOption(addressOption())
    .action(async (target: string, flags: ServerFlags) => {
      await steer({ to: 'pause' }, { target, flags, context });
      const goOn = commandAbout('unpause', [target], flags);
      context.say(line('paused', `the build of "${target}" makes no new calls · go on: ${goOn}`));
    });
}

export function defineUnpause(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .addOption(addressOption())
    .action(async (target: string, flags: ServerFlags) => {
      await steer({ to: 'unpause' }, { target, flags, context });
      context.say(line('running', `the build of "${target}" goes on`));
    });
}

export function defineSetLimits(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .argument('<limits...>', 'ALIAS=N: calls of that model at a time, at most', readLimit)
    .addOption(addressOption())
    .action(async (target: string, limits: Limits, flags: ServerFlags) => {
      await steer({ to: 'setLimits', changes: { maxParallelRequests: limits } }, { target, flags, context });
      const said = Object.entries(limits).map(([alias, max]) => `${alias} ${max}`);
      context.say(line('limits', `${said.join(', ')} at a time, in the build of "${target}" alone`));
    });
}

type Limits = { readonly [alias: string]: number };

/** Whether the alias is there and the number may be is for the build to say. */
function readLimit(text: string, before: Limits | undefined): Limits {
  const [, alias, max] = /^(.+)=(\d+)$/.exec(text) ?? [];
  if (alias === undefined) throw new InvalidArgumentError('It has to be ALIAS=N, such as writer=16.');
  const limits = { ...before };
  setOwn(limits, alias, Number(max));
  return limits;
}

interface Steered {
  readonly target: string;
  readonly flags: ServerFlags;
  readonly context: CliContext;
}

function steer(steering: Steering, { target, flags, context }: Steered): Promise<void> {
  return steerDataset(placeOf(target, flags, context), steering);
}

function placeOf(target: string, flags: ServerFlags, { cwd, environment, say }: CliContext) {
  return { ...flags, target, cwd, environment, say, onServer: () => undefined };
}
