import { describe, expect, it } from 'vitest';
import type { ChatColumn } from '../../../../src/columns/llm/declare-chat.ts';
import type { Values } from '../../../../src/columns/maker.ts';
import { digestOf as digestOfData } from '../../../../src/digest.ts';
import { CellError } from '../../../../src/errors.ts';
import type { Plan, PlanModel } from '../../../../src/plan.ts';
import { cellInput } from '../../../support/chat-columns.ts';
import {
  judgeColumn,
  MODEL,
  planWith,
  structuredColumn,
  textColumn,
  withForm,
} from '../../../support/plans.ts';

const text = textColumn('body', { needs: ['topic'], prompt: 'Write about {{ topic }}' });
const judged = (options: Readonly<Record<string, string>>) =>
  judgeColumn('verdict', [{ name: 'tone', description: 'How?', options }], {
    needs: ['topic'],
    prompt: 'Write about {{ topic }}',
  });
const judge = judged({ '1': 'bad', '2': 'good' });
const model = { ...MODEL, model: 'm1' };

function planOf(overrides: Partial<PlanModel> = {}, rest: Partial<Plan> = {}): Plan {
  const models = { writer: { ...model, ...overrides }, other: { ...model, ...overrides } };
  return planWith([], { models, ...rest });
}

function inputOf(
  column: ChatColumn,
  {
    plan = planOf(),
    row = 0,
    values = { topic: 'rain' },
  }: { plan?: Plan; row?: number; values?: Values } = {},
) {
  return cellInput({ plan, column, row, values });
}

const digestOf = (...args: Parameters<typeof inputOf>) => inputOf(...args).digest;

describe('the messages of a cell', () => {
  it('are the rendered prompt alone for text', () => {
    expect(inputOf(text)).toMatchObject({
      messages: [{ role: 'user', content: 'Write about rain' }],
      parameters: {},
      responseSchema: null,
    });
  });

  it('show what its context names, before the prompt, which may then be empty', () => {
    const context = '[{"modality":"image","column":"photo","dataType":"url","format":null}]';
    const column = withForm(text, { context });
    const media = [{ modality: 'image', url: 'http://x/1.png' }];
    const values = { topic: 'rain', photo: 'http://x/1.png' };
    const { messages, digest } = inputOf(column, { values });
    expect(messages).toEqual([{ role: 'user', content: 'Write about rain', media }]);
    expect(digestOf(column, { values: { ...values, photo: 'http://x/2.png' } })).not.toBe(digest);
    const empty = withForm(column, { prompt: '' });
    expect(inputOf(empty, { values }).messages).toEqual([{ role: 'user', content: '', media }]);
    expect(() => inputOf(empty, { values: { ...values, photo: [] } })).toThrow('renders empty');
    const nothing = { values: { ...values, photo: [] } };
    expect(digestOf(column, nothing)).toBe(digestOf(text, nothing));
  });

  it('start with the system prompt, unless it renders empty', () => {
    const column = withForm(text, { systemPrompt: 'You know {{ topic }}' });
    expect(inputOf(column).messages).toEqual([
      { role: 'system', content: 'You know rain' },
      { role: 'user', content: 'Write about rain' },
    ]);
    expect(inputOf(withForm(text, { systemPrompt: '{{ topic.none }}' })).messages).toHaveLength(1);
  });

  it('carry the scores and the schema of a judge, in the prompt and for the endpoint', () => {
    const { messages, responseSchema } = inputOf(judge);
    expect(messages[0]!.content).toMatch(
      /^Write about rain\n\nScore what is shown above:\n- tone: How\?\n {2}- "1": bad\n/,
    );
    expect(messages[0]!.content).toContain('"enum":["1","2"]');
    expect(responseSchema).toEqual({
      name: 'answer',
      schema: {
        type: 'object',
        properties: {
          tone: {
            type: 'object',
            properties: { reasoning: { type: 'string' }, score: { type: 'string', enum: ['1', '2'] } },
            required: ['reasoning', 'score'],
            additionalProperties: false,
          },
        },
        required: ['tone'],
        additionalProperties: false,
      },
    });
  });

  it('send a schema whose root refers to an object as that object', () => {
    const Node = { type: 'object', properties: { parent: { $ref: '#/$defs/Node' } } };
    const schema = { $defs: { Node }, $ref: '#/$defs/Node' };
    const { responseSchema } = inputOf(structuredColumn('body', schema));
    expect(responseSchema?.schema).toEqual({ $defs: { Node }, ...Node });
  });

  it('leave the schema out of the request when its root is no object, or the user has a response_format', () => {
    const list = structuredColumn('body', { type: 'array' });
    expect(inputOf(list).responseSchema).toBeNull();
    const lists = structuredColumn('body', { $defs: { L: { type: 'array' } }, $ref: '#/$defs/L' });
    expect(inputOf(lists).responseSchema).toBeNull();
    const plan = planOf({ extraBody: { response_format: { type: 'json_object' } } });
    expect(inputOf(judge, { plan }).responseSchema).toBeNull();
  });

  it('draw for the filter random by seed, column, row and redo counter', () => {
    const prompt = `{{ [${Array.from({ length: 50 }, (_, index) => index).join(', ')}] | random }}`;
    const drawn = (row: number, rest: Partial<Plan> = {}, name = 'body') => {
      const column = textColumn(name, { prompt: `${prompt} ${prompt}`, systemPrompt: prompt });
      return inputOf(column, { row, plan: planOf({}, rest) })
        .messages.map(({ content }) => content)
        .join(' ');
    };
    expect(drawn(3)).toBe(drawn(3));
    const redo = [{ column: 'body', rows: null, counter: 1 }];
    const others = [drawn(3), drawn(4), drawn(3, { seed: 't' }), drawn(3, { redo }), drawn(3, {}, 'x')];
    expect(new Set(others).size).toBe(5);
    // Each use is a draw of its own, in either prompt.
    expect(new Set(drawn(3).split(' ')).size).toBe(3);
  });

  it('cannot be made from a prompt that renders empty, nor from values that do not fit', () => {
    expect(() => inputOf(withForm(text, { prompt: ' {{ topic.none }} ' }))).toThrow(
      new CellError('EmptyRenderedPrompt', 'The prompt renders empty: look at "topic"'),
    );
    const divided = withForm(text, { prompt: '{{ 1 / 0 }}' });
    expect(() => inputOf(divided)).toThrow(expect.objectContaining({ kind: 'TemplateRenderError' }));
  });
});

describe('the parameters of a cell', () => {
  it('are body fields, with the extra body over them', () => {
    const plan = planOf({
      temperature: 1,
      topP: 0.9,
      maxTokens: 50,
      extraBody: { seed: 7n, temperature: 0 },
    });
    expect(inputOf(text, { plan }).parameters).toEqual({
      temperature: 0,
      top_p: 0.9,
      max_tokens: 50n,
      seed: 7n,
    });
  });

  it('are drawn by seed, column, row and redo counter', () => {
    const temperature = { distribution: 'uniform', low: 0.4, high: 0.9 } as const;
    const drawn = (row: number, rest: Partial<Plan> = {}, column: ChatColumn = text) =>
      inputOf(column, { row, plan: planOf({ temperature }, rest) }).parameters.temperature as number;
    expect(drawn(3)).toBe(drawn(3));
    const redo = [{ column: 'body', rows: null, counter: 1 }];
    const others = [
      drawn(3),
      drawn(4),
      drawn(3, { seed: 't' }),
      drawn(3, { redo }),
      drawn(3, {}, { ...text, name: 'x' }),
    ];
    expect(new Set(others).size).toBe(5);
    for (const value of others) {
      expect(value).toBeGreaterThanOrEqual(0.4);
      expect(value).toBeLessThan(0.9);
    }
  });

  it('follow the weights of a list', () => {
    const topP = { distribution: 'manual', values: [0.1, 0.5, 0.9], weights: [0, 3, 1] } as const;
    const drawn = Array.from(
      { length: 400 },
      (_, row) => inputOf(text, { row, plan: planOf({ topP }) }).parameters.top_p,
    );
    expect(drawn.filter((value) => value === 0.1)).toHaveLength(0);
    expect(drawn.filter((value) => value === 0.5).length).toBeGreaterThan(250);
    expect(drawn.filter((value) => value === 0.9).length).toBeGreaterThan(60);
  });
});

describe('the digest of a cell', () => {
  const before = digestOf(text);

  it('follows the tools that may be called: their servers, those allowed, the limit of turns', () => {
    const tools = { servers: ['kb'], maxTurns: 5 };
    const uses = [
      tools,
      { ...tools, servers: ['kb', 'web'] },
      { ...tools, allowed: ['a'] },
      { ...tools, maxTurns: 6 },
    ];
    const digests = uses.map((use) => digestOf(withForm(text, { tools: use, toolAlias: 'look' })));
    expect(new Set([digestOf(text), ...digests]).size).toBe(5);
    expect(digestOf(withForm(text, { tools, toolAlias: 'other' }))).toBe(digests[0]);
  });

  it('is the same for all that cannot change the answer', () => {
    expect(digestOf(withForm(text, { alias: 'other', drop: true, toolAlias: 'look' }))).toBe(before);
    expect(digestOf(withForm(text, { prompt: 'Write about {{ topic  }}' }))).toBe(before);
    expect(digestOf(text, { row: 17 })).toBe(before);
    expect(digestOf(text, { plan: planOf({}, { seed: 't', rowGroupSize: 5 }) })).toBe(before);
    expect(digestOf(text, { values: { topic: 'rain', unrelated: 1n } })).toBe(before);
  });

  it.each([
    ['another value', text, { values: { topic: 'snow' } }],
    ['another prompt', withForm(text, { prompt: 'Sing about {{ topic }}' }), {}],
    ['a system prompt', withForm(text, { systemPrompt: 'Be brief' }), {}],
    ['another column', { ...text, name: 'note' }, {}],
    ['another model', text, { plan: planOf({ model: 'm2' }) }],
    ['another kind of provider', text, { plan: planOf({ providerType: 'simulated' }) }],
    ['a temperature', text, { plan: planOf({ temperature: 0.5 }) }],
    ['an extra field of the body', text, { plan: planOf({ extraBody: { seed: 1n } }) }],
    ['a redo', text, { plan: planOf({}, { redo: [{ column: 'body', rows: null, counter: 1 }] }) }],
    ['another kind of column', { ...judge, name: 'body' }, {}],
  ] as const)('differs for %s', (_, column, options) => {
    expect(digestOf(column, options)).not.toBe(before);
  });

  it('is the same for a blank system prompt and none: both send the same request', () => {
    for (const systemPrompt of ['', ' \n', '{{ topic.none }}']) {
      expect(digestOf(withForm(text, { systemPrompt }))).toBe(before);
    }
  });

  it('covers the order of the fields of a request, which are sent in it', () => {
    const sent = (extraBody: PlanModel['extraBody']) => digestOf(text, { plan: planOf({ extraBody }) });
    const digests = [
      sent({ seed: 1n, tools: { a: 1n, b: 2n } }),
      sent({ tools: { a: 1n, b: 2n }, seed: 1n }),
      sent({ tools: { b: 2n, a: 1n }, seed: 1n }),
    ];
    expect(new Set(digests).size).toBe(3);
  });

  it('does not know what stands at its default: a field of a newer Rowloom changes no digest', () => {
    const said = { column: 'body', kind: 'llm-text', model: 'm1', providerType: 'openai' };
    expect(before).toBe(digestOfData({ ...said, prompt: 'Write about rain' }));
  });

  it('covers the scores of a judge and the schema of a structured column', () => {
    expect(digestOf(judged({ '1': 'bad', '2': 'best' }))).not.toBe(
      digestOf(judged({ '1': 'bad', '2': 'good' })),
    );
    const structured = (more: object) => structuredColumn('body', { type: 'object', ...more });
    expect(digestOf(structured({ required: ['a'] }))).not.toBe(digestOf(structured({})));
  });

  it('covers the order of options and properties: a model that gives its reasons first answers otherwise', () => {
    expect(digestOf(judged({ good: '', bad: '' }))).not.toBe(digestOf(judged({ bad: '', good: '' })));
    const fields = (...names: readonly string[]) =>
      structuredColumn('body', {
        type: 'object',
        properties: Object.fromEntries(names.map((name) => [name, {}])),
      });
    expect(digestOf(fields('reason', 'level'))).not.toBe(digestOf(fields('level', 'reason')));
  });
});
