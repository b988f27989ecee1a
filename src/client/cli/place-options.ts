// The argument and the options of the commands that are about a dataset, and of where it is.

import { dirname } from 'node:path';
import { type Command, Option } from 'commander';
import { ownCommand } from '../../text/own-command.ts';
import type { DatasetPlace } from '../wish/find-dataset.ts';
import type { CliContext } from './context.ts';

export interface PlaceFlags {
  readonly out?: string;
}

export interface ServerFlags extends PlaceFlags {
  readonly address?: string;
}

export interface JsonFlags extends PlaceFlags {
  readonly json: boolean;
}

export function outOption(): Option {
  return new Option('--out <dir>', 'the folder of datasets (default: artifacts)');
}

export function addressOption(): Option {
  return new Option('--address <host:port>', 'a Temporal server (default: an embedded one)');
}

export function addPlaceOptions(command: Command, { takesVersion = false } = {}): Command {
  const what = takesVersion ? 'name or folder, as it is or at a version: trips@6' : 'name, or its folder';
  return command.argument('<dataset>', `a dataset's ${what}`).addOption(outOption());
}

/** Another command about the same dataset, to be typed as it stands: `rowloom show trips@6 17 --out data`. */
export function commandAbout(
  verb: string,
  [target, ...rest]: readonly [string, ...string[]],
  { out }: PlaceFlags,
): string {
  return ownCommand(verb, target, ...rest, ...(out === undefined ? [] : ['--out', out]));
}

/** The command that serves the builds of the same store, in another terminal. */
export function workerCommand({ out, address }: ServerFlags, target = ''): string {
  const store = out ?? (dirname(target) === '.' ? undefined : dirname(target));
  return ownCommand(
    'worker',
    ...(store === undefined ? [] : ['--out', store]),
    ...(address === undefined ? [] : ['--address', address]),
  );
}

export function datasetPlace(target: string, { out }: PlaceFlags, { cwd }: CliContext): DatasetPlace {
  return { target, cwd, ...(out === undefined ? {} : { out }) };
}
