// What the servers of tools have, asked before any model is.

import type { ToolDefinition } from '../models/model-client.ts';
import type { ToolUse } from '../plan.ts';
import { chooseTools } from './choose-tools.ts';
import type { SessionRequest } from './session.ts';
import type { ToolServers } from './tool-servers.ts';

/** Lists the tools of a use. Throws as `ToolServers.list`. */
export async function askForTools(
  use: ToolUse,
  { servers, ...request }: SessionRequest & { readonly servers: ToolServers },
): Promise<ReturnType<typeof chooseTools>> {
  const listings = new Map<string, readonly ToolDefinition[]>();
  for (const name of use.servers) listings.set(name, await servers.list(name, request));
  return chooseTools(use, listings);
}
