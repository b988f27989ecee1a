import { describe, expect, it } from 'vitest';
import type { Dtype } from '../../../src/columns/expression/cast.ts';
import { make } from '../../../src/columns/expression/make.ts';
import type { Values } from '../../../src/columns/maker.ts';
import { CellError } from '../../../src/errors.ts';
import { expressionColumn, planWith } from '../../support/plans.ts';

function evaluate(expr: string, dtype: Dtype, values: Values = {}) {
  const column = expressionColumn('made', expr, { dtype });
  const compute = make.open(column, { plan: planWith([column]) });
  return compute({ row: 0, redo: 0, values, draw: () => () => 0.5 });
}

function failureOf(run: () => unknown): { kind: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof CellError) return { kind: error.kind, message: error.message };
    throw error;
  }
  throw new Error('Did not fail');
}

describe('an expression', () => {
  it('renders values of the row as Python prints them', () => {
    const values = { n: 12.0, who: { name: 'Ann' }, tags: ['a', null], big: 9007199254740993n, gone: null };
    expect(evaluate('{{ who.name }} {{ n }} {{ tags }} {{ big }} {{ gone }}', 'str', values)).toBe(
      "Ann 12.0 ['a', None] 9007199254740993 None",
    );
  });

  it('draws for the filter random from its own source', () => {
    expect(evaluate("{{ ['a', 'b', 'c', 'd'] | random }}", 'str')).toBe('c');
  });

  it.each<[string, Dtype, unknown]>([
    [' 7 ', 'str', ' 7 '],
    ['7', 'int', 7n],
    [' -7 ', 'int', -7n],
    ['+1_000', 'int', 1000n],
    ['9007199254740993', 'int', 9007199254740993n],
    ['-9223372036854775808', 'int', -9223372036854775808n],
    ['7.9', 'int', 7n],
    ['-7.9', 'int', -7n],
    ['1e3', 'int', 1000n],
    ['7', 'float', 7],
    ['.5', 'float', 0.5],
    ['5.', 'float', 5],
    ['-1_0.5E-1', 'float', -1.05],
    ['1', 'bool', true],
    ['0', 'bool', false],
    ['0.9', 'bool', false],
    ['-1.5', 'bool', true],
    ['True', 'bool', true],
    ['tRUE', 'bool', true],
    ['False', 'bool', false],
    ['yes', 'bool', false],
    [' true ', 'bool', false],
  ])('casts %j to %s', (text, dtype, value) => {
    expect(evaluate('{{ text }}', dtype, { text })).toBe(value);
  });

  it.each<[string, Dtype, string]>([
    ['high', 'int', 'Cannot cast "high" to int: it is not a number'],
    ['1,5', 'float', 'Cannot cast "1,5" to float: it is not a number'],
    ['0x10', 'int', 'Cannot cast "0x10" to int: it is not a number'],
    ['1__0', 'int', 'Cannot cast "1__0" to int: it is not a number'],
    ['.', 'float', 'Cannot cast "." to float: it is not a number'],
    ['nan', 'float', 'Cannot cast "nan" to float: it is not a number'],
    ['inf', 'float', 'Cannot cast "inf" to float: it is not a finite number'],
    ['1e400', 'int', 'Cannot cast "1e400" to int: it is not a finite number'],
    ['9223372036854775808', 'int', 'Cannot cast "9223372036854775808" to int: it does not fit into 64 bits'],
    ['-Infinity', 'bool', 'Cannot cast "-Infinity" to bool: it is not a finite number'],
    ['x'.repeat(61), 'int', `Cannot cast "${'x'.repeat(60)}…" to int: it is not a number`],
  ])('drops a row whose text %j is no %s', (text, dtype, message) => {
    expect(failureOf(() => evaluate('{{ text }}', dtype, { text }))).toEqual({
      kind: 'TypeCastError',
      message,
    });
  });

  it.each(['9', '9_9', '.9', '9.'])('takes no long time for 100 kB of %j that are no number', (part) => {
    const text = `${part.repeat(100_000 / part.length)}x`;
    const startedAt = performance.now();
    expect(failureOf(() => evaluate('{{ text }}', 'float', { text })).kind).toBe('TypeCastError');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it.each(['', '  \n', '{{ who.nothing }}'])('drops a row in which %j renders empty', (expr) => {
    expect(failureOf(() => evaluate(expr, 'str', { who: {} }))).toEqual({
      kind: 'EmptyRenderedExpression',
      message: 'Cannot use the expression: it renders empty',
    });
  });

  it('drops a row with values that the template does not fit', () => {
    expect(failureOf(() => evaluate('{{ a + 1 }}', 'int', { a: null })).kind).toBe('TemplateRenderError');
    expect(failureOf(() => evaluate('{{ 1 / n }}', 'int', { n: 0n })).kind).toBe('TemplateRenderError');
  });
});
