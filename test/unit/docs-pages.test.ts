// Every YAML block of the docs is a document that Rowloom takes, with the first TypeScript block of its page as `gen.ts`; but
// those after `<!-- part of a document -->` are only YAML. Pages with tests of their own do more with theirs.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { violationsOf } from './config/prepared.ts';

const PART = '<!-- part of a document -->';
/** Reads more than the repository has. */
const TESTED_ELSEWHERE = ['docs/seeds.md'];

const PAGES = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter(
  (page) => page.endsWith('.md') && !TESTED_ELSEWHERE.includes(page),
);
const BLOCKS = PAGES.flatMap((page) => {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```ya?ml\n(.*?)^```/gms)].map((match, index) => ({
    name: `${page} ${index + 1}`,
    yaml: match[1]!,
    module: /^```ts\n(.*?)^```/ms.exec(text)?.[1] ?? '',
    isPart: text.slice(0, match.index).trimEnd().endsWith(PART),
  }));
});

/** The models that pages take for granted. */
const MODELS = `
model_configs:
  - { alias: writer, model: m, provider: openai }
`;

it.each(BLOCKS)('$name is true', async ({ name, yaml, module, isPart }) => {
  if (isPart) {
    expect(parseDocument(yaml).errors).toEqual([]);
    return;
  }
  const run = name.startsWith('docs/run-config.md');
  const models = yaml.includes('model_configs') || !yaml.includes('writer') ? '' : MODELS;
  const document = run ? 'columns:\n  - { name: id, column_type: sampler, sampler_type: uuid }\n' : yaml;
  const files = { 'config.yaml': document + models, 'run.yaml': yaml, 'gen.ts': module };
  const found = await violationsOf(files, { isSimulated: true, ...(run ? { runConfig: 'run.yaml' } : {}) });
  expect(found.filter((violation) => violation.startsWith('error'))).toEqual([]);
});
