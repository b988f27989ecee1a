// What must compile, and what must not. Checked by tsc alone.

import { DatasetBuilder, type FreshName } from '../../src/config/builder.ts';

const base = DatasetBuilder.create()
  .provider({ name: 'offline', provider_type: 'simulated', simulation: { latency_ms: 5 } })
  .model({
    alias: 'writer',
    model: 'made-up',
    provider: 'offline',
    inference_parameters: { temperature: 0.5 },
  })
  .seeds({ path: 'products.csv', columns: ['product', 'price'] })
  .column('id', { column_type: 'sampler', sampler_type: 'uuid' })
  .column('tier', {
    column_type: 'sampler',
    sampler_type: 'category',
    params: { values: ['free', 'pro'], weights: [2, 1] },
  })
  .column('area', {
    column_type: 'sampler',
    sampler_type: 'subcategory',
    params: { category: 'tier', values: { free: ['login'], pro: ['api'] } },
  });

const column = base.column('body', {
  column_type: 'llm-text',
  model_alias: 'writer',
  prompt: ({ tier, area, product }) => `A ${tier} customer, ${area.name}, ${product}`,
});

column.column('note', { column_type: 'expression', expr: ({ body }) => `${body}`, dtype: 'str', drop: true });
column.settings({ seed: 'x', row_group_size: 100 });

base.column('late', {
  column_type: 'llm-text',
  model_alias: 'writer',
  // @ts-expect-error: `body` is not a column of this builder
  prompt: ({ body }) => `${body}`,
});

base.column('self', {
  column_type: 'expression',
  // @ts-expect-error: a column cannot name itself
  expr: ({ self }) => `${self}`,
});

// @ts-expect-error: a model of that name is there
base.model({ alias: 'writer', model: 'other', provider: 'offline' });

// @ts-expect-error: no such model
base.column('body', { column_type: 'llm-text', model_alias: 'grader', prompt: 'x' });

// @ts-expect-error: the name is taken
base.column('tier', { column_type: 'expression', expr: 'x' });

const taken: FreshName<'tier', 'id' | 'tier', 'column'> =
  'There is a column "tier" already: choose another name';
const free: FreshName<'plan', 'id' | 'tier', 'column'> = 'plan';
base.column(free, { column_type: 'expression', expr: taken });

// The default models are there as long as the dataset declares none.
DatasetBuilder.create().column('a', { column_type: 'llm-text', model_alias: 'nvidia-text', prompt: 'x' });

// @ts-expect-error: with models of its own it has only those
base.column('a', { column_type: 'llm-text', model_alias: 'nvidia-text', prompt: 'x' });

// @ts-expect-error: a parameter is missing
base.column('n', { column_type: 'sampler', sampler_type: 'uniform', params: { low: 1 } });

// @ts-expect-error: parameters of another sampler
base.column('n', { column_type: 'sampler', sampler_type: 'bernoulli', params: { mean: 1 } });

base.column('n', {
  column_type: 'sampler',
  sampler_type: 'subcategory',
  // @ts-expect-error: the parent is not a column of this builder
  params: { category: 'plan', values: {} },
});

// @ts-expect-error: no such type
base.column('n', { column_type: 'llm-txt', model_alias: 'writer', prompt: 'x' });

// @ts-expect-error: no such dtype
base.column('n', { column_type: 'expression', expr: 'x', dtype: 'text' });
