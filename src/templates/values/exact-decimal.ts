// Decimal digits of floats, exact: Python rounds the float that is there, half to even.

/** Steps to pay for one exact rounding of a float. */
export const EXACT_STEPS = 60;

/** `value` × 10^`digits`, rounded half to even. `value` is finite. */
export function scaledRound(value: number, digits: number): bigint {
  const { mantissa, exponent } = partsOf(value);
  let numerator = mantissa;
  let denominator = 1n;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (digits >= 0) numerator *= 10n ** BigInt(digits);
  else denominator *= 10n ** BigInt(-digits);
  return divideHalfEven(numerator, denominator);
}

/** The quotient, rounded half to even. `denominator` is positive. */
function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  let quotient = numerator / denominator;
  let rest = numerator % denominator;
  if (rest < 0n) {
    quotient -= 1n;
    rest += denominator;
  }
  const twice = rest * 2n;
  return twice > denominator || (twice === denominator && quotient % 2n !== 0n) ? quotient + 1n : quotient;
}

/** The nearest float to a quotient of whole numbers. `denominator` is not zero. */
export function divideToFloat(numerator: bigint, denominator: bigint): number {
  const SAFE = 2n ** 53n;
  if (numerator < SAFE && numerator > -SAFE && denominator < SAFE && denominator > -SAFE) {
    return Number(numerator) / Number(denominator);
  }
  const isNegative = numerator < 0n !== denominator < 0n;
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  // 66 bits and more of the quotient, the last one set when anything is left: `Number` then rounds once, rightly.
  const shift = Math.max(0, 66 + (bottom.toString(16).length - top.toString(16).length + 1) * 4);
  const scaled = top << BigInt(shift);
  const quotient = scaled / bottom;
  const sticky = scaled % bottom === 0n ? quotient : quotient | 1n;
  // Two steps, as 2^shift alone may be no float.
  const half = Math.floor(shift / 2);
  const size = Number(sticky) / 2 ** half / 2 ** (shift - half);
  return isNegative ? -size : size;
}

function partsOf(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  return { mantissa: value < 0 ? -mantissa : mantissa, exponent: Math.max(biased, 1) - 1075 };
}

/** `round(value, digits)` of a float. */
export function roundFloat(value: number, digits: number): number {
  // Beyond these no digit of a float is left to round.
  if (!Number.isFinite(value) || digits > 323) return value;
  if (digits < -308) return value < 0 ? -0 : 0;
  const scaled = scaledRound(value, digits);
  const rounded = Number(`${scaled}e${-digits}`);
  return rounded === 0 && (value < 0 || Object.is(value, -0)) ? -0 : rounded;
}

/** `round(value, digits)` of a whole number: only negative `digits` change it. */
export function roundInteger(value: bigint, digits: number): bigint {
  if (digits >= 0) return value;
  if (-digits > value.toString().length) return 0n;
  const unit = 10n ** BigInt(-digits);
  return divideHalfEven(value, unit) * unit;
}
