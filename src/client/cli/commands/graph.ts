import { type Command, Option } from 'commander';
import { describeGraph, type GraphDescription } from '../../describe-graph.ts';
import type { CliContext } from '../context.ts';
import { documentOptions } from '../document-options.ts';
import { paintFor } from '../paint.ts';
import { formatTable } from '../text.ts';

const FORMATS = ['mermaid', 'text', 'json'] as const;

interface GraphFlags {
  readonly format?: (typeof FORMATS)[number];
}

export function defineGraph(command: Command, context: CliContext): void {
  command
    .argument('<config>', 'a config document')
    .addOption(new Option('--format <format>', 'default: text on a terminal, else mermaid').choices(FORMATS))
    .action((config: string, flags: GraphFlags) => graph(config, flags, context));
}

async function graph(config: string, flags: GraphFlags, context: CliContext): Promise<void> {
  const format = flags.format ?? (context.screen === null ? 'mermaid' : 'text');
  const { mermaid, ...description } = await describeGraph(documentOptions(config, context));
  if (format === 'mermaid') context.print(mermaid.trimEnd());
  else if (format === 'json') context.print(JSON.stringify(description));
  else printText(description, context);
}

function printText(
  { columns, longestChain }: Omit<GraphDescription, 'mermaid'>,
  { print, screen }: CliContext,
): void {
  const rows = columns.map(({ name, kind, needs }) => [name, kind, needs.join(', ')]);
  const [head = '', ...body] = formatTable(['column', 'made by', 'needs'], rows);
  print(paintFor(screen).strong(head));
  for (const text of body) print(text);
  print('');
  print(`longest chain: ${longestChain.join(' → ')}`);
}
