// A dataset whose models answer in Anthropic's language.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findRows, findVersion } from '../../src/store/look.ts';
import { Workplace } from '../support/build-harness.ts';
import { buildByActivities } from '../support/built-by-activities.ts';
import { startMockModelServer } from '../support/mock-model-server.ts';

const KEY = 'sk-ant-very-secret-1';

it('is made with one call a cell, tells structures by the prompt, and keeps the key nowhere', async () => {
  const busy = { type: 'error', error: { type: 'rate_limit_error', message: `Too many for ${KEY}` } };
  const mock = await startMockModelServer({
    apiKey: KEY,
    faults: [
      {
        kind: 'says',
        status: 429,
        body: busy,
        headers: { 'retry-after': '0' },
        cells: ['note/1'],
        calls: [1],
      },
      { kind: 'bad-json', cells: ['rating/0'], calls: [1] },
      { kind: 'length', cells: ['verdict/2'], calls: [1] },
    ],
  });
  onTestFinished(() => mock.close());
  const workplace = new Workplace();
  onTestFinished(() => workplace.dispose());
  const asked = { model_alias: 'writer' };
  workplace.write({
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid' },
      {
        name: 'note',
        column_type: 'llm-text',
        ...asked,
        prompt: 'Note on {{ id }}',
        system_prompt: 'Be brief',
      },
      {
        ...{ name: 'rating', column_type: 'llm-structured', ...asked, prompt: 'Rate {{ note }}' },
        output_format: {
          ...{ type: 'object', required: ['level'] },
          properties: { level: { type: 'integer', minimum: 1, maximum: 5 } },
        },
      },
      {
        ...{ name: 'verdict', column_type: 'llm-judge', ...asked, prompt: 'Judge {{ note }}' },
        scores: [{ name: 'tone', description: 'How does it sound?', options: { 1: 'rude', 2: 'kind' } }],
      },
    ],
    model_configs: [
      { alias: 'writer', model: 'claude', provider: 'claude', inference_parameters: { temperature: 0.5 } },
    ],
    rowloom: {
      providers: [
        {
          ...{ name: 'claude', endpoint: mock.endpoint, provider_type: 'anthropic' },
          api_key: 'ANTHROPIC_API_KEY',
        },
      ],
    },
  });
  const environment = { ANTHROPIC_API_KEY: KEY };
  const dataset = await buildByActivities(workplace.directory, 3, { environment });
  const rows = [];
  for await (const { state, values } of findRows(
    dataset,
    [{ first: 0, last: 2 }],
    await findVersion(dataset),
  ))
    rows.push({ state, values });
  expect(rows).toHaveLength(3);
  for (const { state, values } of rows) {
    expect(state).toBe('complete');
    expect(values).toMatchObject({
      note: expect.any(String),
      rating: { level: expect.any(BigInt) },
      verdict: { tone: { score: expect.any(String) } },
    });
  }
  expect(mock.stats().cells).toMatchObject({ 'note/1': { requests: 2, answered: 1 } });
  // Nine cells; one call that was not answered, one correction, one answer that was cut.
  expect(mock.stats()).toMatchObject({ requests: 12, answered: 11 });
  expect(mock.lastBody('note/0')).toEqual({
    ...{ model: 'claude', system: 'Be brief', max_tokens: 4_096, temperature: 0.5 },
    messages: [{ role: 'user', content: expect.stringMatching(/^Note on /) }],
  });
  expect(mock.lastBody('rating/1')).not.toHaveProperty('response_format');
  const files = readdirSync(workplace.directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(workplace.directory, name))
    .filter((file) => statSync(file).isFile());
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(readFileSync(file, 'latin1').includes(KEY), file).toBe(false);
});
