// The four shapes with which Data Designer publishes its speed, as documents.
//
//   narrow  topic → summary → analysis → conclusion
//   deep    topic → (summary → analysis → conclusion) and trivia
//   wide    topic → five columns
//   dual    topic → three columns, each judged by a second model

export type ShapeName = 'narrow' | 'deep' | 'wide' | 'dual';

interface ModelColumn {
  readonly name: string;
  readonly needs: string;
  readonly alias: Alias;
}

type Alias = 'writer' | 'judge';

const TOPIC: ModelColumn = { name: 'topic', needs: 'subject', alias: 'writer' };
const CHAIN: readonly ModelColumn[] = [
  TOPIC,
  written('summary', 'topic'),
  written('analysis', 'summary'),
  written('conclusion', 'analysis'),
];
const TRIPLE = ['summary', 'analysis', 'trivia'];

const SHAPES: Readonly<Record<ShapeName, readonly ModelColumn[]>> = {
  narrow: CHAIN,
  deep: [...CHAIN, written('trivia', 'topic')],
  wide: [TOPIC, ...[...TRIPLE, 'conclusion', 'questions'].map((name) => written(name, 'topic'))],
  dual: [
    TOPIC,
    ...TRIPLE.map((name) => written(name, 'topic')),
    ...TRIPLE.map((name): ModelColumn => ({ name: `${name}_verdict`, needs: name, alias: 'judge' })),
  ],
};

export interface ShapeOptions {
  readonly shape: ShapeName;
  /** `max_parallel_requests` of each model. */
  readonly parallel: number;
}

/** The document of a shape, as YAML takes it. */
export function shapeDocument({ shape, parallel, endpoint }: ShapeOptions & { endpoint: string }): object {
  const columns = SHAPES[shape];
  const subject = { name: 'subject', column_type: 'sampler', sampler_type: 'uuid', params: {} };
  return {
    columns: [subject, ...columns.map(columnConfig)],
    model_configs: [...new Set(columns.map(({ alias }) => alias))].map((alias) => ({
      alias,
      model: `mock-${alias}`,
      provider: 'mock',
      inference_parameters: { temperature: 0.5, max_parallel_requests: parallel },
    })),
    rowloom: { providers: [{ name: 'mock', endpoint, provider_type: 'openai' }] },
  };
}

export function callsPerRow(shape: ShapeName): number {
  return SHAPES[shape].length;
}

/** Calls a second when every model is always busy until its last call: the model that has most to do decides. */
export function idealRate({ shape, parallel, meanMs }: ShapeOptions & { meanMs: number }): number {
  const judged = SHAPES[shape].filter(({ alias }) => alias === 'judge').length;
  const most = Math.max(judged, callsPerRow(shape) - judged);
  return ((parallel * 1_000) / meanMs) * (callsPerRow(shape) / most);
}

function written(name: string, needs: string): ModelColumn {
  return { name, needs, alias: 'writer' };
}

function columnConfig({ name, needs, alias }: ModelColumn): object {
  const common = { name, model_alias: alias };
  if (alias === 'writer')
    return { ...common, column_type: 'llm-text', prompt: `Write the ${name} of this: {{ ${needs} }}` };
  return {
    ...common,
    column_type: 'llm-judge',
    prompt: `Judge this: {{ ${needs} }}`,
    scores: [{ name: 'clarity', description: 'Is it clear?', options: { 1: 'no', 2: 'partly', 3: 'yes' } }],
  };
}
