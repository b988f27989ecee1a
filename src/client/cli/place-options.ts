// The argument and the options of the commands that look at a dataset.

import type { Command } from 'commander';
import type { DatasetPlace } from '../find-dataset.ts';
import type { CliContext } from './context.ts';
import { outOption } from './wish-options.ts';

export interface PlaceFlags {
  readonly out?: string;
}

export interface JsonFlags extends PlaceFlags {
  readonly json: boolean;
}

export function addPlaceOptions(command: Command, { takesVersion = false } = {}): Command {
  const what = takesVersion ? 'name or folder, as it is or at a version: trips@6' : 'name, or its folder';
  return command.argument('<dataset>', `a dataset's ${what}`).addOption(outOption());
}

export function datasetPlace(target: string, { out }: PlaceFlags, { cwd }: CliContext): DatasetPlace {
  return { target, cwd, ...(out === undefined ? {} : { out }) };
}
