import { describe, expect, it } from 'vitest';
import type { Dtype } from '../../../src/columns/expression/cast.ts';
import { CellError } from '../../../src/errors.ts';
import type { Plan, PlanColumn, PlanSkip } from '../../../src/plan.ts';
import type { AssembledRow, Source } from '../../../src/rows/row.ts';
import type { Value } from '../../../src/values.ts';
import { assemblerOf, type Common, expressionColumn, planWith, samplerColumn } from '../../support/plans.ts';

function expression(
  name: string,
  expr: string,
  needs: readonly string[],
  more: Common & { dtype?: Dtype } = {},
) {
  return expressionColumn(name, expr, { needs, ...more });
}

const planOf = (columns: readonly PlanColumn[], more: Partial<Plan> = {}) =>
  planWith(columns, { seed: '5f1c', ...more });

type Cells = { readonly [column: string]: Value | CellError };

/** A row whose stored cells are given; those that are not given are to be made. */
async function rowOf(plan: Plan, cells: Cells, row = 0): Promise<AssembledRow> {
  const find: Source['find'] = ({ column }) => {
    const cell = cells[column.name];
    return cell === undefined || cell instanceof CellError ? cell : { record: null, value: cell };
  };
  const assembler = await assemblerOf(plan);
  const [assembled] = await assembler.assemble({ rows: [row], source: { decides: true, find } });
  return assembled!;
}

const PRICE = samplerColumn('price', 'uniform');
const BODY = samplerColumn('body', 'category');

describe('inline columns', () => {
  const chain = planOf([
    PRICE,
    BODY,
    expression('total', '{{ net * 2 }}', ['net'], { dtype: 'int' }),
    expression('net', '{{ price + 1 }}', ['price'], { dtype: 'int' }),
    expression('label', '{{ total }} of {{ body }}', ['total', 'body']),
  ]);

  it('are made where they can be, each after those that it needs', async () => {
    expect(await rowOf(chain, { price: 4n })).toMatchObject({
      values: { price: 4n, net: 5n, total: 10n },
      failure: null,
    });
    expect((await rowOf(chain, { price: 4n, body: 'it' })).values.label).toBe('10 of it');
    expect((await rowOf(chain, {})).values).toEqual({});
  });

  it('drop their row where they fail: nothing below is made, all else is', async () => {
    const { values, failure } = await rowOf(chain, { price: 'none', body: 'it' });
    expect(values).toEqual({ price: 'none', body: 'it' });
    expect(failure).toMatchObject({ column: 'net', error: { kind: 'TemplateRenderError' } });
  });

  it('draw for random by row and redo counter', async () => {
    const digit = '{{ [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] | random }}';
    const columns = [expression('pick', digit.repeat(6), [], { dtype: 'int' })];
    const redo = [{ column: 'pick', rows: [{ first: 1, last: 1 }], counter: 1 }];
    const pick = async (row: number, more: Partial<Plan> = {}) =>
      (await rowOf(planOf(columns, more), {}, row)).values.pick;
    expect(await pick(0)).toBe(await pick(0));
    expect(await pick(0)).not.toBe(await pick(1));
    expect(await pick(0, { redo })).toBe(await pick(0));
    expect(await pick(1, { redo })).not.toBe(await pick(1));
  });
});

describe('a skipped cell', () => {
  const skip = (when: string, more: Partial<PlanSkip> = {}): PlanSkip => ({
    when,
    value: null,
    reads: [],
    ...more,
  });
  const skipped = (when: string, more: Partial<PlanSkip> = {}) =>
    planOf([
      PRICE,
      expression('label', 'dear', ['price'], { skip: skip(when, { reads: ['price'], ...more }) }),
    ]);

  it('has the value of its skip', async () => {
    const row = await rowOf(skipped('{{ price > 3 }}', { value: 'none' }), { price: 4n });
    expect(row.values.label).toBe('none');
    expect(row.skipped).toEqual(new Set(['label']));
    expect((await rowOf(skipped('{{ price > 3 }}'), { price: 3n })).values.label).toBe('dear');
  });

  it.each<[string, Value, boolean]>([
    ['{{ price }}', '0', false],
    ['{{ price }}', '0.0', false],
    ['{{ price }}', 'False', false],
    ['{{ price }}', 'None', false],
    ['{{ price }}', '', false],
    ['{{ price }}', '[]', false],
    ['{{ price }}', "''", false],
    ['{{ price }}', 'false', true],
    ['{{ price }}', 'no', true],
    ['{{ price }}', 'nan', true],
    ['{{ price }}', ' 0', true],
    ['{{ price }}', [], false],
    ['{{ price }}', 0, false],
    [' {{ price }} ', 0n, true],
    ['{{ price }} ', 'False', true],
    ['no {{ price }}', 0n, true],
    ['{{ price | int > 1 }}', '1', false],
    ['{{ "a" if price > 1 else "" }}', 1n, false],
  ])('%s of %o: %s', async (when, price, isSkipped) => {
    const row = await rowOf(skipped(when), { price });
    expect(row.skipped.has('label')).toBe(isSkipped);
  });

  it('is one whose condition fails for a name, a type or a value, and a field that is missing is no field', async () => {
    for (const when of [
      '{{ price.gone }}',
      '{{ price.gone == 1 }}',
      '{{ not price.gone }}',
      '{{ price + 1 }}',
    ])
      expect((await rowOf(skipped(when), { price: {} })).skipped.has('label')).toBe(true);
    const asked = await rowOf(skipped('{{ price.gone is defined }}'), { price: {} });
    expect(asked.skipped.has('label')).toBe(false);
  });

  it('is none where its condition divides by zero: the row is dropped', async () => {
    const { failure, skipped: none } = await rowOf(skipped('{{ 1 / price }}'), { price: 0n });
    expect(failure).toMatchObject({ column: 'label', error: { kind: 'TemplateRenderError' } });
    expect(none.size).toBe(0);
  });

  it('may be one whose condition divides by zero, as long as a column that it follows may be skipped', async () => {
    const plan = planOf([
      PRICE,
      BODY,
      expression('label', '{{ body }}', ['body'], { skip: skip('{{ body == "it" }}', { reads: ['body'] }) }),
      expression('below', '{{ label }}', ['label', 'price'], {
        skip: skip('{{ 1 / price }}', { reads: ['price'] }),
      }),
    ]);
    expect((await rowOf(plan, { price: 0n })).failure).toBe(null);
    expect((await rowOf(plan, { price: 0n, body: 'it' })).skipped).toEqual(new Set(['label', 'below']));
    expect((await rowOf(plan, { price: 0n, body: 'x' })).failure).toMatchObject({ column: 'below' });
  });

  it('has those below it skipped, unless they say otherwise or look at it in their conditions alone', async () => {
    const label = expression('label', 'dear', ['price'], {
      skip: skip('{{ price > 3 }}', { reads: ['price'] }),
    });
    const row = await rowOf(
      planOf([
        PRICE,
        label,
        expression('below', '{{ label }}', ['label']),
        expression('stays', 'saw {{ label }}', ['label'], { propagateSkip: false }),
        expression('looks', 'made', ['label'], {
          skip: skip('{{ label is not none }}', { reads: ['label'] }),
        }),
      ]),
      { price: 4n },
    );
    expect(row.skipped).toEqual(new Set(['label', 'below']));
    expect(row.values).toEqual({ price: 4n, label: null, below: null, stays: 'saw None', looks: 'made' });
  });

  it('is known as soon as what decides it is there', async () => {
    const dear = { skip: skip('{{ price > 3 }}', { reads: ['price'] }) };
    const plan = planOf([PRICE, BODY, expression('label', '{{ body }}', ['body', 'price'], dear)]);
    expect((await rowOf(plan, { price: 4n })).values).toEqual({ price: 4n, label: null });
    expect((await rowOf(plan, { price: 3n })).values).toEqual({ price: 3n });
  });
});

describe('a failed cell', () => {
  const failure = new CellError('UnusableAnswer', 'no');

  it('drops its row, and what does not stand below it is what it is', async () => {
    const plan = planOf([
      PRICE,
      BODY,
      expression('a', '{{ price }}', ['price']),
      expression('b', '{{ body }}', ['body']),
    ]);
    const row = await rowOf(plan, { price: failure, body: 'it' });
    expect(row.failure).toEqual({ column: 'price', error: failure });
    expect(row.values).toEqual({ body: 'it', b: 'it' });
    expect(row.impossible).toEqual(new Set(['price', 'a']));
  });

  it('of a column that says so is null, and counts as made', async () => {
    const plan = planOf([
      samplerColumn('price', 'uniform', { onError: 'null' }),
      expression('a', '{{ price }}', ['price']),
    ]);
    const row = await rowOf(plan, { price: failure });
    expect(row.values).toEqual({ price: null, a: 'None' });
    expect([row.failure, row.nulled]).toEqual([null, [{ column: 'price', error: failure }]]);
  });
});
