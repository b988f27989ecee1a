// What a document says of tools: its tool configs, and the columns that use them.

import type { ColumnConfig } from '../columns/declaration.ts';
import type { ToolUse } from '../plan.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { readPart } from './explain.ts';
import type { Path } from './load.ts';
import { readList, textOf } from './read-parts.ts';
import type { Report } from './report.ts';
import { type ToolConfig, toolConfig } from './schema/tools.ts';

export interface ReadTools {
  readonly path: Path;
  readonly alias: string | null;
  readonly config: ToolConfig | null;
}

export function readToolConfigs(report: Report): readonly ReadTools[] {
  const read: ReadTools[] = [];
  for (const path of readList(report, ['tool_configs'])) {
    const alias = textOf(report.read([...path, 'tool_alias']));
    if (alias !== null && read.some((other) => other.alias === alias))
      report.add({ path: [...path, 'tool_alias'], message: `"${alias}" is the alias of earlier tools` });
    const config = readPart(report, { path, schema: toolConfig });
    for (const field of ['providers', 'allow_tools']) refuseTwice(report, [...path, field]);
    read.push({ path, alias, config });
  }
  return read;
}

function refuseTwice(report: Report, path: Path): void {
  const list = report.read(path);
  const names = Array.isArray(list) ? list.map(textOf) : [];
  for (const [index, name] of names.entries())
    if (name !== null && names.indexOf(name) < index)
      report.add({ path: [...path, index], message: `"${name}" stands there twice` });
}

/** The aliases of tools that columns name. One that is nowhere described is in the report. */
export function toolAliasesInUse(
  report: Report,
  of: {
    readonly columns: readonly { readonly path: Path; readonly config: ColumnConfig | null }[];
    readonly tools: readonly ReadTools[];
  },
): readonly string[] {
  const { columns, tools } = of;
  const used = new Set<string>();
  for (const { path, config } of columns) {
    const alias = config === null ? null : toolAliasOf(config);
    if (alias === null) continue;
    used.add(alias);
    if (tools.some((other) => other.alias === alias)) continue;
    const near = nearestName(
      alias,
      tools.flatMap((other) => other.alias ?? []),
    );
    const message = `no tools "${alias}"${suggestion(near)} (in tool_alias)${near === null ? ': describe them under tool_configs' : ''}`;
    report.add({ path: [...path, 'tool_alias'], message, isWhole: true });
  }
  return [...used];
}

function toolAliasOf(config: ColumnConfig): string | null {
  return 'tool_alias' in config ? (config.tool_alias as string | null) : null;
}

/** What of a tool config changes answers. An empty list of allowed tools allows all, as in Data Designer. */
export function toolUseOf({ providers, allow_tools, max_tool_call_turns }: ToolConfig): ToolUse {
  const allowed = [...(allow_tools ?? [])].sort();
  return { servers: providers, ...(allowed.length > 0 ? { allowed } : {}), maxTurns: max_tool_call_turns };
}
