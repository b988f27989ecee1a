// Tokens → expressions: Jinja2's grammar and precedence. From loose to tight: `if else`, `or`, `and`, `not`,
// comparisons (chained as in Python), `+ -`, `~`, `* / // %`, `**` (from the left), signs, then `. [ (`, filters
// and tests.

import { unknownName } from '../../text/nearest-name.ts';
import { isSecureFilter } from '../library/filter-names.ts';
import { filterProblem } from '../library/filters.ts';
import { FUNCTION_NAMES, functionProblem } from '../library/functions.ts';
import { METHOD_NAMES } from '../library/methods.ts';
import { TEST_NAMES, testProblem } from '../library/tests.ts';
import {
  type Arguments,
  type BinaryOperator,
  type CompareOperator,
  type Comparison,
  type Expression,
  type FilterCall,
  isMarked,
} from './syntax.ts';
import type { TokenStream } from './token-stream.ts';

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);
const COMPARE_OPERATORS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];
const NO_ARGUMENTS: Arguments = { positional: [], named: [] };

export function parseExpressionNode(stream: TokenStream): Expression {
  return stream.nested(() => {
    let expression = parseOr(stream);
    while (stream.skipIf('name', 'if')) {
      const test = parseOr(stream);
      const otherwise = stream.skipIf('name', 'else') ? parseExpressionNode(stream) : null;
      expression = { kind: 'condition', at: stream.node(expression.at), test, chosen: expression, otherwise };
    }
    return expression;
  });
}

/** Parses an expression or, with commas, a tuple. `isEnd` tells where a trailing comma ends it. */
export function parseTuple(
  stream: TokenStream,
  {
    parse = parseExpressionNode,
    isEnd,
  }: { parse?: (stream: TokenStream) => Expression; isEnd: () => boolean },
): Expression {
  const { at } = stream.current;
  const first = parse(stream);
  if (!stream.is('operator', ',')) return first;
  const items = [first];
  while (stream.skipIf('operator', ',') && !isEnd()) items.push(parse(stream));
  return { kind: 'tuple', at: stream.node(at), items };
}

export function parseOr(stream: TokenStream): Expression {
  return parseLogic(stream, 'or');
}

function parseLogic(stream: TokenStream, kind: 'or' | 'and'): Expression {
  const parseOperand = () => (kind === 'or' ? parseLogic(stream, 'and') : parseNot(stream));
  let left = parseOperand();
  while (stream.skipIf('name', kind)) {
    const right = parseOperand();
    left = { kind, at: stream.node(left.at), left, right };
  }
  return left;
}

function parseNot(stream: TokenStream): Expression {
  if (!stream.is('name', 'not')) return parseCompare(stream);
  const { at } = stream.next();
  const operand = stream.nested(() => parseNot(stream));
  return { kind: 'unary', at: stream.node(at), operator: 'not', operand };
}

function parseCompare(stream: TokenStream): Expression {
  const first = parseSum(stream);
  const rest: Comparison[] = [];
  for (;;) {
    const operator = takeCompareOperator(stream);
    if (operator === null) break;
    rest.push({ operator, operand: parseSum(stream) });
  }
  return rest.length === 0 ? first : { kind: 'compare', at: stream.node(first.at), first, rest };
}

function takeCompareOperator(stream: TokenStream): CompareOperator | null {
  if (stream.isOneOf('operator', COMPARE_OPERATORS)) return stream.next().value as CompareOperator;
  if (stream.skipIf('name', 'in')) return 'in';
  if (!stream.is('name', 'not') || stream.following.value !== 'in') return null;
  stream.next();
  stream.next();
  return 'not in';
}

function parseSum(stream: TokenStream): Expression {
  return parseBinary(stream, ['+', '-'], parseConcat);
}

function parseConcat(stream: TokenStream): Expression {
  const first = parseProduct(stream);
  if (!stream.is('operator', '~')) return first;
  const items = [first];
  while (stream.skipIf('operator', '~')) items.push(parseProduct(stream));
  return { kind: 'concat', at: stream.node(first.at), items };
}

function parseProduct(stream: TokenStream): Expression {
  return parseBinary(stream, ['*', '/', '//', '%'], parsePower);
}

function parsePower(stream: TokenStream): Expression {
  return parseBinary(stream, ['**'], parseSigned);
}

function parseBinary(
  stream: TokenStream,
  operators: readonly BinaryOperator[],
  parseOperand: (stream: TokenStream) => Expression,
): Expression {
  let left = parseOperand(stream);
  while (stream.isOneOf('operator', operators)) {
    const operator = stream.next().value as BinaryOperator;
    const right = parseOperand(stream);
    left = { kind: 'binary', at: stream.node(left.at), operator, left, right };
  }
  return left;
}

function parseSigned(stream: TokenStream): Expression {
  return parseFilters(stream, parseSign(stream));
}

function parseSign(stream: TokenStream): Expression {
  if (!stream.isOneOf('operator', ['-', '+'])) return parsePostfix(stream, parsePrimary(stream));
  const { value, at } = stream.next();
  const operand = stream.nested(() => parseSign(stream));
  return { kind: 'unary', at: stream.node(at), operator: value as '-' | '+', operand };
}

export function parsePrimary(stream: TokenStream): Expression {
  const { type, value, at } = stream.current;
  switch (type) {
    case 'name': {
      stream.next();
      const constant = CONSTANTS.get(value);
      if (constant !== undefined) return { kind: 'constant', at: stream.node(at), value: constant };
      if (value === 'self')
        throw stream.error('Cannot use "self": templates have no access to themselves', at);
      if (stream.is('operator', '(')) return parseFunctionCall(stream, value, at);
      stream.names.push(value);
      return { kind: 'name', at: stream.node(at), name: value };
    }
    case 'string': {
      let text = '';
      while (stream.current.type === 'string') text += stream.next().value;
      return { kind: 'constant', at: stream.node(at), value: text };
    }
    case 'integer':
      stream.next();
      return { kind: 'constant', at: stream.node(at), value: integerOf(stream, value, at) };
    case 'float':
      stream.next();
      return { kind: 'constant', at: stream.node(at), value: Number(value.replaceAll('_', '')) };
    case 'operator':
      if (value === '(') return parseParenthesis(stream);
      if (value === '[') return parseList(stream);
      if (value === '{') return parseDict(stream);
  }
  throw stream.unexpected('expected a value');
}

function parseFunctionCall(stream: TokenStream, name: string, at: number): Expression {
  // What `joiner` gives is called by the name that it has.
  if (!FUNCTION_NAMES.includes(name) && !stream.assigned.has(name))
    throw stream.error(unknownName('function', name, FUNCTION_NAMES), at);
  const given = parseArguments(stream);
  const problem = functionProblem(name, given);
  if (problem !== null) throw stream.error(problem, at);
  return { kind: 'function', at: stream.node(at), name, ...given };
}

function integerOf(stream: TokenStream, value: string, at: number): bigint {
  const digits = value.replaceAll('_', '');
  if (digits.length > 4300) throw stream.error('Cannot use the number: it has more than 4,300 digits', at);
  return BigInt(digits);
}

function parseParenthesis(stream: TokenStream): Expression {
  const { at } = stream.next();
  if (stream.skipIf('operator', ')')) return { kind: 'tuple', at: stream.node(at), items: [] };
  const expression = parseTuple(stream, { isEnd: () => stream.is('operator', ')') });
  stream.expect('operator', ')');
  return expression;
}

function parseList(stream: TokenStream): Expression {
  const { at } = stream.next();
  const items = parseItems(stream, ']', () => parseExpressionNode(stream));
  return { kind: 'list', at: stream.node(at), items };
}

function parseDict(stream: TokenStream): Expression {
  const { at } = stream.next();
  const entries = parseItems(stream, '}', () => {
    const key = parseExpressionNode(stream);
    stream.expect('operator', ':');
    return [key, parseExpressionNode(stream)] as const;
  });
  return { kind: 'dict', at: stream.node(at), entries };
}

/** Parses comma-separated items up to and with the closing bracket. */
function parseItems<Item>(stream: TokenStream, closing: string, parse: () => Item): readonly Item[] {
  const items: Item[] = [];
  while (!stream.is('operator', closing)) {
    if (items.length > 0) stream.expect('operator', ',');
    if (stream.is('operator', closing)) break;
    items.push(parse());
  }
  stream.next();
  return items;
}

function parsePostfix(stream: TokenStream, start: Expression): Expression {
  let expression = start;
  for (;;) {
    if (stream.is('operator', '.')) expression = parseDot(stream, expression);
    else if (stream.is('operator', '[')) expression = parseBracket(stream, expression);
    else if (stream.is('operator', '(')) {
      throw stream.error(
        'Cannot call a value: only methods can be called, such as name.upper()',
        stream.current.at,
      );
    } else return expression;
  }
}

function parseDot(stream: TokenStream, object: Expression): Expression {
  stream.next();
  const { type, value, at } = stream.current;
  if (type === 'integer') {
    stream.next();
    const key: Expression = { kind: 'constant', at: stream.node(at), value: integerOf(stream, value, at) };
    return { kind: 'item', at: stream.node(at), object, key };
  }
  const name = stream.expectName('a name or a number after "."').value;
  if (name.startsWith('__'))
    throw stream.error(`Cannot read "${name}": names that start with "__" are private`, at);
  if (!stream.is('operator', '(')) return { kind: 'attribute', at: stream.node(at), object, name };
  if (!METHOD_NAMES.includes(name)) throw stream.error(unknownName('method', name, METHOD_NAMES), at);
  return { kind: 'call', at: stream.node(at), object, method: name, ...parseArguments(stream) };
}

function parseBracket(stream: TokenStream, object: Expression): Expression {
  const { at } = stream.next();
  const isBound = () => !stream.is('operator', ':') && !stream.is('operator', ']');
  const start = isBound() ? parseExpressionNode(stream) : null;
  if (!stream.skipIf('operator', ':')) {
    if (start === null) throw stream.unexpected('expected a key');
    stream.expect('operator', ']');
    return { kind: 'item', at: stream.node(at), object, key: start };
  }
  const stop = isBound() ? parseExpressionNode(stream) : null;
  const step = stream.skipIf('operator', ':') && isBound() ? parseExpressionNode(stream) : null;
  stream.expect('operator', ']');
  return { kind: 'slice', at: stream.node(at), object, start, stop, step };
}

function parseFilters(stream: TokenStream, start: Expression): Expression {
  let expression = start;
  for (;;) {
    if (stream.skipIf('operator', '|')) {
      const call = parseFilterCall(stream);
      // Jinja marks what it has escaped, and "escape" leaves that as it is.
      if (!isMarked(expression) || !['escape', 'e'].includes(call.name))
        expression = { kind: 'filter', object: expression, ...call };
    } else if (stream.is('name', 'is')) expression = parseTest(stream, expression);
    else if (stream.is('operator', '(')) throw stream.unexpected('only methods can be called');
    else return expression;
  }
}

/** Parses a filter's name and arguments, and refuses a filter that templates may not use. */
export function parseFilterCall(stream: TokenStream): FilterCall {
  const { value: name, at } = stream.expectName('the name of a filter');
  const problem = filterProblem(name);
  if (problem !== null) throw stream.error(problem, at);
  const given = stream.is('operator', '(') ? parseArguments(stream) : NO_ARGUMENTS;
  const misfit = filterProblem(name, given);
  if (misfit !== null) throw stream.error(misfit, at);
  if (!isSecureFilter(name)) stream.refuse(`the filter "${name}"`, at, 'warning');
  return { name, at: stream.node(at), ...given };
}

function parseTest(stream: TokenStream, object: Expression): Expression {
  stream.next();
  const negated = stream.skipIf('name', 'not');
  const { value: name, at } = stream.expectName('the name of a test');
  if (!TEST_NAMES.includes(name)) throw stream.error(unknownName('test', name, TEST_NAMES), at);
  const positional = parseTestArguments(stream);
  if (positional.length === 0 && stream.is('name', 'is'))
    throw stream.unexpected('tests cannot be chained with "is"');
  const problem = testProblem(name, positional.length);
  if (problem !== null) throw stream.error(problem, at);
  return { kind: 'test', at: stream.node(at), object, name, positional, negated };
}

function parseTestArguments(stream: TokenStream): readonly Expression[] {
  if (stream.is('operator', '(')) {
    const { positional, named } = parseArguments(stream);
    if (named.length > 0) throw stream.error('Cannot name an argument of a test', named[0]![1].at);
    return positional;
  }
  const { type } = stream.current;
  const isArgument =
    type === 'string' ||
    type === 'integer' ||
    type === 'float' ||
    stream.isOneOf('operator', ['[', '{']) ||
    (type === 'name' && !stream.isOneOf('name', ['else', 'or', 'and', 'is', 'if', 'in', 'not']));
  return isArgument ? [parsePostfix(stream, parsePrimary(stream))] : [];
}

export function parseArguments(stream: TokenStream): Arguments {
  stream.next();
  const positional: Expression[] = [];
  const named: (readonly [string, Expression])[] = [];
  parseItems(stream, ')', () => {
    const { type, value, at } = stream.current;
    if (type === 'operator' && (value === '*' || value === '**')) {
      throw stream.error('Cannot unpack arguments: write each one', at);
    }
    if (type === 'name' && stream.following.value === '=' && stream.following.type === 'operator') {
      stream.next();
      stream.next();
      if (named.some(([name]) => name === value)) throw stream.error(`Cannot give "${value}" twice`, at);
      named.push([value, parseExpressionNode(stream)]);
    } else if (named.length > 0) {
      throw stream.error('Cannot put an argument without a name after a named one', at);
    } else positional.push(parseExpressionNode(stream));
  });
  return { positional, named };
}
