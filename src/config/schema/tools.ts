// Tools and where they are served, with the fields of Data Designer's ToolConfig, MCPProvider and LocalStdioMCPProvider.

import { z } from 'zod';
import { filledText, map, mapOf, oneOf, real, text, whole } from '../../columns/fields.ts';

const DEFAULT_TURNS = 5;

export const toolConfig = map({
  tool_alias: filledText(),
  providers: z.array(filledText()).min(1),
  allow_tools: z.array(filledText()).nullable().default(null),
  max_tool_call_turns: whole({ min: 1, max: 1_000 }).default(DEFAULT_TURNS),
  timeout_sec: real({ min: 0.001, max: 86_400 }).nullable().default(null),
});
export type ToolConfig = z.infer<typeof toolConfig>;

const remoteServer = map({
  name: filledText(),
  provider_type: oneOf(['sse', 'streamable_http']).default('sse'),
  endpoint: filledText(),
  api_key: text().nullable().default(null),
});
export type RemoteToolServer = z.infer<typeof remoteServer>;

const localServer = map({
  name: filledText(),
  provider_type: oneOf(['stdio']).default('stdio'),
  command: filledText(),
  args: z.array(text()).default([]),
  env: mapOf(text()).default({}),
});
export type LocalToolServer = z.infer<typeof localServer>;

/** By where the server runs: at an address, or as a process that is started here. */
export const TOOL_SERVERS = { remote: remoteServer, local: localServer };
