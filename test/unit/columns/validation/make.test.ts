import { describe, expect, it } from 'vitest';
import type { ValidationColumn, ValidationForm } from '../../../../src/columns/validation/declare.ts';
import { declare } from '../../../../src/columns/validation/declare.ts';
import { hashOfCode } from '../../../../src/modules/stored-modules.ts';
import { type Answers, makeVerdicts, serveValidator } from '../../../support/validation-cells.ts';

function columnOf(form: Partial<ValidationForm> & Pick<ValidationForm, 'how'>): ValidationColumn {
  const full: ValidationForm = { targets: ['code'], batchSize: 10, pace: null, ...form };
  return {
    ...{
      kind: 'validation',
      name: 'check',
      strategy: 'cell',
      inOrder: false,
      drop: false,
      type: { kind: 'json' },
    },
    ...{ needs: full.targets, skip: null, propagateSkip: true, onError: 'null', sideEffects: [] },
    limiters: declare.limiters(full),
    form: full,
  };
}

const PYTHON = { by: 'code', lang: 'python' } as const;
const codes = (...texts: readonly (string | null)[]) => texts.map((code) => ({ code, other: 'x' }));

describe('code', () => {
  it('has a verdict for each row, flat for one target', async () => {
    const { cells, records } = await makeVerdicts({
      column: columnOf({ how: { by: 'code', lang: 'sql:ansi' }, batchSize: 2 }),
      values: codes('SELECT 1', 'SELEC 1', null),
    });
    expect(cells).toEqual([
      { is_valid: true, error_messages: '' },
      { is_valid: false, error_messages: expect.stringMatching(/^PRS: Expected/) },
      { is_valid: false, error_messages: 'There is no code: the cell is null' },
    ]);
    expect(records.map(({ row, status, calls }) => [row, status, calls.length])).toEqual([
      [0, 'ok', 0],
      [1, 'ok', 0],
      [2, 'ok', 0],
    ]);
  });

  it('is checked target by target, each row and each target for itself', async () => {
    const column = columnOf({ how: PYTHON, targets: ['first', 'second'] });
    const { cells } = await makeVerdicts({
      column,
      values: [
        { first: 'x = 1\n', second: 'def f(:\n' },
        { first: 'x =\n', second: 'y = 2\n' },
      ],
    });
    expect(cells).toMatchObject([
      { first: { is_valid: true }, second: { is_valid: false } },
      { first: { is_valid: false }, second: { is_valid: true } },
    ]);
    expect(declare.failedValue?.(column.form)).toEqual({
      first: { is_valid: null },
      second: { is_valid: null },
    });
  });

  it('that a parser does not survive fails alone', async () => {
    const deep = `SELECT ${'1+'.repeat(5_000)}1`;
    const { cells } = await makeVerdicts({
      column: columnOf({ how: { by: 'code', lang: 'sql:ansi' } }),
      values: codes('SELECT 1', deep, 'SELEC 1', 'SELECT 2'),
    });
    expect(cells).toMatchObject([
      { is_valid: true },
      expect.stringContaining('crashed the worker thread'),
      { is_valid: false },
      { is_valid: true },
    ]);
  });

  it('is known by its language, its targets and their values', async () => {
    const digestOf = async (form: Partial<ValidationForm>, of: { readonly redo?: number } = {}) => {
      const column = columnOf({ how: PYTHON, ...form });
      const values = [{ code: 'x = 1', other: 'y' }];
      return (await makeVerdicts({ column, values, ...of })).digests[0];
    };
    const digest = await digestOf({});
    expect(await digestOf({ batchSize: 1 })).toBe(digest);
    const others = await Promise.all([
      digestOf({ how: { by: 'code', lang: 'sql:ansi' } }),
      digestOf({ targets: ['other'] }),
      digestOf({ targets: ['code', 'other'] }),
      digestOf({}, { redo: 1 }),
    ]);
    expect(new Set([digest, ...others]).size).toBe(5);
  });
});

describe('a function', () => {
  const run = (code: string, more: Partial<ValidationForm> = {}, schema: string | null = null) =>
    makeVerdicts({
      code,
      column: columnOf({
        how: { by: 'function', hash: hashOfCode(code), export: 'check', schema },
        targets: ['code', 'count'],
        ...more,
      }),
      values: [
        { code: 'a', count: 1n, more: 'x' },
        { code: 'b', count: 2n, more: 'x' },
        { code: 'c', count: 3n, more: 'x' },
      ],
    });

  it('is given the targets of the rows of a list, and says what each is', async () => {
    const { cells } = await run(
      'export async function check(rows) { return rows.map((row) => ({ of: rows.length, is_valid: row.count > 1 ? "yes" : 0, seen: row })); }',
      { batchSize: 2 },
    );
    expect(cells).toEqual([
      { is_valid: false, of: 2n, seen: { code: 'a', count: 1n } },
      { is_valid: true, of: 2n, seen: { code: 'b', count: 2n } },
      { is_valid: true, of: 1n, seen: { code: 'c', count: 3n } },
    ]);
  });

  it('that throws for a row fails that row', async () => {
    const { cells } = await run(
      'export const check = (rows) => rows.map(({ code }) => { if (code === "b") throw new Error("no " + code); return { is_valid: true }; });',
    );
    expect(cells).toEqual([
      { is_valid: true },
      expect.stringMatching(/^The function threw Error: no b/),
      { is_valid: true },
    ]);
  });

  it('that says nothing of use fails its rows with what is wrong', async () => {
    expect((await run('export const check = () => 7;')).cells[0]).toBe(
      'What the function returned is no list of verdicts, one for each row',
    );
    expect((await run('export const check = () => [];')).cells[0]).toBe(
      'What the function returned has 0 verdicts for 1 rows',
    );
    const words = '[{ is_valid: "maybe" }, {}, { is_valid: null, why: "unknown" }]';
    expect((await run(`export const check = () => ${words};`)).cells).toEqual([
      'The verdict has an is_valid that is neither true nor false',
      'The verdict has no is_valid',
      { is_valid: null, why: 'unknown' },
    ]);
  });

  it('obeys its output_schema, which takes nothing that it does not name', async () => {
    const item = { type: 'object', properties: { is_valid: { type: 'boolean' } } };
    const schema = { type: 'object', properties: { data: { type: 'array', items: item } } };
    const { cells } = await run(
      'export const check = () => [{ is_valid: true }, { is_valid: "yes" }, { is_valid: true, more: 1 }];',
      {},
      JSON.stringify(schema),
    );
    expect(cells).toEqual([
      { is_valid: true },
      expect.stringMatching(/^The verdict does not obey the output_schema: .*boolean/),
      expect.stringMatching(/^The verdict does not obey the output_schema: .*additional/),
    ]);
  });
});

describe('a service', () => {
  const ask = async (answers: Answers, rows = 5, more: Partial<ValidationForm> = {}) => {
    const service = await serveValidator(answers);
    const made = await makeVerdicts({
      column: columnOf({
        how: { by: 'service', url: service.url, schema: null },
        ...{ batchSize: 2, pace: { timeoutMs: 500, maxParallelRequests: 4 }, ...more },
      }),
      values: Array.from({ length: rows }, (_, row) => ({ code: `c${row}`, more: 'x' })),
    });
    return { ...made, ...service };
  };
  const allValid: Answers = (data) => ({ body: { data: data.map(() => ({ is_valid: true })) } });

  it('is asked for lists of rows, and its words are read', async () => {
    const { cells, asked, records, paths } = await ask((data) => ({
      body: `{"data": [${data.map(({ code }) => `{"why": 1.0, "is_valid": "${code === 'c1' ? 'No' : 'yes'}"}`)}]}`,
    }));
    expect(asked).toEqual([
      [{ code: 'c0' }, { code: 'c1' }],
      [{ code: 'c2' }, { code: 'c3' }],
      [{ code: 'c4' }],
    ]);
    expect(paths[0]).toBe('/check');
    expect(cells.slice(0, 2)).toEqual([
      { is_valid: true, why: 1 },
      { is_valid: false, why: 1 },
    ]);
    expect(records[1]!.turns).toEqual([{ by: 'http', body: '{"why":1.0,"is_valid":"No"}' }]);
    expect(records.map(({ calls }) => calls.length)).toEqual([1, 0, 1, 0, 1]);
  });

  it('is given all targets of a row, and as many rows at once as are asked for', async () => {
    const values = [0, 1, 2].map((row) => ({ code: `c${row}`, count: BigInt(row), more: 'x' }));
    const service = await serveValidator(allValid);
    const how = { by: 'service', url: service.url, schema: null } as const;
    const pace = { timeoutMs: 500, maxParallelRequests: 4 };
    const column = columnOf({ how, pace, targets: ['code', 'count'], batchSize: 1 });
    const { cells } = await makeVerdicts({ column, values });
    expect(service.asked).toEqual([0, 1, 2].map((row) => [{ code: `c${row}`, count: row }]));
    expect(cells).toEqual(Array(3).fill({ is_valid: true }));
  });

  it('is asked once more after a passing fault, and each call is kept', async () => {
    const { cells, asked, records } = await ask(
      (data, nth) => (nth === 1 ? { status: 503, body: 'busy' } : allValid(data, nth)),
      2,
    );
    expect(asked).toHaveLength(2);
    expect(cells).toEqual([{ is_valid: true }, { is_valid: true }]);
    expect(records.flatMap(({ calls }) => calls).map(({ status }) => status)).toEqual([503, 200]);
  });

  it('that counts wrong is asked for each row', async () => {
    const { cells, asked } = await ask((data) => ({ body: { data: [{ is_valid: data.length === 1 }] } }), 2);
    expect(asked).toEqual([[{ code: 'c0' }, { code: 'c1' }], [{ code: 'c0' }], [{ code: 'c1' }]]);
    expect(cells).toEqual([{ is_valid: true }, { is_valid: true }]);
  });

  it('that refuses a list is asked for each row, and what it refuses then fails alone', async () => {
    const { cells } = await ask(
      (data, nth) =>
        data.some(({ code }) => code === 'c1') ? { status: 422, body: 'too odd' } : allValid(data, nth),
      2,
    );
    expect(cells).toEqual([{ is_valid: true }, expect.stringMatching(/answered 422: too odd/)]);
  });

  it('that answers no verdicts fails its rows, with what it said', async () => {
    const { cells, records } = await ask(() => ({ body: '<html>' }), 1);
    expect(cells).toEqual(['The answer is no list of verdicts, one for each row']);
    expect(records.at(-1)).toMatchObject({ status: 'failed', calls: [{ status: 200 }] });
    const odd = await ask(() => ({ body: { data: [{ verdict: 1 }] } }), 1);
    expect(odd.records).toMatchObject([{ status: 'failed', turns: [{ by: 'http', body: '{"verdict":1}' }] }]);
  });

  it('has limiters as its column says, by host', () => {
    const how = { by: 'service', url: 'https://checks.example:8443/a?token=t', schema: null } as const;
    const { limiters } = columnOf({ how, pace: { timeoutMs: 1, maxParallelRequests: 7 } });
    expect(limiters).toEqual([{ host: 'checks.example:8443', max: 7 }]);
  });
});
