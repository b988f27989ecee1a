import { describe, expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const FILES = {
  'config.yaml': `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
  - { name: topic, column_type: sampler, sampler_type: uuid }
  - { name: text, column_type: expression, expr: "{{ topic }}" }
  - { name: topic, column_type: expression, expr: "{{ id }}" }
`,
};

describe('a column that is defined twice', () => {
  it('is the later one, in the place of the earlier', async () => {
    const { plan } = await prepareFiles(FILES);
    expect(plan.columns.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'id: sampler',
      'topic: expression',
      'text: expression',
    ]);
  });

  it('is warned of', async () => {
    expect(await violationsOf(FILES)).toEqual([
      'warning config.yaml:3:13 column "topic": is the name of a later column, in line 5, which replaces this one',
    ]);
  });
});
