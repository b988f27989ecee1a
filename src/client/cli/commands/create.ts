// `create`: `run` under the names and with the defaults of Data Designer's command.

import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { exportFile, openExport } from '../../look/export-dataset.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../look/export-target.ts';
import { formatBytes, line } from '../../tell/format.ts';
import { pathAsTyped } from '../../wish/find-dataset.ts';
import { openingOnce } from '../../wish/openers.ts';
import { nameToCreate, RESUME_MODES, type ResumeMode } from '../../wish/resume.ts';
import { storeFolder } from '../../wish/store-folder.ts';
import type { CliContext } from '../context.ts';
import { parseCount } from '../parse.ts';
import { type WishFlags, wishOptionsOf } from '../wish-options.ts';
import { run } from './run.ts';

interface CreateFlags {
  readonly numRecords: number;
  readonly datasetName: string;
  readonly artifactPath: string;
  readonly resume: ResumeMode;
  readonly outputFormat?: ExportFormat;
  readonly runConfig?: string;
  readonly simulate: boolean;
}

const ABOUT_NAMES = `
A name stands for one document: the same document goes on where it ended, also
with more records; another one is made under NAME_MM-DD-YYYY_HHMMSS. --resume
never makes a new dataset each time, always refuses where it cannot go on.
\`run\` does more: it makes again just the cells that an edit changes.`;

export function defineCreate(command: Command, context: CliContext): void {
  command
    .argument('<config>', 'a config document')
    .option('-n, --num-records <count>', 'records to make', parseCount, 10)
    .option('-d, --dataset-name <name>', "the dataset's name", 'dataset')
    .option('-o, --artifact-path <dir>', 'the folder of datasets', 'artifacts')
    .addOption(
      new Option('-r, --resume <mode>', 'go on with the dataset of that name')
        .choices(RESUME_MODES)
        .default('if_possible'),
    )
    .addOption(
      new Option(
        '-f, --output-format <format>',
        'also write the records as one file beside the dataset',
      ).choices(EXPORT_FORMATS),
    )
    .option('-c, --run-config <file>', "Data Designer's run settings, as YAML or JSON")
    .option('--simulate', 'answer every model call offline, under NAME-simulated', false)
    .addHelpText('after', ABOUT_NAMES)
    .action((config: string, flags: CreateFlags) => create(config, flags, context));
}

async function create(config: string, flags: CreateFlags, context: CliContext): Promise<void> {
  const asked = flags.datasetName;
  const wishFlags: WishFlags = {
    ...{ n: flags.numRecords, name: asked, out: flags.artifactPath, simulate: flags.simulate },
    ...(flags.runConfig === undefined ? {} : { runConfig: flags.runConfig }),
    // The document is the one that was agreed to already: what is made again are cells that failed.
    ...{ yes: true, ask: false, keep: false, keepColumn: [], redo: [] },
    ...{ replace: false, new: false, trace: false },
  };
  // Which dataset it is for and what it makes are two wishes for one document.
  const openers = openingOnce();
  // As in Data Designer: what is not typed is not there.
  const own = { ...context, scriptArgs: context.scriptArgs ?? [] };
  const { name, isResumed, why } = await nameToCreate({
    ...wishOptionsOf(config, wishFlags, own),
    openers,
    ...{ name: asked, mode: flags.resume, now: localTime() },
  });
  if (isResumed) context.say(line('resumed', `"${name}" was made from the same document and goes on`));
  if (why !== null) context.say(line('renamed', `cannot go on with "${asked}": ${why} · made as "${name}"`));
  const runFlags = { ...wishFlags, name, new: why !== null, dryRun: false, strict: false, json: false };
  const [end] = await run([config], runFlags, own, openers);
  if (flags.outputFormat === undefined || end?.how !== 'ended' || end.summary.rowCount === 0) return;
  await writeFile(end.wish.name, { ...flags, outputFormat: flags.outputFormat }, context);
}

async function writeFile(
  name: string,
  { artifactPath: out, outputFormat: format }: CreateFlags & { readonly outputFormat: ExportFormat },
  { cwd, say }: CliContext,
): Promise<void> {
  const folder = storeFolder({ cwd, out });
  const source = await openExport({ target: name, cwd, out });
  const path = join(folder, `${name}.${format}`);
  const sizeBytes = await exportFile(source, { path, format, isOverwriting: true });
  say(line('exported', `${pathAsTyped(path, cwd)} · ${formatBytes(sizeBytes ?? 0)}`));
}

/** Now, as a date whose UTC fields are those of a clock on the wall. */
function localTime(): Date {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
}
