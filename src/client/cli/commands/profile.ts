import type { Command } from 'commander';
import { type ColumnProfile, chartOf, type Numbers } from '../../../report/profile.ts';
import { formatCount, plural } from '../../../text/plural.ts';
import { formatJson } from '../../../values.ts';
import { profileDataset, profileText } from '../../look/profile-dataset.ts';
import { joinParts, line } from '../../tell/format.ts';
import { pathAsTyped } from '../../wish/find-dataset.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';
import { addPlaceOptions, datasetPlace, type JsonFlags } from '../place-options.ts';
import { clip } from '../text.ts';

/** Values of a column that a line names. */
const SHOWN_CATEGORIES = 4;
const CATEGORY_WIDTH = 24;

export function defineProfile(command: Command, context: CliContext): void {
  addPlaceOptions(command, { takesVersion: true })
    .option('--json', 'the profile as one JSON object', false)
    .action((target: string, flags: JsonFlags) => profile(target, flags, context));
}

async function profile(target: string, flags: JsonFlags, context: CliContext): Promise<void> {
  const { print, say, cwd } = context;
  const { profile, path, why, missing } = await profileDataset(datasetPlace(target, flags, context));
  if (flags.json) {
    print(profileText(profile, 0));
  } else {
    const header = ['column', 'kind', 'type', 'nulls', 'unique', 'values'];
    const rows = profile.column_statistics.map((column) => [
      clip(column.column_name, CATEGORY_WIDTH),
      column.kind ?? column.column_type,
      clip(column.simple_dtype, CATEGORY_WIDTH),
      formatCount(column.num_null),
      formatCount(column.num_unique),
      describeValues(column),
    ]);
    printTable(header, rows, { ...context, right: ['nulls', 'unique'] });
  }
  const where = path === null ? `written nowhere: ${why}` : pathAsTyped(path, cwd);
  say(line('profile', `${plural(profile.num_records, 'row')} → ${where}`));
  if (missing > 0) say(line('warning', `not finished yet: ${plural(missing, 'row')}`));
}

function describeValues(column: ColumnProfile): string {
  const { lengths, score_distributions, num_valid_records, output_tokens_mean } = column;
  const { numbers, categories } = chartOf(column);
  const scores = Object.entries(score_distributions ?? {}).map(
    ([name, found]) => `${name} ${describeCategories(column, found)}`,
  );
  return joinParts(
    numbers !== undefined && describeNumbers(numbers),
    categories !== undefined && describeCategories(column, categories),
    lengths !== undefined && categories === undefined && `${describeNumbers(lengths)} characters`,
    ...scores,
    num_valid_records !== undefined &&
      `${percent(num_valid_records, column.num_records - column.num_null)} valid`,
    output_tokens_mean !== undefined && `${shortNumber(output_tokens_mean)} tokens out`,
  );
}

/** `3 to 9, median 5, mean 5.2` */
function describeNumbers({ min, max, median, mean }: Numbers): string {
  if (min === max) return `always ${shortNumber(min)}`;
  return `${shortNumber(min)} to ${shortNumber(max)}, median ${shortNumber(median)}, mean ${shortNumber(mean)}`;
}

/** `free 60 %, pro 30 %, …` */
function describeCategories(
  { num_records, num_null }: ColumnProfile,
  { categories, counts }: { readonly categories: readonly unknown[]; readonly counts: readonly number[] },
): string {
  const shown = categories.slice(0, SHOWN_CATEGORIES).map((category, index) => {
    const text = typeof category === 'string' ? category : formatJson(category as boolean);
    return `${clip(text, CATEGORY_WIDTH) || '""'} ${percent(counts[index]!, num_records - num_null)}`;
  });
  return [...shown, ...(categories.length > SHOWN_CATEGORIES ? ['…'] : [])].join(', ');
}

function percent(count: number, of: number): string {
  return of === 0 ? 'none' : `${shortNumber((100 * count) / of)} %`;
}

function shortNumber(number: number | bigint): string {
  return typeof number === 'bigint' ? formatCount(Number(number)) : String(Number(number.toPrecision(4)));
}
