import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { RefusedError } from '../../../errors.ts';
import { plural } from '../../../plural.ts';
import {
  EXPORT_FORMATS,
  type ExportFileOptions,
  type ExportFormat,
  type ExportSource,
  exportFile,
  exportFormatOf,
  exportLines,
  joinLines,
  openExport,
} from '../../export-dataset.ts';
import { formatBytes, line } from '../../format.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { addPlaceOptions, datasetPlace, type PlaceFlags } from '../place-options.ts';

interface ExportFlags extends PlaceFlags {
  readonly format?: ExportFormat;
  readonly output?: string;
  readonly force: boolean;
}

export function defineExport(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .addOption(
      new Option('--format <format>', "default: what the file's name says, else jsonl").choices(
        EXPORT_FORMATS,
      ),
    )
    .option('--output <file>', 'a file (default: stdout)')
    .option('--force', 'replace the file if it is there', false)
    .action((target: string, flags: ExportFlags) => exportDataset(target, flags, context));
}

async function exportDataset(target: string, flags: ExportFlags, context: CliContext): Promise<void> {
  const { cwd, print, say, flush, setExitCode } = context;
  const { output, force } = flags;
  const format = exportFormatOf(flags);
  const source = await openExport(datasetPlace(target, flags, context));
  if (output !== undefined) {
    const sizeBytes = await exportToFile(
      source,
      { path: resolve(cwd, output), format, isOverwriting: force },
      context,
    );
    if (sizeBytes === null) {
      say(line('stopped', 'nothing was written'));
      setExitCode(1);
      return;
    }
    say(line('exported', `${plural(source.rows, 'row')} → ${output} · ${formatBytes(sizeBytes)}`));
  } else if (format === 'parquet') {
    throw new RefusedError('Cannot export parquet to stdout: name a file with --output');
  } else {
    for await (const text of joinLines(exportLines(source, format))) {
      print(text);
      await flush();
    }
  }
  sayMissing(source, context);
}

/** Until the first Ctrl-C. */
async function exportToFile(
  source: ExportSource,
  options: ExportFileOptions,
  { say }: CliContext,
): Promise<number | null> {
  const interrupts = handleInterrupts({ say, onFirst: () => undefined, leaving: 'nothing was written' });
  try {
    return await exportFile(source, { ...options, stopSignal: interrupts.signal });
  } finally {
    interrupts.dispose();
  }
}

function sayMissing({ missing }: ExportSource, { say }: CliContext): void {
  if (missing > 0) say(line('warning', `not finished yet: ${plural(missing, 'row')}`));
}
