import type { Command } from 'commander';
import { reportDataset, titleOf } from '../../tell/dataset-report.ts';
import { findDatasetVersion } from '../../wish/find-dataset.ts';
import type { CliContext } from '../context.ts';
import { openHtmlFile } from '../html-file.ts';
import { addPlaceOptions, datasetPlace, type PlaceFlags } from '../place-options.ts';

interface ReportFlags extends PlaceFlags {
  readonly output?: string;
  readonly force: boolean;
}

export function defineReport(command: Command, context: CliContext): void {
  addPlaceOptions(command, { takesVersion: true })
    .option('--output <file>', 'an .html file (default: NAME.html in this folder)')
    .option('--force', 'replace the file if it is there', false)
    .action((target: string, flags: ReportFlags) => report(target, flags, context));
}

async function report(target: string, flags: ReportFlags, context: CliContext): Promise<void> {
  const place = datasetPlace(target, flags, context);
  const output = flags.output ?? `${titleOf(place, (await findDatasetVersion(place)).dataset.name)}.html`;
  const write = await openHtmlFile(output, context, { verb: 'report', isOverwriting: flags.force });
  await write(await reportDataset(place));
}
