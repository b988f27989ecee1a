// A program that serves one tool by MCP, as any in the list of servers at modelcontextprotocol.io does.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'shop', version: '1.0.0' });
server.registerTool(
  'stock',
  { description: 'How many of a product are in stock', inputSchema: { product: z.string() } },
  ({ product }) => ({ content: [{ type: 'text', text: `${product}: ${product.length} in stock` }] }),
);
await server.connect(new StdioServerTransport());
