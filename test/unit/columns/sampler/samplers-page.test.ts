import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DISTRIBUTIONS } from '../../../../src/columns/sampler/distributions/registry.ts';
import type { SamplerColumn } from '../../../../src/columns/sampler/form.ts';
import { openSamplers } from '../../../../src/columns/sampler/open-samplers.ts';
import { SAMPLERS } from '../../../../src/columns/sampler/samplers.ts';
import { columnOrder } from '../../../../src/config/graph-columns.ts';
import { prepareFiles } from '../../config/prepared.ts';

const page = readFileSync('docs/samplers.md', 'utf8');
const sections = page.split(/^## /m).slice(1);
const examples = sections.flatMap((section) => {
  const title = section.slice(0, section.indexOf('\n'));
  return [...section.matchAll(/```yaml\n(.*?)```/gs)].map((match) => ({ title, yaml: match[1]! }));
});

it('has a section for every sampler, with an example of it', () => {
  for (const type of Object.keys(SAMPLERS)) {
    const own = examples.filter(({ title }) => title === type);
    expect(
      own.map(({ yaml }) => yaml.includes(`sampler_type: ${type}`)),
      type,
    ).toEqual([true]);
  }
});

it('names every distribution', () => {
  for (const name of Object.keys(DISTRIBUTIONS)) expect(page).toContain(`\`${name}\``);
});

it.each(examples)('has an example of $title that makes rows', async ({ yaml }) => {
  const { plan, warnings } = await prepareFiles({ 'config.yaml': yaml });
  expect(warnings.filter(({ message }) => !message.startsWith('rowloom.persons'))).toEqual([]);
  const samplers = columnOrder(plan)
    .map((name) => plan.columns.find((column) => column.name === name)!)
    .filter((column): column is SamplerColumn => column.kind === 'sampler');
  const makeRow = await openSamplers(samplers, { seed: '5f1c', personaFolder: null }).ready({
    first: 0,
    last: 19,
  });
  for (let row = 0; row < 20; row += 1) {
    const { values, failure } = makeRow(row);
    expect(failure).toBeNull();
    for (const { name } of samplers) expect(values[name] ?? null, name).not.toBeNull();
  }
});
