import { describe, expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const HEAD = `columns:
  - { name: x, column_type: sampler, sampler_type: category, params: { values: [a, b] } }
`;
const expression = (expr: string) => `  - { name: y, column_type: expression, expr: '${expr}' }\n`;
const NATIVE = { runConfig: 'run.yaml' };
const run = 'jinja_rendering_engine: native\n';

describe('the secure engine, which is the default', () => {
  it('takes a filter that Data Designer refuses with a warning, and refuses what else is not secure', async () => {
    const config = `${HEAD}${expression('{{ x | default("-") }}{% set z = x %}{{ z }}')}`;
    expect(await violationsOf({ 'config.yaml': config })).toEqual([
      'warning config.yaml:3:55 column "y": expr has the filter "default", which works here; Data Designer has it with jinja_rendering_engine: native only',
      'error config.yaml:3:73 column "y": expr has "set" with "=", which needs jinja_rendering_engine: native, under rowloom or in the file of --run-config',
    ]);
  });

  it('looks at conditions of samplers and at records, and not at conditions of skips', async () => {
    const config = `${HEAD}  - name: z
    column_type: sampler
    sampler_type: uuid
    params: {}
    conditional_params: { "x | join == 'a'": { prefix: p } }
  - { name: y, column_type: expression, expr: "{{ x }}", skip: { when: "{{ x | default('a') == 'a' }}" } }
processors:
  - { name: chat, processor_type: schema_transform, template: { text: "{{ x | tojson }}" } }
`;
    expect(await violationsOf({ 'config.yaml': config })).toEqual([
      expect.stringMatching(/^warning config.yaml:7:27 column "z": .* has the filter "join"/),
      expect.stringMatching(
        /^warning config.yaml:10:\d+ processor "chat": template.text has the filter "tojson"/,
      ),
    ]);
  });
});

describe('the native engine', () => {
  const config = `${HEAD}${expression('{% set z = x | default("-") %}{{ z }}')}`;

  it('is asked for by the run config, or by the document', async () => {
    expect(await violationsOf({ 'config.yaml': config, 'run.yaml': run }, NATIVE)).toEqual([]);
    const own = `${config}rowloom: { jinja_rendering_engine: native }\n`;
    expect(await violationsOf({ 'config.yaml': own })).toEqual([]);
    const back = { 'config.yaml': own, 'run.yaml': 'jinja_rendering_engine: secure\n' };
    expect(await violationsOf(back, NATIVE)).toHaveLength(2);
  });

  it('changes no plan: what both engines take renders the same', async () => {
    const plain = { 'config.yaml': `${HEAD}${expression('{{ x | upper }}')}`, 'run.yaml': run };
    const [secure, native] = [await prepareFiles(plain), await prepareFiles(plain, NATIVE)];
    expect(native.plan).toEqual(secure.plan);
  });
});
