import { describe, expect, it } from 'vitest';
import type { Dtype, ExpressionColumn } from '../../../src/columns/expression/declare.ts';
import type { Plan } from '../../../src/plan.ts';
import { makeInline } from '../../../src/rows/inline.ts';
import { expressionColumn, planWith } from '../../support/plans.ts';

function expression(name: string, expr: string, needs: readonly string[], dtype: Dtype = 'str') {
  return expressionColumn(name, expr, { needs, dtype });
}

const planOf = (columns: readonly ExpressionColumn[], more: Partial<Plan> = {}) =>
  planWith(columns, { seed: '5f1c', ...more });

describe('makeInline', () => {
  const chain = planOf([
    expression('total', '{{ net * 2 }}', ['net'], 'int'),
    expression('net', '{{ price + 1 }}', ['price'], 'int'),
    expression('label', '{{ total }} of {{ body }}', ['total', 'body']),
  ]);

  it('makes what can be made, each column after those it needs', () => {
    const inline = makeInline(chain);
    expect(inline.complete(0, { price: 4n })).toEqual({
      values: { price: 4n, net: 5n, total: 10n },
      failure: null,
    });
    expect(inline.complete(0, { price: 4n, body: 'it' }).values.label).toBe('10 of it');
    expect(inline.complete(0, {}).values).toEqual({});
  });

  it('stops at the first column that fails', () => {
    const { values, failure } = makeInline(chain).complete(3, { price: 'none', body: 'it' });
    expect(values).toEqual({ price: 'none', body: 'it' });
    expect(failure).toMatchObject({ column: 'net', error: { kind: 'TemplateRenderError' } });
  });

  it('keeps values that are there', () => {
    expect(makeInline(chain).complete(0, { price: 4n, net: 7n }).values).toEqual({
      price: 4n,
      net: 7n,
      total: 14n,
    });
  });

  it('evaluates one column', () => {
    expect(makeInline(chain).evaluate('total', 0, { net: 5n })).toBe(10n);
    expect(() => makeInline(chain).evaluate('price', 0, {})).toThrow(
      'Cannot evaluate "price": it is not an inline column',
    );
  });

  it('draws for random by row and redo counter', () => {
    const digit = '{{ [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] | random }}';
    const columns = [expression('pick', digit.repeat(6), [], 'int')];
    const redo = [{ column: 'pick', rows: [{ first: 1, last: 1 }], counter: 1 }];
    const inline = makeInline(planOf(columns));
    const redone = makeInline(planOf(columns, { redo }));
    expect(inline.evaluate('pick', 0, {})).toBe(inline.evaluate('pick', 0, {}));
    expect(inline.evaluate('pick', 0, {})).not.toBe(inline.evaluate('pick', 1, {}));
    expect(redone.evaluate('pick', 0, {})).toBe(inline.evaluate('pick', 0, {}));
    expect(redone.evaluate('pick', 1, {})).not.toBe(inline.evaluate('pick', 1, {}));
  });
});
