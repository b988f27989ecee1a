// The command line: parses, calls one client function, prints what came back. Data on stdout, talk on stderr.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Help, Option } from 'commander';
import { BuildError, ConfigError, RowloomError } from '../../errors.ts';
import { PACKAGE_FILE } from '../../own-files.ts';
import { findOwn } from '../../own-keys.ts';
import { homeFolder } from '../../server/home.ts';
import { commandOf, ownCommand, setOwnCommand } from '../../text/own-command.ts';
import { plural } from '../../text/plural.ts';
import { line } from '../tell/format.ts';
import type { CliContext } from './context.ts';
import { fold, terminalWidth } from './text.ts';
import { describeViolations } from './violations.ts';

/** Adds a command's arguments, options and action. */
type Define = (command: Command, context: CliContext) => void;

/** In the order of the help. */
const DESCRIPTIONS = {
  run: 'make a dataset, or go on with it: continue, extend, or make again what an edit changes',
  create: "make a dataset, with the options of Data Designer's create",
  preview: 'make rows and show them, with no server and nothing kept',
  estimate: 'tell what a dataset would take in calls, tokens, dollars and time, from a few rows',
  start: 'hand a dataset over to `rowloom worker` or `rowloom dev` in another terminal, and return',
  worker: 'make the datasets that `rowloom start` hands over, until Ctrl-C',
  dev: 'keep the embedded server, its web UI and a worker running here, until Ctrl-C',
  watch: 'show the progress of a dataset that another process makes; Ctrl-C leaves it alone',
  stop: 'end the making of a dataset: no new calls, complete rows are written',
  pause: 'have the making of a dataset make no new calls for a while',
  unpause: 'have it go on',
  'set-limits': 'change how many calls of a model it may have at a time',
  list: 'list the datasets in a folder',
  status: 'sum a dataset up: rows, calls, tokens, by column',
  show: 'show one row and what made it, or the first rows',
  failures: 'list the cells that failed for good: their rows are not in the output',
  trace: 'sum up where the time of a build went that was made with --trace',
  export: 'write the finished rows as one file, or to stdout',
  query: 'ask the finished rows in SQL, through DuckDB',
  profile: 'measure every column of the finished rows, and write profile.json',
  report: 'write what a dataset is like as one HTML file',
  versions: 'list the outputs that a dataset had and has, with what changed',
  prune: 'free the disk of old versions and of cells of old inputs, after asking',
  validate: 'check a config document and list the columns it makes, with their types',
  'check-models': 'ask each model that a config document needs once, and show what it says',
  graph: 'show which column needs which',
  schema: 'print the JSON Schema of config documents, for editors',
  completion: 'print the script that lets a shell complete commands, options and names of datasets',
};

/** Each is loaded when its command is named: loading all of them, with Temporal's client, takes half a second. */
const DEFINITIONS: Readonly<Record<keyof typeof DESCRIPTIONS, () => Promise<Define>>> = {
  run: async () => (await import('./commands/run.ts')).defineRun,
  create: async () => (await import('./commands/create.ts')).defineCreate,
  preview: async () => (await import('./commands/preview.ts')).definePreview,
  estimate: async () => (await import('./commands/estimate.ts')).defineEstimate,
  start: async () => (await import('./commands/start.ts')).defineStart,
  worker: async () => (await import('./commands/serve.ts')).defineWorker,
  dev: async () => (await import('./commands/serve.ts')).defineDev,
  watch: async () => (await import('./commands/watch.ts')).defineWatch,
  stop: async () => (await import('./commands/steer.ts')).defineStop,
  pause: async () => (await import('./commands/steer.ts')).definePause,
  unpause: async () => (await import('./commands/steer.ts')).defineUnpause,
  'set-limits': async () => (await import('./commands/steer.ts')).defineSetLimits,
  list: async () => (await import('./commands/list.ts')).defineList,
  status: async () => (await import('./commands/status.ts')).defineStatus,
  show: async () => (await import('./commands/show.ts')).defineShow,
  failures: async () => (await import('./commands/failures.ts')).defineFailures,
  trace: async () => (await import('./commands/trace.ts')).defineTrace,
  export: async () => (await import('./commands/export.ts')).defineExport,
  query: async () => (await import('./commands/query.ts')).defineQuery,
  profile: async () => (await import('./commands/profile.ts')).defineProfile,
  report: async () => (await import('./commands/report.ts')).defineReport,
  versions: async () => (await import('./commands/versions.ts')).defineVersions,
  prune: async () => (await import('./commands/prune.ts')).definePrune,
  validate: async () => (await import('./commands/validate.ts')).defineValidate,
  'check-models': async () => (await import('./commands/check-models.ts')).defineCheckModels,
  graph: async () => (await import('./commands/graph.ts')).defineGraph,
  schema: async () => (await import('./commands/schema.ts')).defineSchema,
  completion: async () => (await import('./commands/completion.ts')).defineCompletion,
};

/** Commands that take a document: what follows "--" is for the program that this may be. */
const TAKE_DOCUMENTS = ['run', 'create', 'preview', 'estimate', 'start', 'validate', 'check-models', 'graph'];

export async function main(typed: readonly string[], given: CliContext): Promise<void> {
  const at = typed.indexOf('--');
  const isSplit = at >= 0 && TAKE_DOCUMENTS.includes(typed[0] ?? '');
  const args = isSplit ? typed.slice(0, at) : typed;
  const context = isSplit ? { ...given, scriptArgs: typed.slice(at + 1) } : given;
  const program = new Command('rowloom')
    .version(ownVersion(), '--version', 'print the version')
    .description('Builds synthetic datasets that survive anything')
    .configureHelp({ optionDescription })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.say(text.trimEnd()),
      outputError: (text) => context.say(mistakeOf(text)),
    });
  for (const [name, description] of Object.entries(DESCRIPTIONS)) {
    const command = program.command(name).description(description);
    const isNamed = args.includes(name) || args.includes('completion');
    const load = isNamed ? findOwn(DEFINITIONS, name) : undefined;
    if (load !== undefined) (await load())(command, context);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    report(error, { context, isLooking: LOOKING.includes(args.find((arg) => !arg.startsWith('-')) ?? '') });
  }
}

function ownVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { version: string }).version;
}

/** What Commander says of a command that it cannot read, as errors are said here. */
function mistakeOf(text: string): string {
  const mistake = text
    .trim()
    .replace(/^error: (?:command-argument )?/, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, ", did you mean '$1'?")
    .replace(/\.$/, '')
    .replace(/'([^']*)'/g, '"$1"')
    .replace(/argument "dataset"$/, `$& (\`${ownCommand('list')}\` names those that are there)`);
  return line('error', `Cannot read the command: ${mistake}`);
}

/** An option in the help, without "(default: false)" and the like. */
function optionDescription(option: Option): string {
  const { defaultValue: value } = option;
  const saysNothing = value === false || (Array.isArray(value) && value.length === 0);
  const shown = saysNothing ? new Option(option.flags, option.description) : option;
  return new Help().optionDescription(shown);
}

/** Commands that never make a call: their errors need not say that none was made. */
const LOOKING = ['validate', 'graph'];

function report(
  error: unknown,
  { context, isLooking }: { readonly context: CliContext; readonly isLooking: boolean },
): void {
  if (error instanceof CommanderError) {
    context.setExitCode(error.exitCode === 0 ? 0 : 2);
  } else if (error instanceof ConfigError) {
    const errors = error.violations.filter(({ level }) => level === 'error');
    for (const text of describeViolations(error.violations, context)) context.say(text);
    const count = plural(errors.length, 'error');
    context.say(isLooking ? line('invalid', count) : line('refused', `${count}, no call was made`));
    context.setExitCode(2);
  } else if (error instanceof RowloomError) {
    context.say(line('error', error.message));
    context.setExitCode(error instanceof BuildError ? 1 : 2);
  } else {
    context.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    context.setExitCode(1);
  }
}

/** This process as a command: what its arguments ask for, and then its end. */
export async function start(): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that closes the pipe early, such as `head`, has all it wants.
    if (error.code === 'EPIPE') process.exit();
    const reason = error.message.replace(/^[A-Z]+: |, write$/g, '');
    process.stderr.write(`${line('error', `Cannot write to stdout: ${reason}`)}\n`, () => process.exit(1));
  });
  // Without a listener a closed stderr ends the process, and the calls in flight are lost.
  process.stderr.on('error', () => undefined);
  // Otherwise Temporal's client writes its own lines about connections to stderr, before the message that we print.
  process.env.GRPC_VERBOSITY ??= 'NONE';
  const cwd = findWorkingFolder();
  if (cwd === undefined) {
    const why = 'it was removed, or its name is not UTF-8. Change to another one';
    console.error(line('error', `Cannot start in this folder: ${why}`));
    process.exit(2);
  }
  // A Temporal server whose commands were all killed ends with the next command, whatever that is for.
  const serverFolder = join(cwd, '.rowloom');
  if (existsSync(serverFolder)) (await import('../../server/server-files.ts')).endLeftServers(serverFolder);
  setOwnCommand(commandOf(process.argv[1] ?? '', { cwd, environment: process.env }));
  await main(process.argv.slice(2), {
    cwd,
    home: homeFolder(),
    environment: process.env,
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    screen: process.stdout.isTTY
      ? { width: terminalWidth(process.stdout), hasColors: process.stdout.hasColors() }
      : null,
    print: (line) => void process.stdout.write(`${line}\n`),
    flush: () => new Promise((resolve) => process.stdout.write('', () => resolve())),
    say(text) {
      const lines = process.stderr.isTTY ? fold(text, terminalWidth(process.stderr)) : [text];
      process.stderr.write(`${lines.join('\n')}\n`);
    },
    setExitCode(code) {
      process.exitCode = code;
    },
  });
  // A connection that a library gave up without closing it would keep the process alive.
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<unknown>((resolve) => stream.write('', resolve));
  }
  process.exit();
}

/** Node reads a name that is not UTF-8 as that of another folder. */
function findWorkingFolder(): string | undefined {
  try {
    const cwd = process.cwd();
    return statSync(cwd).ino === statSync('.').ino ? cwd : undefined;
  } catch {
    return undefined;
  }
}

const [, script] = process.argv;
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) await start();
