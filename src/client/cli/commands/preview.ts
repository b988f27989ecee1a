// `preview`: rows of a document on the terminal, one by one as they are whole. No server, and no file but a page that is asked for.

import type { Command } from 'commander';
import { ownCommand } from '../../../text/own-command.ts';
import { withoutSecrets } from '../../../text/web-address.ts';
import { formatJson, type ValueObject } from '../../../values.ts';
import { type OpenPreview, openPreview, type PreviewedRow } from '../../build/preview-dataset.ts';
import { line } from '../../tell/format.ts';
import {
  describePreview,
  describePreviewEnd,
  type PreviewEnd,
  previewPage,
  wholeRows,
} from '../../tell/preview-report.ts';
import { describeWaiting } from '../../tell/progress-report.ts';
import type { CliContext } from '../context.ts';
import { openHtmlFile, type WritePage } from '../html-file.ts';
import { handleInterrupts } from '../interrupts.ts';
import { loadHighlight, paintFor, WIDTH_WITHOUT_SCREEN } from '../paint.ts';
import { parseRows } from '../parse.ts';
import { outOption } from '../place-options.ts';
import { ProgressLine } from '../progress-line.ts';
import { rowJson } from '../row-json.ts';
import { describeProcessed, describeRow, describeValues } from '../row-text.ts';
import { describeViolations } from '../violations.ts';

interface PreviewFlags extends InProcessFlags {
  readonly n: number | 'all';
  readonly prompts: boolean;
  readonly save?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export const CTRL_C = 130;
/** For a model that does not answer. */
const LOOK_EVERY_MS = 1_000;

export function definePreview(command: Command, context: CliContext): void {
  command
    .argument('<config>', "a config document, or a dataset's folder")
    .option('-n <rows>', 'rows: a number, or "all" for one pass over the seed data', parseRows, 10)
    .option('--prompts', 'show what each model was asked above what it made of it', false)
    .option('--save <file>', 'write the rows, with prompts and pictures, as one HTML file too')
    .option('--force', 'replace that file if it is there', false)
    .option('--name <name>', "the dataset's name: samplers draw by it (default: the document's file name)")
    .option('--new', 'preview another dataset, under the next free name', false)
    .option(
      '--run-config <file>',
      "Data Designer's run settings, as YAML or JSON: they go before the document's",
    )
    .addOption(outOption())
    .option('--simulate', 'answer every model call offline', false)
    .option('--json', 'one JSON object a row, with all that made it', false)
    .action((config: string, flags: PreviewFlags) => preview(config, flags, context));
}

async function preview(config: string, flags: PreviewFlags, context: CliContext): Promise<void> {
  const { say, setExitCode } = context;
  const startedAt = Date.now();
  let isMaking = false;
  const interrupts = handleInterrupts({
    say,
    onFirst() {
      if (isMaking) return;
      say(line('stopped', 'no call was made'));
      process.exit(CTRL_C);
    },
    leaving: 'calls were in flight',
  });
  try {
    const write: WritePage | null =
      flags.save === undefined
        ? null
        : await openHtmlFile(flags.save, context, { verb: 'save', isOverwriting: flags.force });
    const opened = await openPreview(inProcessOptions(config, { flags, rows: flags.n }, context));
    for (const text of describeViolations(opened.config.warnings, context)) say(text);
    for (const text of describePreview(opened, context)) say(text);
    isMaking = true;
    const rows = await showRows(opened, { flags, stopSignal: interrupts.signal }, context);
    if (!interrupts.signal.aborted && opened.reason === null)
      await showFinished(await opened.finish(rows, interrupts.signal), flags, context);
    const isStopped = interrupts.signal.aborted;
    const end: PreviewEnd = { rows, isStopped, ms: Date.now() - startedAt };
    for (const text of describePreviewEnd(opened, end, { command: commandToKeep(config, flags, context) }))
      say(text);
    if (write !== null && rows.length > 0) await write(previewPage(opened, end));
    if (isStopped) setExitCode(CTRL_C);
    else if (opened.reason !== null || wholeRows(end) === 0) setExitCode(1);
  } finally {
    interrupts.dispose();
  }
}

async function showRows(
  opened: OpenPreview,
  { flags, stopSignal }: { readonly flags: PreviewFlags; readonly stopSignal: AbortSignal },
  context: CliContext,
): Promise<readonly PreviewedRow[]> {
  const { print, flush, screen } = context;
  const { rows: asked } = opened.config.settings;
  const rows: PreviewedRow[] = [];
  const options = {
    ...{ width: screen?.width ?? WIDTH_WITHOUT_SCREEN, paint: paintFor(screen) },
    shows: flags.prompts ? ('prompts' as const) : ('values' as const),
  };
  const progress = new ProgressLine(context);
  const looking = setInterval(() => {
    const waiting = describeWaiting(opened.waitedFor);
    if (waiting.length > 0) progress.show(waiting);
    else progress.clear();
  }, LOOK_EVERY_MS);
  try {
    for await (const view of opened.rows(stopSignal)) {
      const { row, state, processed } = view;
      rows.push(view);
      progress.clear();
      if (flags.json) print(formatJson({ ...rowJson(view), processed }));
      else {
        if (rows.length > 1) print('');
        const title = `row ${row + 1} of ${asked}${state === 'dropped' ? ' · dropped' : ''}`;
        const hasCode = view.columns.some(({ language }) => language !== null);
        const highlight = hasCode ? await loadHighlight(screen) : null;
        for (const text of describeRow(view, { ...options, title, highlight })) print(text);
        for (const text of describeProcessed(processed, view, options)) print(text);
      }
      await flush();
    }
  } finally {
    clearInterval(looking);
    progress.end();
  }
  return rows;
}

/** What processors after generation make of the rows. */
async function showFinished(
  rows: readonly ValueObject[] | null,
  { json }: PreviewFlags,
  { print, flush, screen }: CliContext,
): Promise<void> {
  const options = { width: screen?.width ?? WIDTH_WITHOUT_SCREEN, paint: paintFor(screen) };
  for (const [index, finished] of (rows ?? []).entries()) {
    if (json) print(formatJson({ finished }));
    else {
      print('');
      const title = `row ${index + 1} of ${rows!.length} after generation`;
      for (const text of describeValues(finished, { ...options, title })) print(text);
    }
    await flush();
  }
}

/** What a command that makes rows in this process takes beside their number. */
export interface InProcessFlags {
  readonly name?: string;
  readonly runConfig?: string;
  readonly out?: string;
  readonly new?: boolean;
  readonly simulate: boolean;
}

export function inProcessOptions(
  config: string,
  { flags, rows }: { readonly flags: InProcessFlags; readonly rows: number | 'all' },
  { cwd, home, environment, scriptArgs }: CliContext,
) {
  return {
    ...{ target: config, scriptArgs, cwd, home, environment, rows },
    ...{ isSimulated: flags.simulate, isNew: flags.new === true },
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.out === undefined ? {} : { out: flags.out }),
    ...(flags.runConfig === undefined ? {} : { runConfig: flags.runConfig }),
  };
}

/** The `run` that makes the same rows and keeps them. */
function commandToKeep(
  config: string,
  { n, name, runConfig, out, simulate, new: isNew }: PreviewFlags,
  { scriptArgs }: CliContext,
): string {
  const options = [
    ['--name', name],
    ['--run-config', runConfig],
    ['--out', out],
  ].flatMap(([option, value]) => (value === undefined ? [] : [option!, value]));
  const others = [...(isNew ? ['--new'] : []), ...(simulate ? ['--simulate'] : [])];
  const args = scriptArgs === undefined ? [] : ['--', ...scriptArgs];
  return ownCommand('run', withoutSecrets(config), '-n', String(n), ...options, ...others, ...args);
}
