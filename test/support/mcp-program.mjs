// A program that serves tools by MCP, without its SDK, which takes seconds to load. Over HTTP `mcp-server.ts` has the same tools.
//
//   node test/support/mcp-program.mjs [--log FILE] [--tools search,wait]
//
//   search {query}   "Found QUERY"
//   ponder {query}   the same, after a while
//   wait {ms}        "Waited", after that time
//   fail {}          an error of the tool's own: "No such page"
//   die {}           ends the program, or over HTTP the session, without an answer
//   draw {}          an image beside a text
//   secret {}        the value of the variable SECRET

import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const text = (said) => ({ content: [{ type: 'text', text: said }] });
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const TOOLS = {
  search: { fields: { query: { type: 'string' } }, run: ({ query }) => text(`Found ${query}`) },
  ponder: {
    fields: { query: { type: 'string' } },
    run: ({ query }) => sleep(300, text(`Found ${query}`)),
  },
  wait: {
    fields: { ms: { type: 'integer' } },
    run: ({ ms }) => sleep(Number(ms), text('Waited'), { ref: false }),
  },
  fail: { fields: {}, run: () => ({ ...text('No such page'), isError: true }) },
  die: {
    fields: {},
    run: (_, die) => {
      die();
      return new Promise(() => undefined);
    },
  },
  draw: {
    fields: {},
    run: () => ({
      content: [...text('A dot').content, { type: 'image', data: PIXEL, mimeType: 'image/png' }],
    }),
  },
  secret: { fields: {}, run: () => text(String(process.env.SECRET)) },
};

export function listTools(names = Object.keys(TOOLS)) {
  const tools = names.map((name) => {
    const properties = TOOLS[name]?.fields ?? {};
    return {
      ...{ name, description: `Does ${name}` },
      inputSchema: { type: 'object', properties, required: Object.keys(properties) },
    };
  });
  return { tools };
}

export async function runTool({ name, arguments: args = {} }, die) {
  const tool = TOOLS[name];
  if (tool === undefined) throw new Error(`There is no ${name}`);
  return tool.run(args, die);
}

async function answer({ method, params }, { log, tools }) {
  const note = (call) => log !== undefined && appendFileSync(log, `${call}\n`);
  const die = () =>
    process.stderr.write(`Cannot go on without ${process.env.SECRET}\n`, () => process.exit(1));
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion,
        ...{ capabilities: { tools: {} }, serverInfo: { name: 'mock', version: '1' } },
      };
    case 'tools/list':
      note('list');
      return listTools(tools?.split(','));
    case 'tools/call':
      note(`${params.name} ${JSON.stringify(params.arguments)}`);
      return runTool(params, die);
    default:
      throw new Error(`There is no ${method}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { log: { type: 'string' }, tools: { type: 'string' } } });
  const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const request = JSON.parse(line);
    if (request.id === undefined) return;
    const { id } = request;
    await answer(request, values).then(
      (result) => say({ id, result }),
      ({ message }) => say({ id, error: { code: -32_603, message } }),
    );
  });
}
