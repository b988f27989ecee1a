import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/errors.ts';
import type { ChatRequest } from '../../../src/models/model-client.ts';
import {
  drawLatencyMs,
  simulateAnswer,
  streamOf,
} from '../../../src/models/providers/simulated/simulated-answer.ts';
import { createSimulatedClient, INSTANT } from '../../../src/models/providers/simulated/simulated-client.ts';
import { fromPlain } from '../../../src/values.ts';

function requestOf(row: number, overrides: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'm',
    messages: [{ role: 'user', content: `Write a ticket about billing, number ${row}` }],
    parameters: {},
    responseSchema: null,
    timeoutMs: 1_000,
    signal: new AbortController().signal,
    cell: { column: 'body', row },
    ...overrides,
  };
}

describe('simulateAnswer', () => {
  it('gives at least two sentences that differ from prompt to prompt', () => {
    const texts = Array.from({ length: 20_000 }, (_, row) => {
      const { model, messages } = requestOf(row);
      return simulateAnswer({ model, messages, schema: null });
    });
    expect(new Set(texts).size).toBeGreaterThan(19_900);
    for (const text of texts.slice(0, 200)) expect(text.match(/[^.]+\./g)!.length).toBeGreaterThanOrEqual(2);
  });

  it('depends on the model and on all messages', () => {
    const user = { role: 'user', content: 'Hello' } as const;
    const answers = [
      simulateAnswer({ model: 'a', messages: [user], schema: null }),
      simulateAnswer({ model: 'b', messages: [user], schema: null }),
      simulateAnswer({ model: 'a', messages: [{ role: 'system', content: 'Be brief' }, user], schema: null }),
    ];
    expect(new Set(answers).size).toBe(3);
    expect(simulateAnswer({ model: 'a', messages: [user], schema: null })).toBe(answers[0]);
  });

  const node = {
    type: 'object',
    properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
    required: ['name'],
  };
  it.each([
    [
      {
        type: 'object',
        properties: { level: { type: 'integer', minimum: 1, maximum: 5 }, why: { type: 'string' } },
        required: ['level', 'why'],
      },
    ],
    [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }],
    [{ type: 'number', minimum: 0.001, maximum: 0.002 }],
    [{ type: 'integer', exclusiveMinimum: 3, maximum: 4 }],
    [{ type: 'integer', multipleOf: 5, minimum: 12 }],
    [{ type: 'integer', maximum: -7 }],
    [{ type: 'string', minLength: 200 }],
    [{ type: 'string', maxLength: 5 }],
    [{ type: 'string', pattern: '^[A-Z]{2}-\\d+$' }],
    [{ type: 'string', pattern: '^\\d{5}$' }],
    [{ type: 'string', format: 'date' }],
    [{ type: 'string', format: 'date-time' }],
    [{ type: 'string', format: 'email' }],
    [{ type: 'string', format: 'uuid' }],
    [{ type: 'string', format: 'uri' }],
    [{ type: ['string', 'null'] }],
    [{ enum: ['low', 'high', 3, null] }],
    [{ const: { fixed: true } }],
    [{ type: 'array', items: { type: 'boolean' }, minItems: 3, maxItems: 3 }],
    [{ type: 'array', items: { enum: ['a', 'b', 'c', 'd'] }, minItems: 3, uniqueItems: true }],
    [
      {
        type: 'array',
        prefixItems: [{ type: 'string' }, { type: 'integer' }],
        items: false,
        minItems: 2,
        maxItems: 2,
      },
    ],
    [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }],
    [
      {
        oneOf: [
          { type: 'object', properties: { kind: { const: 'a' } }, required: ['kind'] },
          { type: 'null' },
        ],
      },
    ],
    [
      {
        allOf: [
          { properties: { a: { type: 'integer' } }, required: ['a'] },
          { properties: { b: { type: 'string' } }, required: ['b'] },
        ],
      },
    ],
    [{ $ref: '#/$defs/node', $defs: { node } }],
    [{ type: 'object', required: ['x'], additionalProperties: { type: 'string' } }],
  ])('obeys %j', (schema) => {
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    const validate = ajv.compile(schema);
    for (let row = 0; row < 40; row += 1) {
      const { model, messages } = requestOf(row);
      const answer = JSON.parse(simulateAnswer({ model, messages, schema: fromPlain(schema) }));
      expect(validate(answer), `${JSON.stringify(answer)}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
  });
});

describe('drawLatencyMs', () => {
  it('is lognormal: half below the median, one in a hundred above the jitter', () => {
    const draw = streamOf('latencies');
    const latencies = Array.from({ length: 20_000 }, () => drawLatencyMs(100, 4, draw)).sort((a, b) => a - b);
    expect(latencies[10_000]! / 100).toBeCloseTo(1, 1);
    expect(latencies[19_800]! / 400).toBeCloseTo(1, 0);
    expect(drawLatencyMs(100, 1, draw)).toBe(100);
  });
});

describe('createSimulatedClient', () => {
  it('counts about four characters a token', async () => {
    const answer = await createSimulatedClient(INSTANT).chat(requestOf(1));
    expect(answer).toMatchObject({ finish: 'stop', status: 200, promptTokens: 10, reasoning: null });
    expect(answer.completionTokens).toBe(Math.ceil(answer.text.length / 4));
  });

  it('fails the share of calls that it is told to, and answers the same when asked again', async () => {
    const client = createSimulatedClient({ ...INSTANT, errorRate: 0.2, busyRate: 0.1 });
    const calm = createSimulatedClient(INSTANT);
    const failures = { busy: 0, unavailable: 0 };
    for (let row = 0; row < 1_000; row += 1) {
      let text: string | null = null;
      for (let tries = 0; text === null && tries < 20; tries += 1) {
        try {
          text = (await client.chat(requestOf(row))).text;
        } catch (error) {
          failures[(error as ModelError).failure as 'busy' | 'unavailable'] += 1;
        }
      }
      expect(text).toBe((await calm.chat(requestOf(row))).text);
    }
    expect(failures.unavailable).toBeGreaterThan(200);
    expect(failures.unavailable).toBeLessThan(380);
    expect(failures.busy).toBeGreaterThan(90);
    expect(failures.busy).toBeLessThan(200);
  });

  it('ends a call that its caller calls off', async () => {
    const caller = new AbortController();
    const call = createSimulatedClient({ ...INSTANT, latencyMs: 60_000 }).chat(
      requestOf(1, { signal: caller.signal, timeoutMs: 99_000 }),
    );
    caller.abort();
    await expect(call).rejects.toMatchObject({ failure: 'cancelled' });
  });

  it('gives up at the deadline', async () => {
    const call = createSimulatedClient({ ...INSTANT, latencyMs: 60_000 }).chat(
      requestOf(1, { timeoutMs: 5 }),
    );
    await expect(call).rejects.toThrow(
      new ModelError('No answer from simulated: none within 0.005 s, raise timeout if it needs longer', {
        failure: 'unavailable',
      }),
    );
  });
});

describe('a simulated model with tools', () => {
  it('calls the first of them once, with arguments that obey its schema, and answers then', async () => {
    const client = createSimulatedClient(INSTANT);
    const parameters = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const tools = [{ name: 'search', description: '', parameters }];
    const asking = await client.chat(requestOf(0, { tools }));
    expect(asking).toMatchObject({
      text: '',
      finish: 'tool-calls',
      toolCalls: [{ id: 'call_0', name: 'search' }],
    });
    expect(JSON.parse(asking.toolCalls[0]!.args)).toEqual({ n: expect.any(Number) });
    const messages = [...requestOf(0).messages, { role: 'tool', call: 'call_0', content: 'found' } as const];
    const answer = await client.chat(requestOf(0, { tools, messages }));
    expect(answer).toMatchObject({ finish: 'stop', toolCalls: [] });
    expect(answer.text).not.toBe('');
  });
});
