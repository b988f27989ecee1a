import { type Command, InvalidArgumentError } from 'commander';
import { formatJson, fromPlain, type Value } from '../../../values.ts';
import { line } from '../../format.ts';
import { type RowView, readFirstRows, readRow } from '../../look.ts';
import { ownCommand } from '../../own-command.ts';
import type { CliContext } from '../context.ts';
import { paintFor } from '../paint.ts';
import { addPlaceOptions, datasetPlace, type JsonFlags } from '../place-options.ts';
import { describeRow, outlineRow } from '../row-text.ts';

/** Rows of the overview. */
const FIRST_ROWS = 3;
const WIDTH_WITHOUT_SCREEN = 100;

export function defineShow(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .argument('[row]', 'the number of a row, from 0', parseRow)
    .option('--json', 'one JSON object a row', false)
    .action((target: string, row: number | undefined, flags: JsonFlags) => show(target, row, flags, context));
}

async function show(
  target: string,
  row: number | undefined,
  flags: JsonFlags,
  context: CliContext,
): Promise<void> {
  const { print, say, screen } = context;
  const place = datasetPlace(target, flags, context);
  const isOverview = row === undefined;
  const views = isOverview ? await readFirstRows(place, FIRST_ROWS) : [await readRow(place, row)];
  if (flags.json) {
    for (const view of views) print(formatJson(rowJson(view)));
    return;
  }
  const options = { width: screen?.width ?? WIDTH_WITHOUT_SCREEN, paint: paintFor(screen) };
  const blocks = views.map((view) => (isOverview ? outlineRow : describeRow)(view, options));
  for (const [index, lines] of blocks.entries()) {
    if (index > 0) print('');
    for (const text of lines) print(text);
  }
  if (isOverview) say(line('look', `at one row, with what made it: ${ownCommand()} show ${target} 0`));
}

function parseRow(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('Give the number of a row, from 0.');
  return Number(text);
}

/** Counts and times are whole numbers; values stay what they are. */
function rowJson({ values, columns, ...row }: RowView): Value {
  return {
    ...(fromPlain(row) as object),
    values,
    columns: columns.map(({ cell, ...column }) => {
      if (cell === null) return { ...(fromPlain(column) as object), cell };
      const { value, ...made } = cell;
      return { ...(fromPlain(column) as object), cell: { ...(fromPlain(made) as object), value } };
    }),
  };
}
