import { expect, it } from 'vitest';
import { prepareFiles } from './prepared.ts';

/** As Data Designer's `create` writes it: seed columns last, every default written out. */
const WRITTEN = {
  data_designer: {
    columns: [
      {
        ...{ name: 'size', drop: false, column_type: 'sampler', sampler_type: 'gaussian' },
        params: { mean: 3.0, stddev: 1.0, decimal_places: null, sampler_type: 'gaussian' },
        ...{ conditional_params: {}, convert_to: 'int', skip: null, propagate_skip: true },
      },
      {
        ...{ name: 'label', drop: false, column_type: 'expression', expr: '{{ city }} {{ size }}' },
        ...{ dtype: 'str', skip: { when: '{{ n == 1 }}', value: null }, propagate_skip: true },
      },
      ...['city', 'n'].map((name) => ({
        ...{ name, drop: false, column_type: 'seed-dataset', skip: null, propagate_skip: true },
      })),
    ],
    model_configs: [
      {
        ...{ alias: 'writer', model: 'm', provider: 'mine', skip_health_check: false },
        inference_parameters: {
          ...{ generation_type: 'chat-completion', max_parallel_requests: 4, timeout: null },
          ...{ extra_body: null, temperature: null, top_p: null, max_tokens: null },
        },
      },
    ],
    tool_configs: [],
    seed_config: {
      source: { seed_type: 'local', path: 's.csv' },
      ...{ sampling_strategy: 'shuffle', selection_strategy: null },
    },
    constraints: [{ target_column: 'size', constraint_type: 'scalar_inequality', rhs: 0.0, operator: 'gt' }],
    profilers: null,
    processors: [{ name: 'tidy', processor_type: 'drop_columns', column_names: ['size'] }],
  },
  library_version: '0.9.7',
};

it("reads the builder_config.json of Data Designer's create, which itself cannot", async () => {
  const { plan, warnings, seeds } = await prepareFiles(
    { 'builder_config.json': JSON.stringify(WRITTEN, null, 2), 's.csv': 'city,n\nUlm,1\nOslo,2\n' },
    { file: 'builder_config.json' },
  );
  expect(warnings).toEqual([]);
  expect(seeds?.rows).toBe(2);
  expect(plan.columns.map(({ name, drop }) => `${name}${drop ? ' dropped' : ''}`)).toEqual([
    ...['city', 'n', 'size dropped', 'label'],
  ]);
});
