import { type Command, Option } from 'commander';
import { describeGraph } from '../../tell/describe-graph.ts';
import type { CliContext } from '../context.ts';
import { printTable } from '../paint.ts';

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
  const { mermaid, ...description } = await describeGraph({ ...context, file: config });
  if (format === 'mermaid') context.print(mermaid.trimEnd());
  else if (format === 'json') context.print(JSON.stringify(description));
  else {
    const rows = description.columns.map(({ name, kind, needs }) => [name, kind, needs.join(', ')]);
    printTable(['column', 'made by', 'needs'], rows, context);
    context.print(`\nlongest chain: ${description.longestChain.join(' → ')}`);
  }
}
