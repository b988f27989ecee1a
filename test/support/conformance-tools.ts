// The tools of `conformance/tools.py`, answered in this process.

import { readFileSync } from 'node:fs';
import type { ToolServers } from '../../src/tools/tool-servers.ts';
import { fromPlain } from '../../src/values.ts';

interface Tools {
  readonly tools: readonly {
    readonly name: string;
    readonly description?: string;
    readonly inputSchema: object;
  }[];
  readonly answers: { readonly [name: string]: { readonly content: readonly string[] } };
}

const PATH = `${import.meta.dirname}/../../conformance/tools.json`;

export const CONFORMANCE_TOOLS: Pick<ToolServers, 'list' | 'call'> = {
  async list() {
    const { tools } = JSON.parse(readFileSync(PATH, 'utf8')) as Tools;
    return tools.map(({ name, description = '', inputSchema }) => {
      return { name, description, parameters: fromPlain(inputSchema) };
    });
  },
  async call(_, { tool, args }) {
    const { answers } = JSON.parse(readFileSync(PATH, 'utf8')) as Tools;
    const { query } = args as { readonly query?: string };
    return {
      text: answers[tool]!.content.map((text) => text.replace('{query}', String(query ?? 'None'))).join('\n'),
    };
  },
};
