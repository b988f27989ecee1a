import { type Command, Option } from 'commander';
import { plural } from '../../../text/plural.ts';
import { formatJson, type Value } from '../../../values.ts';
import { csvText, csvValues } from '../../look/csv-line.ts';
import { joinLines } from '../../look/export-dataset.ts';
import { type QueryResult, queryDataset } from '../../look/query-dataset.ts';
import { line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';
import { addPlaceOptions, datasetPlace, type PlaceFlags } from '../place-options.ts';
import { clip } from '../text.ts';

/** Rows of a table for people. */
const TABLE_ROWS = 100;
/** Characters of a cell of it, of the whole width where that is less. */
const CELL_WIDTH = 60;

interface QueryFlags extends PlaceFlags {
  readonly csv?: boolean;
  readonly json?: boolean;
}

const ABOUT_SQL = `
The finished rows are a view named "data", and named as the dataset is. The SQL
is DuckDB's: "summarize data" sums every column up, "describe data" lists them,
rating.score reads a field, json_extract_string(answer, '$.a') one of JSON text.`;

export function defineQuery(command: Command, context: CliContext): void {
  addPlaceOptions(command, { takesVersion: true })
    .argument('<sql>', 'one SELECT: "select tier, count(*) from data group by tier"')
    .addOption(new Option('--csv', 'all rows as CSV').conflicts('json'))
    .option('--json', 'all rows, one JSON object a line')
    .addHelpText('after', ABOUT_SQL)
    .action((target: string, sql: string, flags: QueryFlags) => query(target, sql, { flags, context }));
}

async function query(
  target: string,
  sql: string,
  { flags, context }: { readonly flags: QueryFlags; readonly context: CliContext },
): Promise<void> {
  const { print, flush, say } = context;
  const result = await queryDataset(datasetPlace(target, flags, context), sql);
  if (flags.csv === true || flags.json === true) {
    for await (const text of joinLines(linesOf(result, flags))) {
      print(text);
      await flush();
    }
  } else {
    await printRows(result, context);
  }
  if (result.missing > 0) say(line('warning', `not finished yet: ${plural(result.missing, 'row')}`));
}

async function* linesOf({ columns, rows }: QueryResult, { csv }: QueryFlags): AsyncGenerator<string> {
  if (csv === true) yield columns.map(csvText).join(',');
  for await (const some of rows) {
    for (const row of some) {
      yield csv === true
        ? csvValues(row)
        : formatJson(Object.fromEntries(columns.map((name, index) => [name, row[index]!])));
    }
  }
}

async function printRows({ columns, rows }: QueryResult, context: CliContext): Promise<void> {
  const shown: (readonly Value[])[] = [];
  for await (const some of rows) {
    shown.push(...some.slice(0, TABLE_ROWS + 1 - shown.length));
    if (shown.length > TABLE_ROWS) break;
  }
  const width = Math.min(CELL_WIDTH, context.screen?.width ?? CELL_WIDTH);
  const cells = shown.slice(0, TABLE_ROWS).map((row) => row.map((value) => clip(textOf(value), width)));
  const isNumber = (index: number) => shown.every((row) => isNumberOrNull(row[index]!)) && shown.length > 0;
  const header = columns.map((name) => clip(name, width));
  printTable(header, cells, { ...context, right: header.filter((_, index) => isNumber(index)) });
  if (shown.length > TABLE_ROWS) {
    context.say(line('warning', `these are the first ${TABLE_ROWS} rows: all are with --csv or --json`));
  }
}

function isNumberOrNull(value: Value): boolean {
  return value === null || typeof value === 'number' || typeof value === 'bigint';
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : formatJson(value);
}
