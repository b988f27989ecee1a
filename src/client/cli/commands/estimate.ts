import type { Command } from 'commander';
import { RefusedError } from '../../../errors.ts';
import { readPrices } from '../../../models/prices.ts';
import { findOwn } from '../../../own-keys.ts';
import { modelKeyOf } from '../../../plan.ts';
import { formatDollars } from '../../../text/dollars.ts';
import { formatCount, plural } from '../../../text/plural.ts';
import { type OpenPreview, openPreview, type PreviewedRow } from '../../build/preview-dataset.ts';
import { type Estimate, type Expected, estimateFrom } from '../../look/estimate.ts';
import { formatDuration, formatTokens, joinParts, line } from '../../tell/format.ts';
import { describeModels } from '../../tell/run-report.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';
import { parseCount, parseRows } from '../parse.ts';
import { outOption } from '../place-options.ts';
import { ProgressLine } from '../progress-line.ts';
import { describeViolations } from '../violations.ts';
import { CTRL_C, type InProcessFlags, inProcessOptions } from './preview.ts';

interface EstimateFlags extends InProcessFlags {
  readonly n: number | 'all';
  readonly sample: number;
  readonly json: boolean;
}

const DEFAULT_SAMPLE = 5;

export function defineEstimate(command: Command, context: CliContext): void {
  command
    .argument('<config>', "a config document, or a dataset's folder")
    .requiredOption('-n <rows>', 'rows: a number, or "all" for one pass over the seed data', parseRows)
    .option('--sample <rows>', 'rows to make for it; they are not kept', parseCount, DEFAULT_SAMPLE)
    .option('--name <name>', "the dataset's name: samplers draw by it (default: the document's file name)")
    .option('--run-config <file>', "Data Designer's run settings, as YAML or JSON")
    .addOption(outOption())
    .option('--simulate', 'answer every model call offline', false)
    .option('--json', 'as one JSON object', false)
    .action((config: string, flags: EstimateFlags) => estimate(config, flags, context));
}

async function estimate(config: string, flags: EstimateFlags, context: CliContext): Promise<void> {
  const { say, print, setExitCode } = context;
  const interrupts = handleInterrupts({ say, onFirst: () => undefined, leaving: 'calls were in flight' });
  try {
    const made = flags.n === 'all' ? flags.sample : Math.min(flags.sample, flags.n);
    const opened = await openPreview(inProcessOptions(config, { flags, rows: made }, context));
    for (const text of describeViolations(opened.config.warnings, context)) say(text);
    for (const text of describeModels(opened.config)) say(text);
    const rows = rowsOf(opened, flags);
    const sample = await makeRows(opened, interrupts.signal, context);
    if (interrupts.signal.aborted || opened.reason !== null || sample.length === 0) {
      say(line('stopped', opened.reason ?? 'no row was made'));
      setExitCode(interrupts.signal.aborted ? CTRL_C : 1);
      return;
    }
    const { plan, settings } = opened.config;
    const keys = Object.keys(plan.models).map(
      (alias) => [alias, modelKeyOf(alias, { plan, settings })] as const,
    );
    const caps = new Map(
      keys.map(([alias, key]) => [key, findOwn(settings.models, alias)!.maxParallelRequests]),
    );
    const prices = await readPrices(caps.keys(), settings);
    const found = estimateFrom(sample, { rows, prices, caps });
    if (flags.json) print(JSON.stringify({ name: opened.name, rows, ...found }));
    else for (const text of describeEstimate(found, rows)) print(text);
  } finally {
    interrupts.dispose();
  }
}

function rowsOf({ config: { seeds } }: OpenPreview, { n }: EstimateFlags): number {
  if (n !== 'all') return n;
  if (seeds === null)
    throw new RefusedError('Cannot tell how many rows "all" are: the document has no seed_config');
  return seeds.rows;
}

async function makeRows(
  opened: OpenPreview,
  stopSignal: AbortSignal,
  context: CliContext,
): Promise<readonly PreviewedRow[]> {
  const progress = new ProgressLine(context);
  const rows: PreviewedRow[] = [];
  const { rows: asked } = opened.config.settings;
  try {
    progress.show([`making ${plural(asked, 'row')} to estimate from`]);
    for await (const row of opened.rows(stopSignal)) {
      rows.push(row);
      progress.show([`rows ${rows.length}/${asked} to estimate from`]);
    }
  } finally {
    progress.clear();
    progress.end();
  }
  return rows;
}

function describeEstimate(found: Estimate, rows: number): string[] {
  const { sample, dollars, unpriced } = found;
  const paid = sample.dollars > 0 && formatDollars(sample.dollars);
  const cost =
    dollars === null
      ? `not known: no price for ${unpriced.join(', ')} (rowloom.prices)`
      : dollars.mean > 0 && withRange(dollars, formatDollars);
  const tokens = joinParts(
    `${withRange(found.promptTokens, (count) => formatTokens(Math.round(count)))} in`,
    `${withRange(found.completionTokens, (count) => formatTokens(Math.round(count)))} out`,
  );
  return [
    line(
      'rows',
      `${formatCount(rows)}, from ${plural(sample.rows, 'row')} that were made for this and are not kept`,
    ),
    line(
      'calls',
      withRange(found.calls, (count) => formatCount(Math.round(count))),
    ),
    line('tokens', tokens),
    ...(cost === false ? [] : [line('cost', cost)]),
    line(
      'time',
      `about ${formatDuration(found.ms)}, if models answer as they did with all calls at a time that the document allows`,
    ),
    line('sample', joinParts(plural(sample.calls, 'call'), paid, `${formatCount(sample.dropped)} dropped`)),
  ];
}

function withRange({ mean, low, high }: Expected, format: (number: number) => string): string {
  const [from, to] = [format(low), format(high)];
  return from === to ? format(mean) : `${format(mean)} (${from} to ${to})`;
}
