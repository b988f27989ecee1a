import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../../../../src/models/model-client.ts';
import { chatBody, readCompletion } from '../../../../../src/models/providers/openai/protocol.ts';
import { readError } from '../../../../../src/models/providers/reading.ts';

function read(body: unknown) {
  return readCompletion(JSON.stringify(body));
}

/** The answer of a completion with one choice. */
function answerOf(choice: object, top: object = {}) {
  return read({ choices: [{ message: { content: 'Hi' }, ...choice }], ...top })?.answer;
}

const ENDS = {
  stop: [
    'stop',
    'STOP',
    'eos',
    'eos_token',
    'EndTurn',
    'end_turn',
    'stop_sequence',
    'COMPLETE',
    'completed',
    'FinishReason.STOP',
  ],
  length: [
    ...[
      'length',
      'LENGTH',
      'MAX_TOKENS',
      'max_tokens',
      'MaxTokens',
      'max-tokens',
      'model_length',
      'max_output_tokens',
    ],
    ...[
      'token_limit',
      'max_completion_tokens',
      'max_new_tokens',
      'model_context_window_exceeded',
      'FinishReason.MAX_TOKENS',
    ],
    ...['context_length_exceeded', 'incomplete', 'truncated'],
  ],
  'content-filter': [
    ...[
      'content_filter',
      'CONTENT_FILTER',
      'contentFilter',
      'content_filtered',
      'SAFETY',
      'IMAGE_SAFETY',
      'RECITATION',
    ],
    ...[
      'refusal',
      'PROHIBITED_CONTENT',
      'BLOCKLIST',
      'SPII',
      'blocked',
      'guardrail_intervened',
      'sensitive',
      'ERROR_TOXIC',
    ],
    'content_filter: PROHIBITED_CONTENT',
  ],
  error: [
    ...['error', 'ERROR', 'abort', 'aborted', 'cancelled', 'canceled', 'failed', 'network_error', 'timeout'],
    ...['MALFORMED_FUNCTION_CALL', 'insufficient_system_resource'],
  ],
  'tool-calls': ['tool_calls', 'tool_use', 'TOOL_CALL', 'function_call'],
  other: ['OTHER', 'FINISH_REASON_UNSPECIFIED', 'LANGUAGE', 'pause_turn', 'unknown', '???'],
} as const;

describe('the end of an answer', () => {
  it.each(Object.entries(ENDS).flatMap(([finish, words]) => words.map((word) => [word, finish] as const)))(
    '%j is "%s", and kept as it was written',
    (word, finish) => {
      expect(answerOf({ finish_reason: word })).toMatchObject({ finish, finishReason: word });
    },
  );

  it.each([undefined, null, '', 0, {}])('that is %j says nothing', (finish_reason) => {
    expect(answerOf({ finish_reason })).toMatchObject({ finish: 'other', finishReason: null });
  });

  it.each([
    ['stop', 'MAX_TOKENS', 'length', 'MAX_TOKENS'],
    ['stop', 'SAFETY', 'content-filter', 'SAFETY'],
    ['stop', 'completed', 'stop', 'stop'],
    ['stop', 'a word of its own', 'stop', 'stop'],
    ['length', 'stop', 'length', 'length'],
    [null, 'end_turn', 'stop', 'end_turn'],
    [null, 'odd', 'other', 'odd'],
    ['odd', 'STOP', 'stop', 'STOP'],
    ['error', 'MALFORMED', 'error', 'error'],
  ])(
    '%j with the model\'s own word %j is "%s"',
    (finish_reason, native_finish_reason, finish, finishReason) => {
      expect(answerOf({ finish_reason, native_finish_reason })).toMatchObject({ finish, finishReason });
    },
  );
});

describe('the text of an answer', () => {
  it.each([
    ['Hi', 'Hi'],
    [null, ''],
    [undefined, ''],
    [{}, ''],
    [3, ''],
    [['a', { type: 'text', text: 'b' }, { text: 'c' }, { type: 'output_text', text: 'd' }, null, 7], 'abcd'],
    [[{ type: 'image_url', image_url: {} }], ''],
    [[], ''],
  ])('in %j is %j', (content, text) => {
    expect(answerOf({ message: { content } })).toMatchObject({ text, reasoning: null, refusal: null });
  });

  it.each<[object, string]>([
    [{ reasoning: 'A', reasoning_content: 'B' }, 'A'],
    [{ reasoning: null, reasoning_content: 'B' }, 'B'],
    [{ thinking: 'C' }, 'C'],
    [{ reasoning_details: [{ text: 'a' }, { summary: 'b' }, { data: 'x' }] }, 'ab'],
    [{ thinking_blocks: [{ type: 'thinking', thinking: 'd' }] }, 'd'],
    [{ content: [{ type: 'thinking', thinking: 'e' }, 'Hi'] }, 'e'],
    [{ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'f' }] }, 'Hi'] }, 'f'],
    [
      {
        content: [
          { type: 'reasoning', text: 'g' },
          { type: 'text', text: 'Hi' },
        ],
      },
      'g',
    ],
  ])('comes without its thoughts: %j', (message, reasoning) => {
    expect(answerOf({ message: { content: 'Hi', ...message } })).toMatchObject({ text: 'Hi', reasoning });
  });

  it.each<[object, string]>([
    [{ content: null, refusal: 'No.' }, 'No.'],
    [{ content: '', refusal: 'No.' }, 'No.'],
    [{ content: [{ type: 'refusal', refusal: 'No.' }] }, 'No.'],
  ])('comes without its refusal: %j', (message, refusal) => {
    expect(answerOf({ message })).toMatchObject({ text: '', refusal });
  });

  it.each([
    [{ prompt_tokens: 3, completion_tokens: 4 }, 3, 4],
    [{ input_tokens: 3, output_tokens: 4 }, 3, 4],
    [{ prompt_tokens: '3', completion_tokens: -4 }, 0, 0],
    [null, 0, 0],
    ['free', 0, 0],
  ])('counts the tokens of %j', (usage, promptTokens, completionTokens) => {
    expect(answerOf({}, { usage })).toMatchObject({ promptTokens, completionTokens });
  });
});

describe('an error', () => {
  it.each<[unknown, string, number | null]>([
    [{ error: { message: 'Too many', code: 429 } }, 'Too many', 429],
    [{ error: { message: 'Too many', code: '429' }, choices: [] }, 'Too many', 429],
    [{ error: { message: 'Overloaded' } }, 'Overloaded', null],
    [{ error: 'Overloaded', choices: null }, 'Overloaded', null],
    [{ error: { code: 'odd' } }, '{"code":"odd"}', null],
    [
      { choices: [{ error: { message: 'Upstream died', code: 502 }, message: { content: '' } }] },
      'Upstream died',
      502,
    ],
    [{ choices: [{ error: { message: 'Upstream died' } }] }, 'Upstream died', null],
  ])('in place of an answer is %j', (body, message, status) => {
    expect(read(body)).toEqual({ answer: null, error: { message, status } });
  });

  it.each([
    {
      choices: [
        {
          error: { message: 'Upstream died', code: 502 },
          message: { content: 'Half' },
          finish_reason: 'stop',
        },
      ],
    },
    {
      choices: [{ message: { content: 'Half' }, finish_reason: 'stop' }],
      error: { message: 'Upstream died' },
    },
  ])('beside half a text ends that: %j', (body) => {
    expect(read(body)?.answer).toMatchObject({
      text: 'Half',
      finish: 'error',
      finishReason: 'Upstream died',
    });
  });

  it.each([null, '', {}, undefined])('that is %j is none', (error) => {
    expect(answerOf({ error }, { error })).toMatchObject({ text: 'Hi', finish: 'other' });
  });

  it.each([
    ['{"error":{"message":"Bad"}}', 'Bad'],
    ['[{"error":{"code":400,"message":"Bad"}}]', 'Bad'],
    ['{"error":"Bad"}', 'Bad'],
    ['{"message":"Bad"}', 'Bad'],
    ['{"detail":"Bad"}', 'Bad'],
    ['{"detail":[{"loc":["body"],"msg":"Bad"}]}', 'Bad'],
    ['{"errors":[{"message":"Bad"}]}', 'Bad'],
    [
      '{"error":{"message":"Provider returned error","metadata":{"raw":"Bad"}}}',
      'Provider returned error: Bad',
    ],
    ['{"odd":1}', '{"odd":1}'],
    ['<html>', '<html>'],
    ['null', 'null'],
    ['', ''],
  ])('is read from %j', (text, message) => {
    expect(readError(text).message).toBe(message);
  });
});

it.each([
  [{ choices: [] }],
  [{ choices: [null] }],
  [{ choices: {} }],
  [{}],
  [null],
  [[]],
  ['text'],
  [{ choices: [{ text: 'Hi' }] }],
])('%j is neither an answer nor an error', (body) => {
  expect(read(body)).toBeNull();
});

describe('a request', () => {
  it('has the tools that may be called, those that were, and the thoughts before', () => {
    const parameters = { type: 'object', properties: {} };
    const toolCalls = [{ id: 'c1', name: 'search', args: '{"q": 1}' }];
    const request = {
      ...{ model: 'm', parameters: { temperature: 1 }, responseSchema: null },
      tools: [{ name: 'search', description: '', parameters }],
      messages: [
        { role: 'assistant', content: '', toolCalls, reasoning: 'Look' },
        { role: 'tool', call: 'c1', content: 'found' },
        {
          role: 'tool',
          call: 'c2',
          content: 'a dot',
          media: [{ modality: 'image', url: 'data:image/png;base64,AA==' }],
        },
      ],
    };
    expect(chatBody(request as unknown as ChatRequest)).toEqual({
      ...{ model: 'm', temperature: 1 },
      tools: [{ type: 'function', function: { name: 'search', description: '', parameters } }],
      messages: [
        {
          ...{ role: 'assistant', content: '', reasoning_content: 'Look' },
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'search', arguments: '{"q": 1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'found' },
        {
          ...{ role: 'tool', tool_call_id: 'c2' },
          content: [
            { type: 'text', text: 'a dot' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          ],
        },
      ],
    });
  });
});
