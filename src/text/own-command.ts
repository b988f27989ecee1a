// What a person types to start this program, so that a hint can be typed as it stands.

import { delimiter, dirname, join, relative } from 'node:path';

let command = 'rowloom';

/** This program with these arguments, such as `./rowloom show trips --out "my data"`. */
export function ownCommand(...args: readonly string[]): string {
  return [command, ...args.map(asTyped)].join(' ');
}

/** Before anything is said. */
export function setOwnCommand(typed: string): void {
  command = typed;
}

/** The command that started `script`, an absolute path. */
export function commandOf(
  script: string,
  { cwd, environment }: { readonly cwd: string; readonly environment: NodeJS.ProcessEnv },
): string {
  const { PATH = '', npm_command } = environment;
  const folder = dirname(script);
  if (npm_command === 'exec' || folder.endsWith(join('node_modules', '.bin'))) return 'npx rowloom';
  if (PATH.split(delimiter).includes(folder)) return 'rowloom';
  const way = relative(cwd, script);
  const path = way.startsWith('..') ? script : `./${way}`;
  const typed = asTyped(path);
  return path.endsWith('.js') ? `node ${typed}` : typed;
}

/** An argument as a shell takes it for one. */
export function asTyped(argument: string): string {
  return /^[\w./@%+=:,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
