import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { BuildError, RefusedError, StoreError } from '../../../errors.ts';
import { plural } from '../../../text/plural.ts';
import {
  type ExportFileOptions,
  type ExportSource,
  exportFile,
  exportLines,
  joinLines,
  openExport,
} from '../../look/export-dataset.ts';
import {
  checkExportPlace,
  EXPORT_FORMATS,
  type ExportFormat,
  exportFormatOf,
} from '../../look/export-target.ts';
import { formatBytes, line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { addPlaceOptions, commandAbout, datasetPlace, type PlaceFlags } from '../place-options.ts';

interface ExportFlags extends PlaceFlags {
  readonly format?: ExportFormat;
  readonly output?: string;
  readonly force: boolean;
  readonly withRowNumber: boolean;
  readonly processor?: string;
}

const ABOUT_ROW_NUMBERS = `
Rows are numbered from 0 in the order in which they were asked for. A dropped
row keeps its number and is in no file: the row at position 17 of an export, or
of pd.read_parquet("…/parquet-files"), need not be row 17. --with-row-number
puts the number beside each row. Without it, "rowsInFiles" in the dataset's
current/groups/00000.json says which rows batch_00000.parquet holds.`;

export function defineExport(command: Command, context: CliContext): void {
  addPlaceOptions(command, { takesVersion: true })
    .addOption(
      new Option('--format <format>', "default: what the file's name says, else jsonl").choices(
        EXPORT_FORMATS,
      ),
    )
    .option('--output <file>', 'a .jsonl, .csv or .parquet file (default: stdout)')
    .option('--force', 'replace the file if it is there', false)
    .option('--processor <name>', 'the records of this schema_transform, such as chats to train on')
    .option(
      '--with-row-number',
      'a first column "row_number", by which show and failures know the row',
      false,
    )
    .addHelpText('after', ABOUT_ROW_NUMBERS)
    .action((target: string, flags: ExportFlags) => exportDataset(target, flags, context));
}

async function exportDataset(target: string, flags: ExportFlags, context: CliContext): Promise<void> {
  const { cwd, print, say, flush, setExitCode } = context;
  const { output, force: isOverwriting, withRowNumber: hasRowNumbers, processor } = flags;
  // First of all: the name of a device, such as /dev/stdout, has no ending either.
  if (output !== undefined) await checkExportPlace(resolve(cwd, output), isOverwriting);
  const format = exportFormatOf(flags);
  const source = await openExport(datasetPlace(target, flags, context), {
    hasRowNumbers,
    ...(processor === undefined ? {} : { processor }),
  });
  if (output !== undefined) {
    const sizeBytes = await exportToFile(
      source,
      { path: resolve(cwd, output), format, isOverwriting },
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
  const { missing, rows } = source;
  const why = `every row was dropped, see ${commandAbout('failures', [target], flags)}`;
  if (rows + missing === 0) say(line('warning', `no row is left: ${why}`));
  if (missing > 0) say(line('warning', `not finished yet: ${plural(missing, 'row')}`));
}

/** Ends at the first Ctrl-C. A disk that cannot be written is a `BuildError`, exit 1: the command itself was in order. */
async function exportToFile(
  source: ExportSource,
  options: ExportFileOptions,
  { say }: CliContext,
): Promise<number | null> {
  const interrupts = handleInterrupts({ say, onFirst: () => undefined, leaving: 'nothing was written' });
  try {
    return await exportFile(source, { ...options, stopSignal: interrupts.signal });
  } catch (error) {
    throw error instanceof StoreError ? new BuildError(error.message, { cause: error }) : error;
  } finally {
    interrupts.dispose();
  }
}
