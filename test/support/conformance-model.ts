// The model of `conformance/record.py`: what it answers follows from the prompt alone.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';

/** The body of a request, as it was sent. */
export interface AskedModel {
  readonly messages?: readonly {
    readonly role: string;
    readonly content: unknown;
    readonly [field: string]: unknown;
  }[];
  readonly input?: string | readonly string[];
  /** Of a picture. */
  readonly prompt?: string;
  /** For a validator. */
  readonly data?: readonly { readonly [target: string]: unknown }[];
  readonly [field: string]: unknown;
}

export interface ConformanceModel {
  readonly endpoint: string;
  /** Every request since the last `take`. */
  take(): readonly AskedModel[];
  close(): void;
}

const SEEDS = `${import.meta.dirname}/../../conformance/seeds`;
const MEDIA = `${SEEDS}/media`;

export async function startConformanceModel(): Promise<ConformanceModel> {
  let asked: AskedModel[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      const { type, content } = fileAt(request.url!);
      response.writeHead(200, { 'content-type': type });
      response.end(content);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as AskedModel;
    asked.push(body);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answerTo(body, `http://${request.headers.host}`)));
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

/** A picture, or what Hugging Face has of `datasets/me/set`. */
function fileAt(url: string): { readonly type: string; readonly content: string | Buffer } {
  if (url.startsWith('/api/datasets/me/set')) {
    const content = JSON.stringify({ siblings: [{ rfilename: 'data/people.csv' }] });
    return { type: 'application/json', content };
  }
  if (url.startsWith('/datasets/me/set/resolve/main/data/'))
    return { type: 'text/csv', content: readFileSync(`${SEEDS}/${basename(url)}`) };
  return { type: 'image/png', content: readFileSync(`${MEDIA}/dot.png`) };
}

/** The text of a message, whose content may be a list of blocks. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return (content as { text?: string }[]).map(({ text = '' }) => text).join('\n');
}

function answerTo({ input, messages = [], model, prompt, data: items }: AskedModel, here: string) {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  if (items !== undefined)
    return { data: items.filter((item) => !JSON.stringify(item).includes('LOSE')).map(verdictOn) };
  if (input !== undefined) {
    const texts = typeof input === 'string' ? [input] : input;
    const data = texts.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: [[...text].length, 1],
    }));
    return { object: 'list', model, data, usage };
  }
  if (prompt !== undefined) {
    const data = painted(prompt, here).map((url) =>
      url.startsWith('http') ? { url } : { b64_json: url.split(',')[1] },
    );
    return { created: 0, data, usage };
  }
  const text = textOf(messages.at(-1)!.content);
  const images = painted(text, here).map((url) => ({ type: 'image_url', image_url: { url } }));
  const said = askedTools(messages) ?? replyTo(text);
  const message = { role: 'assistant', ...said, ...(images.length === 0 ? {} : { images }) };
  const choices = [{ index: 0, finish_reason: 'tool_calls' in said ? 'tool_calls' : 'stop', message }];
  return { id: '1', object: 'chat.completion', created: 0, model, choices, usage };
}

function painted(prompt: string, here: string): readonly string[] {
  const kinds = /PAINT<<(.*?)>>/.exec(prompt)?.[1]?.split(' ') ?? [];
  return kinds.map((kind) => {
    if (kind === 'address') return `${here}/dot.png`;
    const type = kind === 'jpg' ? 'image/jpeg' : `image/${kind}`;
    return `data:${type};base64,${readFileSync(`${MEDIA}/dot.${kind}`).toString('base64')}`;
  });
}

function verdictOn(item: { readonly [target: string]: unknown }) {
  const [value] = Object.values(item);
  if (typeof value === 'string' && value.startsWith('{')) return JSON.parse(value);
  // Numbers and truths have the length that Python prints them with.
  const text = Number.isInteger(value) ? `${value}.0` : String(value);
  return { is_valid: [...text].length > 3, seen: item };
}

/** The tools of the next turn in CALL<<turn | turn>>; then what they gave. */
function askedTools(messages: NonNullable<AskedModel['messages']>) {
  const textsBy = (role: string) =>
    messages.filter((message) => message.role === role).map(({ content }) => textOf(content));
  const [prompt = ''] = textsBy('user');
  const turns = /CALL<<(.*?)>>/s.exec(prompt)?.[1]?.split(' | ');
  if (turns === undefined) return undefined;
  const turn = messages.filter((message) => message.tool_calls !== undefined).length;
  const answer = replyTo(prompt);
  if (turn === turns.length)
    return prompt.includes('SAY<<') ? answer : { ...answer, content: `Told: ${textsBy('tool').join(', ')}` };
  const tool_calls = turns[turn]!.split(' & ').map((call, index) => {
    const [, name, args] = /^(\S+) (.*)$/.exec(call)!;
    return { id: `call_${turn}_${index}`, type: 'function', function: { name, arguments: args } };
  });
  return { ...answer, content: '', tool_calls };
}

function replyTo(prompt: string) {
  const said = /SAY<<(.*?)>>/s.exec(prompt)?.[1];
  const thought = /THINK<<(.*?)>>/s.exec(prompt)?.[1];
  const content = said ?? `Answer to: ${prompt.split('\n')[0]}`;
  return thought === undefined ? { content } : { content, reasoning_content: thought };
}
