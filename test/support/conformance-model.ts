// The model of `conformance/record.py`: what it answers follows from the prompt alone.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The body of a request, as it was sent. */
export interface AskedModel {
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly input?: string | readonly string[];
  readonly [field: string]: unknown;
}

export interface ConformanceModel {
  readonly endpoint: string;
  /** Every request since the last `take`. */
  take(): readonly AskedModel[];
  close(): void;
}

export async function startConformanceModel(): Promise<ConformanceModel> {
  let asked: AskedModel[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as AskedModel;
    asked.push(body);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answerTo(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/v1`,
    take() {
      const taken = asked;
      asked = [];
      return taken;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The text of a message, whose content may be a list of blocks. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return (content as { text?: string }[]).map(({ text = '' }) => text).join('\n');
}

function answerTo({ input, messages = [], model }: AskedModel) {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  if (input !== undefined) {
    const texts = typeof input === 'string' ? [input] : input;
    const data = texts.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: [[...text].length, 1],
    }));
    return { object: 'list', model, data, usage };
  }
  const message = { role: 'assistant', ...replyTo(textOf(messages.at(-1)!.content)) };
  const choices = [{ index: 0, finish_reason: 'stop', message }];
  return { id: '1', object: 'chat.completion', created: 0, model, choices, usage };
}

function replyTo(prompt: string) {
  const said = /SAY<<(.*?)>>/s.exec(prompt)?.[1];
  const thought = /THINK<<(.*?)>>/s.exec(prompt)?.[1];
  const content = said ?? `Answer to: ${prompt.split('\n')[0]}`;
  return thought === undefined ? { content } : { content, reasoning_content: thought };
}
