// Python's operators. Whole numbers are exact and bounded; a float among the operands makes a float.

import { type Budget, bitsOf, boundBits, boundInteger } from '../limits.ts';
import {
  alike,
  asNumber,
  describe,
  isList,
  misfit,
  opened,
  type Runtime,
  refuseUndefined,
  Tuple,
} from '../runtime.ts';
import type { BinaryOperator } from '../syntax/syntax.ts';
import { arithmeticError, renderError } from '../syntax/template-error.ts';
import { divideToFloat } from './exact-decimal.ts';
import { toFloat } from './number-text.ts';
import { formatPercent } from './percent-format.ts';

/** `left operator right` as Python computes it. */
export function compute(operator: BinaryOperator, given: Runtime, other: Runtime, budget: Budget): Runtime {
  const format = opened(given);
  if (operator === '%' && typeof format === 'string') return formatPercent(format, other, budget);
  const pair = [given, other];
  const [left, right] = (operator === '+' ? alike(pair) : pair.map(opened)) as [Runtime, Runtime];
  const a = asNumber(left);
  const b = asNumber(right);
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    const bits = Math.max(bitsOf(a), bitsOf(b));
    if (bits > 63) budget.spend(Math.ceil(bits / 16));
    return INTEGERS[operator](a, b, budget);
  }
  if (a !== null && b !== null) return FLOATS[operator](toFloat(a), toFloat(b));
  if (operator === '+') return concatenate(left, right, budget);
  if (operator === '*' && typeof b === 'bigint') return repeat(left, b, right, budget);
  if (operator === '*' && typeof a === 'bigint') return repeat(right, a, left, budget);
  throw mismatch(operator, left, right);
}

/** `-value` or `+value`. */
export function computeSign(operator: '-' | '+', value: Runtime): Runtime {
  const number = asNumber(value);
  if (number === null) {
    throw misfit(value, (kind) => `Cannot apply "${operator}" to ${kind}: it is no number`);
  }
  return operator === '-' ? -number : number;
}

const INTEGERS: Readonly<Record<BinaryOperator, (a: bigint, b: bigint, budget: Budget) => bigint | number>> =
  {
    '+': (a, b) => boundInteger(a + b),
    '-': (a, b) => boundInteger(a - b),
    '*': (a, b) => {
      boundBits(bitsOf(a) === 63 || bitsOf(b) === 63 ? 0 : bitsOf(a) + bitsOf(b));
      return boundInteger(a * b);
    },
    '/': (a, b) => {
      const quotient = divideToFloat(a, divisorOf(b));
      if (!Number.isFinite(quotient))
        throw arithmeticError('Cannot divide: the result is too large for a float');
      return quotient;
    },
    '//': (a, b) => (a - floorModulo(a, divisorOf(b))) / b,
    '%': (a, b) => floorModulo(a, divisorOf(b)),
    '**': (a, b, budget) => (b < 0n ? powerOfFloats(toFloat(a), toFloat(b)) : powerOfIntegers(a, b, budget)),
  };

const FLOATS: Readonly<Record<BinaryOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / divisorOf(b),
  '//': (a, b) => floorDivide(a, divisorOf(b)),
  '%': (a, b) => floatModulo(a, divisorOf(b)),
  '**': powerOfFloats,
};

function floorModulo(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

function powerOfIntegers(base: bigint, exponent: bigint, budget: Budget): bigint {
  if (base === 0n || base === 1n || exponent === 0n) return exponent === 0n ? 1n : base;
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n;
  // |base| ≥ 2, so the result has at least `exponent` bits.
  const leastBits = (base < 0n ? -base : base).toString(2).length - 1;
  boundBits(exponent > 100_000n ? Number.POSITIVE_INFINITY : leastBits * Number(exponent));
  budget.spend(Number(exponent));
  return boundInteger(base ** exponent);
}

function floatModulo(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return b < 0 ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

function floorDivide(a: number, b: number): number {
  const quotient = (a - floatModulo(a, b)) / b;
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function powerOfFloats(base: number, exponent: number): number {
  if (base === 0 && exponent < 0)
    throw arithmeticError('Cannot compute the power: zero has no negative power');
  if (base < 0 && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    throw renderError('Cannot compute the power: the root of a negative number is not a real number');
  }
  // Python: 1 to any power is 1, also to nan and inf.
  if (base === 1 || (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent))) return 1;
  const power = base ** exponent;
  if (!Number.isFinite(power) && Number.isFinite(base) && Number.isFinite(exponent)) {
    throw arithmeticError('Cannot compute the power: the result is too large for a float');
  }
  return power;
}

function divisorOf<Divisor extends bigint | number>(divisor: Divisor): Divisor {
  if (divisor === 0n || divisor === 0) throw arithmeticError('Cannot divide: the divisor is zero');
  return divisor;
}

function concatenate(left: Runtime, right: Runtime, budget: Budget): Runtime {
  if (typeof left === 'string' && typeof right === 'string') {
    budget.allocate(left.length + right.length);
    return left + right;
  }
  if (isList(left) && isList(right)) {
    budget.spend(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof Tuple && right instanceof Tuple) {
    budget.spend(left.items.length + right.items.length);
    return new Tuple([...left.items, ...right.items]);
  }
  throw mismatch('+', left, right);
}

function repeat(sequence: Runtime, times: bigint, factor: Runtime, budget: Budget): Runtime {
  const count = times < 0n ? 0 : times > 2n ** 31n ? 2 ** 31 : Number(times);
  if (typeof sequence === 'string') {
    budget.allocate(sequence.length * count);
    return sequence.length === 0 ? '' : sequence.repeat(count);
  }
  if (isList(sequence)) return repeatItems(sequence, count, budget);
  if (sequence instanceof Tuple) return new Tuple(repeatItems(sequence.items, count, budget));
  throw mismatch('*', sequence, factor);
}

function repeatItems(items: readonly Runtime[], count: number, budget: Budget): readonly Runtime[] {
  budget.spend(items.length * count);
  return items.length === 0 ? [] : Array.from({ length: count }, () => items).flat(1);
}

function mismatch(operator: BinaryOperator, left: Runtime, right: Runtime): Error {
  refuseUndefined(left);
  refuseUndefined(right);
  const hint =
    operator === '+' && (typeof left === 'string' || typeof right === 'string')
      ? 'join texts with "~"'
      : 'they do not fit';
  return renderError(`Cannot apply "${operator}" to ${describe(left)} and ${describe(right)}: ${hint}`);
}
