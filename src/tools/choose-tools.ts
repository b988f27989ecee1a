// Which tools a model is offered, of those that the servers have. Pure.

import type { ToolDefinition } from '../models/model-client.ts';
import type { ToolUse } from '../plan.ts';
import { anyOf } from '../text/phrases.ts';

/** The tools that a column's model may call. */
export interface OfferedTools {
  readonly definitions: readonly ToolDefinition[];
  /** By the name of the tool, that of its server. */
  readonly serverOf: ReadonlyMap<string, string>;
}

/** What `listings` have of a use, in the order of its servers, or what is wrong with that for people. */
export function chooseTools(
  { servers, allowed }: ToolUse,
  listings: ReadonlyMap<string, readonly ToolDefinition[]>,
): OfferedTools | { readonly problem: string } {
  const definitions: ToolDefinition[] = [];
  const serverOf = new Map<string, string>();
  for (const server of servers) {
    for (const tool of listings.get(server) ?? []) {
      const other = serverOf.get(tool.name);
      if (other !== undefined)
        return {
          problem: `tool "${tool.name}" is in MCP providers "${other}" and "${server}": name one of them alone`,
        };
      serverOf.set(tool.name, server);
      if (allowed === undefined || allowed.includes(tool.name)) definitions.push(tool);
    }
  }
  const missing = (allowed ?? []).filter((name) => !serverOf.has(name));
  if (missing.length > 0) {
    const has = serverOf.size === 0 ? 'they have none' : `they have ${[...serverOf.keys()].join(', ')}`;
    const where = anyOf(servers.map((name) => `"${name}"`));
    return {
      problem: `allow_tools: no tool ${missing.map((name) => `"${name}"`).join(', ')} in MCP provider ${where}: ${has}`,
    };
  }
  return { definitions, serverOf };
}
