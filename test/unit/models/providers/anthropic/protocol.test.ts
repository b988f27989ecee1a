import { describe, expect, it } from 'vitest';
import type { ChatRequest, Message } from '../../../../../src/models/model-client.ts';
import {
  chatBody,
  chatCall,
  readError,
  readMessage,
} from '../../../../../src/models/providers/anthropic/protocol.ts';
import type { ValueObject } from '../../../../../src/values.ts';

function bodyOf(messages: readonly Message[], parameters: ValueObject = {}) {
  return chatBody({ model: 'claude', messages, parameters, responseSchema: null } as unknown as ChatRequest);
}

function read(body: unknown) {
  return readMessage(JSON.stringify(body));
}

const text = (...texts: readonly string[]) => texts.map((said) => ({ type: 'text', text: said }));

function answerOf(top: object) {
  return read({ type: 'message', content: text('Hi'), stop_reason: 'end_turn', ...top })?.answer;
}

describe('the request', () => {
  const sent = (parameters: ValueObject) => {
    const { model, messages, ...rest } = bodyOf([], parameters) as ValueObject;
    return rest;
  };

  it('always says how long an answer may be: 4,096 tokens where the document says nothing', () => {
    expect(sent({})).toEqual({ max_tokens: 4_096n });
    const parameters = { temperature: 0.5, top_p: 0.9, max_tokens: 20n };
    expect(sent(parameters)).toEqual(parameters);
  });

  it('has what extra_body says, `stop` under its name here, and not what Anthropic has no field for', () => {
    const known = { top_k: 5n, max_tokens: 9n, thinking: { type: 'enabled', budget_tokens: 2_000n } };
    const unknown = { seed: 3n, n: 1n, response_format: {}, frequency_penalty: 1, presence_penalty: 1 };
    expect(sent({ ...known, stop: 'END', ...unknown })).toEqual({ ...known, stop_sequences: ['END'] });
    expect(sent({ stop: ['A', 'B'] })).toMatchObject({ stop_sequences: ['A', 'B'] });
  });

  it('has the system prompt beside the messages', () => {
    expect(
      bodyOf(
        [
          { role: 'system', content: 'Be brief' },
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: 'Hm' },
          { role: 'user', content: 'Again' },
        ],
        { max_tokens: 5n },
      ),
    ).toEqual({
      model: 'claude',
      system: 'Be brief',
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hm' },
        { role: 'user', content: 'Again' },
      ],
      max_tokens: 5n,
    });
  });

  it('shows images by their bytes or their address, before the text, which may be absent', () => {
    const media = [
      { modality: 'image', url: 'data:image/jpeg;base64,QUJD' },
      { modality: 'image', url: 'https://pictures.example/a.png' },
    ] as const;
    const images = [
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'QUJD' } },
      { type: 'image', source: { type: 'url', url: 'https://pictures.example/a.png' } },
    ];
    expect(bodyOf([{ role: 'user', content: 'What is it?', media }])).toMatchObject({
      messages: [{ role: 'user', content: [...images, { type: 'text', text: 'What is it?' }] }],
    });
    expect(bodyOf([{ role: 'user', content: '', media }])).toMatchObject({
      messages: [{ role: 'user', content: images }],
    });
  });

  it('is not made of a sound or a video', () => {
    const media = [{ modality: 'audio', url: 'https://sounds.example/a.mp3' }] as const;
    expect(() => bodyOf([{ role: 'user', content: 'Hear', media }])).toThrow(
      "Cannot ask: Anthropic's models take images, but no audio",
    );
  });

  it('has the tools that may be called', () => {
    const parameters = { type: 'object', properties: {} };
    const tools = [
      { name: 'search', description: 'Finds', parameters },
      { name: 'now', description: '', parameters },
    ];
    const request = { model: 'claude', messages: [], parameters: {}, responseSchema: null, tools };
    expect(chatBody(request as unknown as ChatRequest)).toMatchObject({
      tools: [
        { name: 'search', description: 'Finds', input_schema: parameters },
        { name: 'now', input_schema: parameters },
      ],
    });
  });

  it('has tool calls as blocks, and all results of one turn in one message', () => {
    const toolCalls = [
      { id: 'c1', name: 'search', args: '{"q": 1}' },
      { id: 'c2', name: 'now', args: 'nonsense' },
    ];
    expect(
      bodyOf([
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: '', toolCalls },
        { role: 'tool', call: 'c1', content: 'found' },
        { role: 'tool', call: 'c2', content: '' },
        { role: 'assistant', content: 'Once more', toolCalls: toolCalls.slice(0, 1) },
        { role: 'tool', call: 'c1', content: 'found again' },
      ]),
    ).toMatchObject({
      messages: [
        { role: 'user', content: 'Hello' },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'c1', name: 'search', input: { q: 1n } },
            { type: 'tool_use', id: 'c2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c1', content: 'found' },
            { type: 'tool_result', tool_use_id: 'c2' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Once more' },
            { type: 'tool_use', id: 'c1', name: 'search', input: { q: 1n } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'found again' }] },
      ],
    });
  });

  it.each([
    ['https://api.anthropic.com', '/v1/messages'],
    ['https://api.anthropic.com/', '/v1/messages'],
    ['https://proxy.example/anthropic', '/v1/messages'],
    ['https://api.anthropic.com/v1', '/messages'],
    ['https://proxy.example/anthropic/v1/?tenant=3', '/messages'],
  ])('to %s goes to %s behind it', (endpoint, route) => {
    expect(chatCall(endpoint).route).toBe(route);
  });
});

describe('the answer', () => {
  it('is its blocks of text, with thoughts, tool calls and all tokens that were read', () => {
    const said = read({
      ...{ id: 'msg_1', type: 'message', role: 'assistant', stop_reason: 'end_turn' },
      content: [
        { type: 'thinking', thinking: 'Let me', signature: 'x' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'thinking', thinking: 'see' },
        ...text('One', '', 'Two'),
        { type: 'tool_use', id: 't1', name: 'search', input: { q: 'a' } },
      ],
      usage: {
        ...{ input_tokens: 10, cache_creation_input_tokens: 20, cache_read_input_tokens: 300 },
        output_tokens: 7,
      },
    });
    expect(said).toEqual({
      answer: {
        text: 'One\nTwo',
        reasoning: 'Let me\nsee',
        toolCalls: [{ id: 't1', name: 'search', args: '{"q":"a"}' }],
        refusal: null,
        finish: 'stop',
        finishReason: 'end_turn',
        promptTokens: 330,
        cachedTokens: 300,
        completionTokens: 7,
        status: 200,
      },
      id: 'msg_1',
      error: null,
    });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool-calls'],
    ['refusal', 'content-filter'],
    ['pause_turn', 'other'],
    [null, 'other'],
  ])('that ended with %s ended with %s', (stop_reason, finish) => {
    expect(answerOf({ stop_reason })).toMatchObject({ finish, finishReason: stop_reason });
  });

  it('may be a refusal, with or without words', () => {
    const refusalOf = (top: object) => answerOf({ stop_reason: 'refusal', ...top });
    expect(refusalOf({})).toMatchObject({ text: '', refusal: 'Hi' });
    expect(
      refusalOf({ stop_details: { type: 'refusal', category: 'bio', explanation: 'No' } }),
    ).toMatchObject({
      ...{ text: '', refusal: 'No' },
    });
    expect(refusalOf({ content: [] })).toMatchObject({
      text: '',
      refusal: expect.stringMatching(/no reason/),
    });
  });

  it('may be empty, and may have fields of any type', () => {
    const empty = { text: '', reasoning: null, toolCalls: [], promptTokens: 0, completionTokens: 0 };
    expect(answerOf({ content: [] })).toMatchObject({ ...empty, finish: 'stop' });
    const odd = [null, 'Hi', { type: 'text' }, { type: 'text', text: 3 }, { type: 'tool_use' }];
    expect(answerOf({ content: odd, usage: null, stop_reason: 3 })).toMatchObject({
      ...empty,
      finish: 'other',
    });
  });

  it.each([[''], ['{}'], ['[]'], ['<html>'], ['{"content": "Hi"}'], ['{"choices": []}']])(
    'is not %j',
    (body) => {
      expect(readMessage(body)).toBeNull();
    },
  );
});

describe('an error', () => {
  const body = (type: string, message: string) => ({ type: 'error', error: { type, message } });

  it.each([
    ['overloaded_error', 'Overloaded', 529],
    ['rate_limit_error', 'Slower, please', 429],
    ['api_error', 'Internal server error', 500],
    ['authentication_error', 'invalid x-api-key', 401],
    ['toString', 'Odd', null],
  ])('%s in an answer of status 200 is one', (type, message, status) => {
    expect(read(body(type, message))).toEqual({
      answer: null,
      error: { message: `${type}: ${message}`, status },
    });
  });

  it('has its type before its words, and is read in the way of proxies too', () => {
    expect(readError(JSON.stringify(body('not_found_error', 'model: claude-nope'))).message).toBe(
      'not_found_error: model: claude-nope',
    );
    expect(readError('{"error":{"message":"No"}}')).toEqual({ message: 'No', status: null });
    expect(readError('Bad gateway')).toEqual({ message: 'Bad gateway', status: null });
  });
});
