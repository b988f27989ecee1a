import { type Command, Option } from 'commander';
import { formatCount, plural } from '../../../text/plural.ts';
import { describeGraph, type GraphDescription } from '../../tell/describe-graph.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';
import { parseCount } from '../parse.ts';

const FORMATS = ['mermaid', 'text', 'json'] as const;

interface GraphFlags {
  readonly format?: (typeof FORMATS)[number];
  readonly n?: number;
}

export function defineGraph(command: Command, context: CliContext): void {
  command
    .argument('<config>', 'a config document')
    .addOption(new Option('--format <format>', 'default: text on a terminal, else mermaid').choices(FORMATS))
    .option('-n <rows>', 'the rows that tasks are counted for (default: 1,000)', parseCount)
    .action((config: string, flags: GraphFlags) => graph(config, flags, context));
}

async function graph(config: string, { format, n }: GraphFlags, context: CliContext): Promise<void> {
  const shown = format ?? (context.screen === null ? 'mermaid' : 'text');
  const options = { ...context, file: config, ...(n !== undefined && { rows: n }) };
  const { mermaid, ...description } = await describeGraph(options);
  if (shown === 'mermaid') context.print(mermaid.trimEnd());
  else if (shown === 'json') context.print(JSON.stringify(description));
  else printText(description, context);
}

function printText(description: Omit<GraphDescription, 'mermaid'>, context: CliContext): void {
  const { columns, longestChain, rows, rowGroups, sliceRows } = description;
  const cells = columns.map(({ name, kind, tasks, needs }) => [
    ...[name, kind, tasks === 0 ? '' : formatCount(tasks), needs.join(', ')],
  ]);
  printTable(['column', 'made by', 'tasks', 'needs'], cells, { ...context, right: ['tasks'] });
  context.print('');
  for (const how of new Set(columns.map((column) => column.how))) {
    const names = columns.filter((column) => column.how === how).map(({ name }) => name);
    context.print(`${how}: ${names.join(', ')}`);
  }
  for (const { name, sideEffects } of columns)
    if (sideEffects.length > 0) context.print(`made with ${name}: ${sideEffects.join(', ')}`);
  context.print(`longest chain: ${longestChain.join(' → ')}`);
  const tasks = columns.reduce((sum, column) => sum + column.tasks, 0);
  const slices = columns.some(({ strategy }) => strategy === 'cell')
    ? `, of ${plural(sliceRows, 'row')} each where a call makes one cell`
    : '';
  const shape = `${plural(rows, 'row')} in ${plural(rowGroups, 'row group')}`;
  context.print(`${shape}: ${plural(tasks, 'task')}${slices}`);
}
