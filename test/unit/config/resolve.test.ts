import { describe, expect, it } from 'vitest';
import { graphColumns } from '../../../src/config/graph-columns.ts';
import { selectRows } from '../../../src/config/resolve.ts';
import { isMade, type Plan, type PlanColumn } from '../../../src/plan.ts';
import { planDigest } from '../../../src/rows/plan-digest.ts';
import { formatJson, parseJson, type Value } from '../../../src/values.ts';
import { type Changes, prepareFiles, violationsOf } from './prepared.ts';

const MODELS = `
model_configs:
  - { alias: writer, model: made-up, provider: local }
rowloom: { providers: [{ name: local, provider_type: simulated }] }
`;

async function planOf(columns: string, changes: Changes = {}): Promise<Plan> {
  const { plan } = await prepareFiles({ 'config.yaml': `columns:${columns}${MODELS}` }, changes);
  return plan;
}

async function columnOf(columns: string, name: string): Promise<PlanColumn> {
  const { columns: all } = await planOf(columns);
  return all.find((column) => column.name === name)!;
}

describe('a plan', () => {
  it('has a hidden column of ids where nothing else starts rows', async () => {
    const plan = await planOf('\n  - { name: a, column_type: expression, expr: "x" }');
    expect(plan.columns.map(({ name, drop, kind }) => [name, drop, kind])).toEqual([
      ['_internal_row_id', true, 'sampler'],
      ['a', false, 'expression'],
    ]);
  });

  it('has seed columns first, then the columns of the document in its order', async () => {
    const { plan, seeds } = await prepareFiles({
      'config.yaml': `columns:
  - { name: b, column_type: expression, expr: "{{ a }}" }
  - { name: a, column_type: expression, expr: "{{ name }}" }
  - { name: age, column_type: seed-dataset, drop: true }
seed_config: { source: { seed_type: local, path: s.csv }, sampling_strategy: shuffle, selection_strategy: { start: 1, end: 2 } }
`,
      's.csv': 'name,age\nAda,36\nBob,4\nEve,5\n',
    });
    expect(plan.columns.map(({ name, drop, type }) => [name, drop, type.kind])).toEqual([
      ['name', false, 'text'],
      ['age', true, 'int'],
      ['b', false, 'text'],
      ['a', false, 'text'],
    ]);
    expect(plan.seedSource).toMatchObject({
      sourceRows: 3,
      selection: { first: 1, count: 2 },
      sampling: 'shuffle',
    });
    expect(seeds).toEqual({ name: 's.csv', rows: 2 });
  });

  it('takes all rows for one pass over the selected seeds', async () => {
    const { settings } = await prepareFiles(
      {
        'config.yaml': `columns: [{ name: a, column_type: expression, expr: "{{ n }}" }]
seed_config: { source: { seed_type: local, path: s.csv }, selection_strategy: { index: 1, num_partitions: 2 } }
`,
        's.csv': 'n\n1\n2\n3\n4\n5\n',
      },
      { rows: 'all' },
    );
    expect(settings.rows).toBe(3);
  });

  it('knows what each column needs', async () => {
    const plan = await planOf(`
  - { name: tier, column_type: sampler, sampler_type: category, params: { values: [free, pro] } }
  - { name: flag, column_type: sampler, sampler_type: bernoulli, params: { p: 0.5 }, conditional_params: { "tier == 'pro'": { p: 1 } } }
  - name: area
    column_type: sampler
    sampler_type: subcategory
    params: { category: tier, values: { free: [a], pro: [b] } }
    conditional_params: { "flag == 1": { category: tier, values: { free: [c], pro: [d] } } }
  - { name: body, column_type: llm-text, model_alias: writer, prompt: "{{ area }}", system_prompt: "{{ tier }}" }
  - { name: note, column_type: expression, expr: "{% for x in body %}{{ x }}{% endfor %}" }
`);
    const needs = Object.fromEntries(plan.columns.map((column) => [column.name, column.needs]));
    expect(needs).toEqual({
      tier: [],
      flag: ['tier'],
      area: ['tier', 'flag'],
      body: ['area', 'tier'],
      note: ['body'],
    });
  });

  it('types samplers by their values and conversions', async () => {
    const plan = await planOf(`
  - { name: text, column_type: sampler, sampler_type: category, params: { values: [1, x] } }
  - { name: int, column_type: sampler, sampler_type: category, params: { values: [1, 2] } }
  - { name: float, column_type: sampler, sampler_type: category, params: { values: [1, 2.5] } }
  - { name: codes, column_type: sampler, sampler_type: category, params: { values: [007, 02139] } }
  - { name: wide, column_type: sampler, sampler_type: category, params: { values: [1] }, conditional_params: { "int == 1": { values: [x] } } }
  - { name: area, column_type: sampler, sampler_type: subcategory, params: { category: int, values: { 1: [1], 2: [2.5] } } }
  - { name: parts, column_type: sampler, sampler_type: subcategory, params: { category: int, values: { 1: [1], 2: [2] } } }
  - { name: part, column_type: sampler, sampler_type: subcategory, params: { category: int, values: { 1: [1], 2: [2] } }, convert_to: int }
  - { name: exact, column_type: sampler, sampler_type: subcategory, params: { category: int, values: { 1: [9007199254740993], 2: [2] } } }
  - { name: huge, column_type: sampler, sampler_type: category, params: { values: [9223372036854775808, 5] } }
  - { name: large, column_type: sampler, sampler_type: category, params: { values: [9223372036854775807, -9223372036854775808] } }
  - { name: endless, column_type: sampler, sampler_type: category, params: { values: [1${'0'.repeat(400)}, 0.5] } }
  - { name: u, column_type: sampler, sampler_type: uniform, params: { low: 0, high: 1 } }
  - { name: g, column_type: sampler, sampler_type: gaussian, params: { mean: 0, stddev: 1 }, convert_to: int }
  - { name: b, column_type: sampler, sampler_type: bernoulli, params: { p: 0.5 }, convert_to: str }
  - { name: p, column_type: sampler, sampler_type: poisson, params: { mean: 3 } }
  - { name: d, column_type: sampler, sampler_type: datetime, params: { start: 2024-01-01, end: 2025 }, convert_to: "%Y" }
  - { name: id, column_type: sampler, sampler_type: uuid }
`);
    const types = Object.fromEntries(plan.columns.map(({ name, type }) => [name, type.kind]));
    expect(types).toEqual({
      text: 'text',
      int: 'int',
      float: 'float',
      codes: 'text',
      wide: 'text',
      area: 'float',
      parts: 'float',
      part: 'int',
      exact: 'int',
      huge: 'text',
      large: 'int',
      endless: 'text',
      u: 'float',
      g: 'int',
      b: 'text',
      p: 'int',
      d: 'text',
      id: 'text',
    });
  });

  it('takes plain scalars as each field wants them', async () => {
    const column = await columnOf(
      `
  - name: v
    column_type: sampler
    sampler_type: category
    params: { values: [no, 007, 1.10, 12, true, "7"], weights: [1, "2", 3, 4, 5, 6] }
    drop: off
    conditional_params: {}
  - { name: x, column_type: expression, expr: 1.10 }
`,
      'v',
    );
    expect(column).toMatchObject({
      drop: false,
      form: { params: { values: ['no', '007', 1.1, 12n, 'true', '7'], weights: [1, 2, 3, 4, 5, 6] } },
    });
    expect(await columnOf('\n  - { name: x, column_type: expression, expr: 1.10 }', 'x')).toMatchObject({
      form: { expr: '1.10' },
    });
  });

  it('has the text of judge options, and structs for their scores', async () => {
    const column = await columnOf(
      `
  - { name: id, column_type: sampler, sampler_type: uuid }
  - name: verdict
    column_type: llm-judge
    model_alias: writer
    prompt: "{{ id }}"
    scores:
      - { name: real, description: d, options: { 1: no, yes: maybe } }
`,
      'verdict',
    );
    const text = { kind: 'text' };
    expect(column).toMatchObject({
      form: {
        scores: formatJson([{ name: 'real', description: 'd', options: { 1: 'no', yes: 'maybe' } }]),
      },
      type: {
        kind: 'struct',
        fields: [
          {
            name: 'real',
            type: {
              kind: 'struct',
              fields: [
                { name: 'reasoning', type: text },
                { name: 'score', type: text },
              ],
            },
          },
        ],
      },
    });
  });

  it('has the parameters of the models in use, bodies merged, the provider winning', async () => {
    const { plan, settings } = await prepareFiles({
      'config.yaml': `columns: [{ name: id, column_type: sampler, sampler_type: uuid }, { name: a, column_type: llm-text, model_alias: m, prompt: "{{ id }}" }]
model_configs:
  - alias: m
    model: real
    provider: mine
    skip_health_check: yes
    inference_parameters:
      temperature: { distribution_type: uniform, params: { low: 0.4, high: 0.9 } }
      top_p: { distribution_type: manual, params: { values: [0.5, 1], weights: [1, 3] } }
      max_tokens: 1_000
      timeout: 5
      max_parallel_requests: 7
      extra_body: { seed: 12.0, big: 9007199254740993, nested: { a: 1 } }
  - { alias: unused, model: x, provider: nowhere }
  - { alias: vectors, model: x, provider: nowhere, inference_parameters: { generation_type: embedding } }
rowloom: { providers: [{ name: mine, endpoint: "http://localhost:1/v1", provider_type: OpenAI, extra_body: { seed: 1, top_k: 5 } }] }
`,
    });
    expect(plan.models).toEqual({
      m: {
        model: 'real',
        providerType: 'openai',
        temperature: { distribution: 'uniform', low: 0.4, high: 0.9 },
        topP: { distribution: 'manual', values: [0.5, 1], weights: [1, 3] },
        maxTokens: 1000,
        extraBody: { seed: 1n, top_k: 5n, big: 9007199254740993n, nested: { a: 1n } },
      },
    });
    expect(settings.models).toEqual({
      m: { provider: 'mine', maxParallelRequests: 7, timeoutMs: 5000, skipHealthCheck: true },
    });
    expect(settings.providers).toEqual([
      {
        name: 'mine',
        type: 'openai',
        endpoint: 'http://localhost:1/v1',
        apiKeyVariable: null,
        headers: {},
        simulation: null,
      },
    ]);
    expect(graphColumns(plan, settings)).toEqual([
      { name: 'id', strategy: 'root', needs: [], limiters: [] },
      { name: 'a', strategy: 'cell', needs: ['id'], limiters: ['mine/real'] },
    ]);
  });

  it('is plain data that its text gives back', async () => {
    const plan = await planOf(
      '\n  - { name: v, column_type: sampler, sampler_type: category, params: { values: [1, 2] } }',
    );
    expect(parseJson(formatJson(plan as unknown as Value))).toMatchObject({
      columns: [{ form: { params: { values: [1n, 2n] } } }],
    });
  });
});

describe('the seed of a dataset', () => {
  const COLUMNS = '\n  - { name: id, column_type: sampler, sampler_type: uuid }';

  it('derives from its name', async () => {
    const seeds = await Promise.all(
      ['tickets', 'tickets', 'other'].map(
        async (datasetName) => (await planOf(COLUMNS, { datasetName })).seed,
      ),
    );
    expect(seeds[0]).toMatch(/^[0-9a-f]{4}$/);
    expect(seeds[1]).toBe(seeds[0]);
    expect(seeds[2]).not.toBe(seeds[0]);
  });

  it('is the recorded one once there is one, and the one of the document before all', async () => {
    const recorded = { seed: 'kept', rowGroupSize: 50 };
    expect(await planOf(COLUMNS, { recorded })).toMatchObject({ seed: 'kept', rowGroupSize: 50 });
    const { plan } = await prepareFiles(
      { 'config.yaml': `columns:${COLUMNS}\nrowloom: { seed: 007, row_group_size: 20 }` },
      { recorded },
    );
    expect(plan).toMatchObject({ seed: '007', rowGroupSize: 20 });
  });
});

describe('the digest of a plan', () => {
  const digestOf = async (columns: string, more = MODELS, changes: Changes = {}) =>
    planDigest((await prepareFiles({ 'config.yaml': `columns:${columns}${more}` }, changes)).plan);
  const BODY = `
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: body, column_type: llm-text, model_alias: writer, prompt: "About {{ id }}" }`;

  it('does not change with limits, names of endpoints, rows, notation', async () => {
    const digest = await digestOf(BODY);
    const other = `
model_configs:
  - alias: writer
    model: made-up
    provider: elsewhere
    inference_parameters: { max_parallel_requests: 64, timeout: 3 }
rowloom: { slice_size: 1, providers: [{ name: elsewhere, provider_type: simulated, simulation: { latency_ms: 3 } }] }
`;
    expect(await digestOf(BODY, other, { rows: 500 })).toBe(digest);
    expect(await digestOf(BODY.replace('"About {{ id }}"', "'About {{ id }}'"))).toBe(digest);
  });

  it('changes with a prompt, a parameter, the seed, a name, the order', async () => {
    const digests = await Promise.all([
      digestOf(BODY),
      digestOf(BODY.replace('About', 'Of')),
      digestOf(BODY.replace('name: id', 'name: id, drop: true')),
      digestOf(BODY, MODELS.replace('rowloom: {', 'rowloom: { seed: x,')),
      digestOf(
        BODY,
        MODELS.replace('provider: local', 'provider: local, inference_parameters: { temperature: 1 }'),
      ),
      digestOf(`\n  - { name: first, column_type: sampler, sampler_type: uuid }${BODY}`),
    ]);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('is the same for a blank system prompt and none, which send the same request', async () => {
    const blank = BODY.replace('prompt: "', 'system_prompt: " ", prompt: "');
    expect(await digestOf(blank)).toBe(await digestOf(BODY));
  });

  it('changes with the order of the fields of extra_body, which are sent in it', async () => {
    const sent = (body: string) =>
      digestOf(
        BODY,
        MODELS.replace('provider: local', `provider: local, inference_parameters: { extra_body: ${body} }`),
      );
    const digests = await Promise.all([
      sent('{ tools: { a: 1, b: 2 }, effort: low }'),
      sent('{ effort: low, tools: { a: 1, b: 2 } }'),
      sent('{ effort: low, tools: { b: 2, a: 1 } }'),
    ]);
    expect(new Set(digests).size).toBe(3);
  });

  it('changes with the order of the properties and the options that a model reads', async () => {
    const structured = (properties: string) => `
  - { name: body, column_type: llm-structured, model_alias: writer, prompt: Rate,
      output_format: { type: object, properties: { map: { type: object, additionalProperties: true,
        properties: { ${properties} } } } } }`;
    const judge = (options: string) => `
  - { name: body, column_type: llm-judge, model_alias: writer, prompt: Rate,
      scores: [{ name: tone, description: How, options: { ${options} } }] }`;
    const digests = await Promise.all([
      digestOf(structured('why: {}, level: {}')),
      digestOf(structured('level: {}, why: {}')),
      digestOf(judge('good: a, bad: b')),
      digestOf(judge('bad: b, good: a')),
    ]);
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe('a selection of seed rows', () => {
  it('takes ranges with both ends', () => {
    expect(selectRows(null, 10)).toEqual({ first: 0, count: 10 });
    expect(selectRows({ start: 2, end: 4 }, 10)).toEqual({ first: 2, count: 3 });
    expect(selectRows({ start: 8, end: 9 }, 10)).toEqual({ first: 8, count: 2 });
  });

  it('gives the last partition the remainder', () => {
    const partitions = [0, 1, 2].map((index) => selectRows({ index, num_partitions: 3 }, 11));
    expect(partitions).toEqual([
      { first: 0, count: 3 },
      { first: 3, count: 3 },
      { first: 6, count: 5 },
    ]);
  });
});

describe('a document as Data Designer writes it', () => {
  it('may hold every field with its default', async () => {
    const says = await violationsOf(
      {
        'config.yaml': `data_designer:
  columns:
    - name: id
      drop: false
      skip: null
      propagate_skip: true
      sampler_type: uuid
      params: { prefix: null, short_form: false, uppercase: false, sampler_type: uuid }
      conditional_params: {}
      convert_to: null
      column_type: sampler
    - name: body
      drop: false
      skip: null
      propagate_skip: yes
      prompt: About {{ id }}.
      model_alias: m
      system_prompt: null
      multi_modal_context: null
      tool_alias: null
      with_trace: none
      extract_reasoning_content: no
      column_type: llm-text
  model_configs:
    - alias: m
      model: x
      inference_parameters:
        generation_type: chat-completion
        max_parallel_requests: 4
        timeout: null
        extra_body: null
        temperature: null
        top_p: null
        max_tokens: null
      provider: openai
      skip_health_check: false
  tool_configs: null
  seed_config: null
  constraints: []
  profilers: null
  processors: []
library_version: 0.9.0
rowloom: { seed: 1 }
`,
      },
      { environment: { OPENAI_API_KEY: 'set' } },
    );
    expect(says).toEqual([]);
  });

  it('reads profilers, and warns that no model sums scores up', async () => {
    const says = await violationsOf({
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: "Write about {{ id }}.", model_alias: writer }
profilers: [{ model_alias: writer }, { model_alias: writer, summary_score_sample_size: null }]
${MODELS}`,
    });
    expect(says).toEqual([
      'warning config.yaml:4:13 profilers[0] asks a model for a summary of the scores, which is not made: their distributions are in `rowloom profile`',
    ]);
  });

  it('warns of prompts that are the same for every row, and of single braces', async () => {
    const says = await violationsOf({
      'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-text, prompt: Write a poem., model_alias: writer }
  - { name: b, column_type: llm-text, prompt: "Write about {id} and {{ id }}.", model_alias: writer }
${MODELS}`,
    });
    expect(says).toEqual([
      'warning config.yaml:3:47 column "a": prompt names no column: every row gets the same prompt',
      'warning config.yaml:4:60 column "b": prompt has {id} in single braces, which print as they stand: write {{ id }}',
    ]);
  });

  it('warns of empty seed cells that a prompt prints in every row', async () => {
    const says = await violationsOf({
      'config.yaml': `seed_config: { source: { seed_type: local, path: s.csv } }
columns:
  - name: a
    column_type: llm-text
    model_alias: writer
    system_prompt: "{% if topic %}About {{ topic }}.{% endif %} Be {{ full }}."
    prompt: |
      Write to {{ name }}
      about {{ topic }}.
  - { name: b, column_type: expression, expr: "{{ topic }}" }
${MODELS}`,
      's.csv': 'name,topic,full\nAda,,x\n,,y\nBob,tea,z\n',
    });
    expect(says).toEqual([
      'warning config.yaml:8:19 column "a": prompt prints "name", which is empty in 1 seed row: None stands there',
      'warning config.yaml:9:16 column "a": prompt prints "topic", which is empty in 2 seed rows: None stands there',
    ]);
  });

  it('is the same in YAML and JSON, wrapped and not', async () => {
    const column = { name: 'a', column_type: 'expression', expr: 'x' };
    const plans = await Promise.all([
      prepareFiles({ 'config.yaml': 'columns: [{ name: a, column_type: expression, expr: x }]' }),
      prepareFiles({
        'config.yaml': 'data_designer: { columns: [{ name: a, column_type: expression, expr: x }] }',
      }),
      prepareFiles(
        { 'config.json': JSON.stringify({ columns: [column] }, null, '\t') },
        { file: 'config.json' },
      ),
      prepareFiles(
        { 'config.json': JSON.stringify({ data_designer: { columns: [column] } }) },
        { file: 'config.json' },
      ),
    ]);
    expect(new Set(plans.map(({ plan }) => planDigest(plan))).size).toBe(1);
  });

  it('tells where a field of a column stands', async () => {
    const { positionOf } = await prepareFiles({
      'config.yaml': 'columns:\n  - name: a\n    column_type: expression\n    expr: >-\n      x\n',
    });
    expect(positionOf('a')).toEqual({ line: 2, column: 5 });
    expect(positionOf('a', 'expr')).toEqual({ line: 4, column: 5 });
    expect(positionOf('gone', 'expr')).toBeNull();
  });
});

describe('the example', () => {
  it('is what the README says of it', async () => {
    const { prepareConfig } = await import('../../../src/config/prepare.ts');
    const { openDocument } = await import('../../../src/documents/open-document.ts');
    const { bundleModule } = await import('../../../src/modules/bundle.ts');
    const { PERSONA_FILES } = await import('../../../src/personas/persona-file.ts');
    const { openSeeds } = await import('../../../src/seeds/open-seeds.ts');
    const root = new URL('../../..', import.meta.url).pathname;
    const { plan, config, positionOf, seeds, warnings } = await prepareConfig({
      file: 'examples/tickets.yaml',
      cwd: root,
      home: root,
      environment: {},
      datasetName: 'tickets',
      rows: 200,
      rowsBefore: 200,
      directory: root,
      isSimulated: false,
      recorded: null,
      openDocument,
      bundleModule,
      personas: PERSONA_FILES,
      openSeeds,
    });
    expect(warnings).toEqual([]);
    expect(config.columns).toHaveLength(9);
    expect(seeds).toEqual({ name: 'examples/products.csv', rows: 40 });
    const asked = plan.columns.filter(isMade);
    expect(asked.map(({ name }) => name)).toEqual(['body', 'severity', 'summary', 'verdict']);
    expect(asked.filter(({ needs }) => needs.includes('body')).map(({ name }) => name)).toEqual(['verdict']);
    expect(positionOf('body', 'prompt')?.line).toBe(31);
  });
});

describe('a skip', () => {
  it.each<[string, string, Value]>([
    ['int', '3', 3n],
    ['int', '3.7', 3n],
    ['int', '"4"', 4n],
    ['int', 'true', 1n],
    ['float', '2', 2],
    ['bool', '"false"', true],
    ['bool', '0', false],
    ['str', 'true', 'True'],
    ['str', 'null', null],
  ])('of an expression of dtype %s has %s as %o', async (dtype, value, expected) => {
    const text = `
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: expression, dtype: ${dtype}, expr: "{{ id }}", skip: { when: "{{ id }}", value: ${value} } }`;
    expect((await columnOf(text, 'a')).skip?.value).toBe(expected);
  });

  it('whose value is of another type makes the column JSON text, so that no row is lost for it', async () => {
    const judge = (value: string) =>
      columnOf(
        `
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: a, column_type: llm-judge, model_alias: writer, prompt: "{{ id }}", scores: [{ name: x, description: y, options: { 1: a, 2: b } }], skip: { when: "{{ id }}", value: ${value} } }`,
        'a',
      );
    expect((await judge('none')).type).toEqual({ kind: 'json' });
    expect((await judge('null')).type.kind).toBe('struct');
  });
});
