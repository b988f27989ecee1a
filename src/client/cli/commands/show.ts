import { type Command, InvalidArgumentError } from 'commander';
import { RefusedError } from '../../../errors.ts';
import type { RowRange } from '../../../graph/types.ts';
import { formatJson } from '../../../values.ts';
import { readFirstRows, readRows } from '../../look/row-view.ts';
import { line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { loadHighlight, paintFor, WIDTH_WITHOUT_SCREEN } from '../paint.ts';
import { parseRanges } from '../parse.ts';
import { addPlaceOptions, commandAbout, datasetPlace, type JsonFlags } from '../place-options.ts';
import { rowJson } from '../row-json.ts';
import { describeRow, outlineRow } from '../row-text.ts';

/** Rows of the overview. */
const FIRST_ROWS = 3;

interface ShowFlags extends JsonFlags {
  readonly rows?: readonly RowRange[];
}

export function defineShow(command: Command, context: CliContext): void {
  addPlaceOptions(command, { takesVersion: true })
    .argument('[row]', 'the number of a row, from 0: its cells with prompts, calls and answers', parseRow)
    .option('--rows <ranges>', 'several rows in short, such as 0-9 or 3,17', parseRanges)
    .option('--json', 'one JSON object a row, with all that made it', false)
    .action((target: string, row: number | undefined, flags: ShowFlags) => show(target, row, flags, context));
}

async function show(
  target: string,
  row: number | undefined,
  flags: ShowFlags,
  context: CliContext,
): Promise<void> {
  const { print, say, flush, screen } = context;
  if (row !== undefined && flags.rows !== undefined) {
    throw new RefusedError('Cannot show one row and --rows: give one of them');
  }
  const place = datasetPlace(target, flags, context);
  const ranges = row === undefined ? flags.rows : [{ first: row, last: row }];
  const views = ranges === undefined ? await readFirstRows(place, FIRST_ROWS) : readRows(place, ranges);
  const options = {
    ...{ width: screen?.width ?? WIDTH_WITHOUT_SCREEN, paint: paintFor(screen), shows: 'making' as const },
    highlight: await loadHighlight(screen),
  };
  let isFirst = true;
  for await (const view of views) {
    if (flags.json) print(formatJson(rowJson(view)));
    else {
      if (!isFirst) print('');
      for (const text of (row === undefined ? outlineRow : describeRow)(view, options)) print(text);
    }
    isFirst = false;
    await flush();
  }
  if (row !== undefined || flags.json) return;
  const one = commandAbout('show', [target, `${ranges?.[0]?.first ?? 0}`], flags);
  say(line('look', `at one row, with what made it: ${one}`));
}

function parseRow(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('Give the number of a row, from 0.');
  return Number(text);
}
