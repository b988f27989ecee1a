import type { CallToolResult, ListToolsResult } from '@modelcontextprotocol/sdk/types.js';

export function listTools(names?: readonly string[]): ListToolsResult;
export function runTool(
  call: { readonly name: string; readonly arguments?: Record<string, unknown> | undefined },
  die: () => void,
): Promise<CallToolResult>;
