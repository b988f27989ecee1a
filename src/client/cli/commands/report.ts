import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { FolderFiles } from '../../../store/files/folder.ts';
import { checkPlace } from '../../look/export-target.ts';
import { reportDataset } from '../../tell/dataset-report.ts';
import { formatBytes, line } from '../../tell/format.ts';
import { findDataset } from '../../wish/find-dataset.ts';
import type { CliContext } from '../context.ts';
import { addPlaceOptions, datasetPlace, type PlaceFlags } from '../place-options.ts';

interface ReportFlags extends PlaceFlags {
  readonly output?: string;
  readonly force: boolean;
}

export function defineReport(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--output <file>', 'an .html file (default: <dataset>.html in this folder)')
    .option('--force', 'replace the file if it is there', false)
    .action((target: string, flags: ReportFlags) => report(target, flags, context));
}

async function report(target: string, flags: ReportFlags, context: CliContext): Promise<void> {
  const place = datasetPlace(target, flags, context);
  const output = flags.output ?? `${(await findDataset(place)).name}.html`;
  const path = resolve(context.cwd, output);
  await checkPlace(path, { verb: 'report', isOverwriting: flags.force });
  const html = Buffer.from(await reportDataset(place));
  const folder = new FolderFiles(dirname(path));
  await folder.makeRoot();
  await folder.replace(basename(path), html);
  context.say(line('report', `${output} · ${formatBytes(html.length)}`));
}
