// A document with a column of every kind and sort, and processors, for builds that are killed.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ticketsDocument, type Workplace } from './build-harness.ts';
import type { MockModelServer } from './mock-model-server.ts';

export interface EveryKindOptions {
  readonly workplace: Workplace;
  readonly mock: MockModelServer;
  readonly parallel: number;
}

/** Writes it, with its seeds and its functions. Tickets are made from models alone, all else stands on them. */
export function writeEveryKind({ workplace, mock, parallel }: EveryKindOptions): void {
  const { endpoint } = mock;
  const tickets = ticketsDocument({ endpoint, parallel }) as {
    readonly columns: readonly object[];
    readonly rowloom: object;
    readonly model_configs: readonly { readonly inference_parameters: object }[];
  };
  const [writer] = tickets.model_configs;
  const other = (alias: string) => ({ alias, model: alias, provider: 'mock' });
  write(workplace.directory, {
    ...tickets,
    seed_config: { source: { seed_type: 'local', path: 'cities.csv' }, sampling_strategy: 'shuffle' },
    model_configs: [
      writer,
      { ...other('vectors'), inference_parameters: { generation_type: 'embedding' } },
      { ...other('painter'), inference_parameters: { max_parallel_requests: parallel } },
      { ...other('painter-by-url'), inference_parameters: { max_parallel_requests: parallel } },
    ],
    columns: [...tickets.columns, ...SAMPLERS, ...columnsOver(endpoint)],
    constraints: [
      { target_column: 'due', constraint_type: 'column_inequality', operator: 'gt', rhs: 'opened' },
      { target_column: 'hours', constraint_type: 'scalar_inequality', operator: 'ge', rhs: 1 },
    ],
    rowloom: {
      ...tickets.rowloom,
      persons: 'faker',
      processors: [
        { name: 'early', stage: 'before_batch', processor_function: './functions.ts#early' },
        {
          ...{ name: 'late', stage: 'after_batch', processor_function: './functions.ts#late' },
          side_effect_columns: ['words'],
        },
      ],
    },
    processors: [
      {
        name: 'chat',
        processor_type: 'schema_transform',
        template: { from: '{{ topic }}', says: ['{{ body }}'] },
      },
      { name: 'tidy', processor_type: 'drop_columns', column_names: ['snippet_*'] },
    ],
  });
}

const sampler = (name: string, sampler_type: string, params: object, more: object = {}) => ({
  ...{ name, column_type: 'sampler', sampler_type, params },
  ...more,
});

const SAMPLERS = [
  sampler('customer', 'person', { age_range: [20, 60] }),
  sampler('agent', 'person_from_faker', { locale: 'de_DE' }),
  sampler('opened', 'datetime', { start: '2024-01-01', end: '2024-03-01' }),
  sampler('due', 'timedelta', { dt_min: 0, dt_max: 9, reference_column_name: 'opened' }),
  sampler('hours', 'scipy', { dist_name: 'gamma', dist_params: { a: 2 }, decimal_places: 1 }),
  sampler('item', 'subcategory', {
    category: 'topic',
    values: { delivery: ['van', 'post'], refund: ['card'], repair: ['saw', 'lamp'], invoice: ['paper'] },
  }),
  sampler('rank_wanted', 'uniform', { low: 1, high: 9 }, { convert_to: 'int', drop: true }),
];

function columnsOver(endpoint: string): readonly object[] {
  const custom = (name: string, required_columns: readonly string[], more: object = {}) => ({
    ...{ name, column_type: 'custom', generator_function: `./functions.ts#${name}`, required_columns },
    ...more,
  });
  const asks = { model_aliases: ['writer'] };
  const check = (name: string, target: string, validator_type: string, validator_params: object) => ({
    ...{ name, column_type: 'validation', target_columns: [target], validator_type, validator_params },
  });
  const skip = { skip: { when: "{{ topic == 'refund' }}", value: 'none' } };
  return [
    {
      ...{ name: 'snippet', column_type: 'llm-code', code_lang: 'python', model_alias: 'writer' },
      ...{ prompt: 'Code for {{ summary }} in {{ city }}', with_trace: 'last_message', ...skip },
    },
    custom('shout', ['topic', 'severity'], { side_effect_columns: ['size'] }),
    custom('title', ['topic', 'city'], { ...asks, side_effect_columns: ['tone'] }),
    custom('rank', ['summary'], { ...asks, generation_strategy: 'full_column', propagate_skip: false }),
    custom('count', ['title'], { generation_strategy: 'full_column' }),
    custom('story', ['topic'], { in_order: true }),
    custom('sequel', ['topic'], { ...asks, in_order: true }),
    { name: 'vector', column_type: 'embedding', target_column: 'summary', model_alias: 'vectors' },
    {
      name: 'cover',
      column_type: 'image',
      prompt: 'Paint {{ topic }} in {{ city }}',
      model_alias: 'painter',
    },
    {
      ...{ name: 'photo', column_type: 'image', model_alias: 'painter-by-url' },
      prompt: 'A photo of {{ item }} for {{ customer.first_name }}, due {{ due }}',
    },
    {
      ...{ name: 'caption', column_type: 'llm-text', prompt: 'What is on it?', model_alias: 'writer' },
      multi_modal_context: ['cover', 'photo'].map((column_name) => ({ modality: 'image', column_name })),
    },
    check('snippet_valid', 'snippet', 'code', { code_lang: 'python' }),
    check('shout_valid', 'shout', 'code', { code_lang: 'javascript' }),
    check('sql_valid', 'topic', 'code', { code_lang: 'sql:postgres' }),
    check('title_valid', 'title', 'local_callable', { validation_function: './functions.ts#isTitle' }),
    check('body_valid', 'body', 'remote', { endpoint_url: `${endpoint}/validate` }),
    {
      ...{ name: 'note', column_type: 'expression', expr: '{{ size }}/{{ rank }}/{{ tone }}' },
      ...skip,
    },
    {
      ...{ name: 'reply_to_note', column_type: 'llm-text', model_alias: 'writer' },
      prompt:
        'Answer {{ note }} with {{ vector.dimension }} numbers, {{ body_valid.is_valid }}, {{ verdict.tone.score }}, {{ agent.city }}',
    },
  ];
}

function write(directory: string, document: object): void {
  writeFileSync(join(directory, 'cities.csv'), 'city\nRiga\nTurku\nBergen\nGdynia\nKiel\n');
  writeFileSync(join(directory, 'functions.ts'), FUNCTIONS);
  writeFileSync(join(directory, 'tickets.yaml'), JSON.stringify(document));
}

const FUNCTIONS = `
export const shout = ({ topic, severity }) => ({ shout: topic.toUpperCase(), size: String(severity).length });
export async function title({ topic, city }, { models: { writer } }) {
  const title = await writer.generate('A title for ' + topic + ' in ' + city);
  return { title, tone: await writer.generate('The tone of ' + title) };
}
export async function rank(rows, { models: { writer } }) {
  await writer.generate('All of ' + rows.length + ': ' + rows[0].summary);
  return rows.map(({ summary }) => rows.filter((other) => other.summary < summary).length);
}
export const count = (rows) => rows.map((_, index) => index + ' of ' + rows.length);
export function story({ topic }, context) {
  context.state = [...(context.state ?? []), topic].slice(-3);
  return context.state.join(' ');
}
export async function sequel({ topic }, context) {
  context.state = (context.state ?? 0) + 1;
  return context.state % 10 === 0 ? context.models.writer.generate('Chapter ' + context.state + ' on ' + topic) : topic;
}
export const early = ({ city }) => ({ city: city.toUpperCase() });
export const late = (rows) => rows.map(({ body }) => ({ words: body.split(' ').length + ' of ' + rows.length }));
export const isTitle = (rows) => rows.map(({ title }) => ({ is_valid: title.length > 10, length: title.length }));
`;
