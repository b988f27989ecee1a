import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMcpServer } from '../../support/mcp-server.ts';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

const COLUMNS = [
  { name: 'body', column_type: 'llm-text', model_alias: 'writer', prompt: 'Write' },
  { name: 'vector', column_type: 'embedding', model_alias: 'embedder', target_column: 'body' },
];

function modelsAt(provider: string, writer: string) {
  return [
    { alias: 'writer', model: writer, provider, inference_parameters: { temperature: 0.5, max_tokens: 9 } },
    {
      ...{ alias: 'embedder', model: 'vectors', provider },
      inference_parameters: { generation_type: 'embedding' },
    },
    { alias: 'unused', model: 'nobody', provider },
  ];
}

async function documentWith(fields: object): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'config.yaml'), JSON.stringify({ columns: COLUMNS, ...fields }));
  return cwd;
}

/** An endpoint that knows the models `good` and `vectors`; returns its address and the bodies that it was sent. */
async function startEndpoint() {
  const bodies: { readonly [key: string]: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    bodies.push(body);
    response.setHeader('content-type', 'application/json');
    if (request.url?.endsWith('/embeddings')) {
      response.end(JSON.stringify({ data: [{ index: 0, embedding: [1, 2] }], usage: { prompt_tokens: 3 } }));
    } else if (body.model === 'good') {
      const choice = { message: { role: 'assistant', content: 'Hello\nthere' }, finish_reason: 'stop' };
      const usage = { prompt_tokens: 7, completion_tokens: 2 };
      response.end(JSON.stringify({ choices: [choice], usage }));
    } else {
      response.statusCode = 401;
      response.end(JSON.stringify({ error: { message: 'Incorrect API key provided' } }));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, bodies };
}

const withoutTimes = (texts: readonly string[]) =>
  texts.map((text) => text.replace(/127\.0\.0\.1:\d+/, 'HOST').replace(/· [\d.]+ m?s ·/, '· TIME ·'));

describe('check-models', () => {
  it('asks each model in use once, with its own parameters', async () => {
    const { endpoint, bodies } = await startEndpoint();
    const cwd = await documentWith({
      model_configs: modelsAt('local', 'good'),
      rowloom: { providers: [{ name: 'local', endpoint }] },
    });
    const end = await cli(['check-models', 'config.yaml'], { cwd });
    expect({ ...end, output: withoutTimes(end.output) }).toEqual({
      output: [
        'answers   writer → good at HOST · TIME · Hello there',
        'answers   embedder → vectors at HOST · TIME · 1 vector',
      ],
      talk: [],
      code: 0,
    });
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toMatchObject({ model: 'good', temperature: 0.5, max_tokens: 9 });
  });

  it('goes on after a model that refuses, says why and what to do, and ends with 1', async () => {
    const { endpoint } = await startEndpoint();
    const cwd = await documentWith({
      model_configs: modelsAt('local', 'bad'),
      rowloom: { providers: [{ name: 'local', endpoint }] },
    });
    const { output, code } = await cli(['check-models', 'config.yaml', '--json'], { cwd });
    const [writer, embedder] = output.map((text) => JSON.parse(text));
    expect(writer).toMatchObject({ alias: 'writer', model: 'bad', isAnswering: false });
    expect(writer.text).toMatch(/Incorrect API key provided.* · correct the key$/);
    expect(embedder).toMatchObject({ alias: 'embedder', isAnswering: true });
    expect(code).toBe(1);
  });

  it('looks at the tools that models may call, and says which are not there', async () => {
    const server = await startMcpServer();
    onTestFinished(() => server.close());
    const [body] = COLUMNS;
    const cwd = await documentWith({
      columns: ['good', 'bad'].map((name) => ({ ...body, name, tool_alias: name })),
      model_configs: modelsAt('offline', 'made-up'),
      tool_configs: [
        { tool_alias: 'good', providers: ['kb'], allow_tools: ['search', 'wait'] },
        { tool_alias: 'bad', providers: ['kb'], allow_tools: ['sarch'] },
      ],
      rowloom: {
        providers: [{ name: 'offline', provider_type: 'simulated' }],
        mcp_providers: [{ name: 'kb', provider_type: 'streamable_http', endpoint: server.endpoint }],
      },
    });
    const { output, code } = await cli(['check-models', 'config.yaml'], { cwd });
    expect(withoutTimes(output.slice(1))).toEqual([
      'answers   tools good of kb · TIME · search, wait',
      'failed    tools bad of kb · TIME · allow_tools: no tool "sarch" in MCP provider "kb": they have search, ponder, wait, fail, die, draw, secret',
    ]);
    expect(server.calls).toEqual(['list']);
    expect(code).toBe(1);
  });

  it('refuses a document that is wrong before any call', async () => {
    const cwd = await documentWith({ model_configs: modelsAt('nobody', 'good') });
    const { output, talk, code } = await cli(['check-models', 'config.yaml'], { cwd });
    expect(output).toEqual([]);
    expect(talk.at(-1)).toMatch(/^refused .*no call was made$/);
    expect(code).toBe(2);
  });
});
