import { describe, expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const SAMPLER =
  '{ name: snippet, column_type: sampler, sampler_type: category, params: { values: ["x = 1"] } }';
const document = (column: string, more = '') => ({
  'config.yaml': `columns:
  - ${SAMPLER}
  - { name: check, column_type: validation, ${column} }
${more}`,
});
const code = (lang: string, targets = '[snippet]') =>
  `target_columns: ${targets}, validator_type: code, validator_params: { code_lang: ${lang} }`;
const remote = (params: string) =>
  `target_columns: [snippet], validator_type: remote, validator_params: { ${params} }`;
const local = (params: string) =>
  `target_columns: [snippet], validator_type: local_callable, validator_params: { ${params} }`;

const planOf = async (column: string, files: { readonly [name: string]: string } = {}) => {
  const { plan } = await prepareFiles({ ...document(column), ...files });
  return plan.columns.find(({ name }) => name === 'check')!;
};

describe('a validation column', () => {
  it('is planned with its targets, its validator and the type of its verdicts', async () => {
    expect(await planOf(code('"sql:ansi"'))).toMatchObject({
      ...{ strategy: 'cell', onError: 'null', needs: ['snippet'], limiters: [{ threads: 'cpu' }] },
      type: { kind: 'struct', fields: [{ name: 'is_valid' }, { name: 'error_messages' }] },
      form: { targets: ['snippet'], how: { by: 'code', lang: 'sql:ansi' }, batchSize: 10, pace: null },
    });
    expect(await planOf(remote('endpoint_url: "https://checks.example/a", timeout: 2.5'))).toMatchObject({
      ...{ type: { kind: 'json' }, limiters: [{ host: 'checks.example', max: 4 }] },
      form: {
        how: { by: 'service', url: 'https://checks.example/a', schema: null },
        pace: { timeoutMs: 2_500, maxParallelRequests: 4 },
      },
    });
  });

  it('takes what Data Designer writes beside that', async () => {
    const written =
      'validator_type: remote, endpoint_url: "https://checks.example/a", output_schema: null, max_retries: 5, retry_backoff: 3.0';
    expect(await violationsOf(document(remote(written)))).toEqual([]);
  });

  it('may say its validator_type among the parameters, and is checked all the same', async () => {
    const inside = (target: string) =>
      document(
        `target_columns: [${target}], validator_params: { validator_type: remote, endpoint_url: "https://a/" }`,
      );
    expect(await violationsOf(inside('snippet'))).toEqual([]);
    expect(await violationsOf(inside('snipet'))).toEqual([
      'error config.yaml:3:62 column "check": no column "snipet", did you mean "snippet"? (in target_columns[0])',
    ]);
    expect(await violationsOf(document('target_columns: [snippet], validator_params: {}'))).toEqual([
      'error config.yaml:3:5 column "check": validator_type is missing',
    ]);
  });

  it('has the hash of its module in its plan', async () => {
    const column = local('validation_function: "./check.ts#check"');
    const files = {
      'check.ts': 'export const check = (rows: object[]) => rows.map(() => ({ is_valid: true }));',
    };
    expect(await planOf(column, files)).toMatchObject({
      form: { how: { by: 'function', hash: expect.stringMatching(/^[0-9a-f]{32}$/), export: 'check' } },
    });
    expect(
      await violationsOf({ ...document(local('validation_function: "./check.ts#chek"')), ...files }),
    ).toEqual([
      'error config.yaml:3:145 column "check": validator_params.validation_function "./check.ts" exports no "chek", did you mean "check"?',
    ]);
  });
});

const REFUSED: readonly (readonly [string, readonly string[]])[] = [
  [code('python', '[]'), ['target_columns']],
  [code('python', '[snipet]'), ['no column "snipet", did you mean "snippet"? (in target_columns[0])']],
  [code('python', '[snippet, snippet]'), ['target_columns[1] "snippet" is there already']],
  [code('ruby'), ['code_lang']],
  [remote('endpoint_url: checks.example'), ['has to be an address: https://host/path']],
  [remote('endpoint_url: "https://a/", timeout: 0'), ['timeout']],
  [remote('endpoint_url: "https://a/", max_parallel_requests: 0'), ['max_parallel_requests']],
  [remote('endpoint_url: "https://a/", code_lang: python'), ['code_lang']],
  [remote('endpoint_url: "https://a/", validator_type: code'), ['validator_type']],
  [remote('endpoint_url: "https://a/", output_schema: { type: 7 }'), ['output_schema']],
  [local('validation_function: check_it'), ['has to be a JavaScript or TypeScript module and its export']],
  [local(''), ['validation_function']],
];

describe('what cannot be checked', () => {
  it.each(REFUSED)('is refused where it stands: %s', async (column, words) => {
    const said = (await violationsOf(document(column))).filter((line) => line.startsWith('error'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^error config\.yaml:3:\d+ column "check": /);
    for (const word of words) expect(said[0]).toContain(word);
  });

  it('is told where a column is asked for another language, or for none', async () => {
    const model = `  - { name: query, column_type: llm-code, code_lang: "sql:mysql", model_alias: w, prompt: "{{ snippet }}" }
model_configs: [{ alias: w, model: m, provider: p }]
rowloom: { providers: [{ name: p, provider_type: simulated }] }`;
    expect(await violationsOf(document(code('python', '[snippet, query]'), model))).toEqual([
      'warning config.yaml:3:62 column "check": target_columns[0] "snippet" is a sampler column: what it holds is checked as python all the same',
      'error config.yaml:3:71 column "check": target_columns[1] "query" holds sql:mysql, which is not to be checked as python',
    ]);
    expect(await violationsOf(document(code('"sql:mysql"', '[query]'), model))).toEqual([]);
  });
});
