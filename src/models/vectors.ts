// Vectors of embedding models as records keep them: float32 in little-endian order, as base64.

const FLOAT_BYTES = 4;

/** Null for what is no vector: without numbers, or with one that float32 does not hold. */
export function encodeVector(numbers: readonly unknown[]): string | null {
  const bytes = Buffer.allocUnsafe(numbers.length * FLOAT_BYTES);
  for (const [index, number] of numbers.entries()) {
    if (typeof number !== 'number' || !Number.isFinite(Math.fround(number))) return null;
    bytes.writeFloatLE(number, index * FLOAT_BYTES);
  }
  return bytes.length === 0 ? null : bytes.toString('base64');
}

/** The numbers of a vector; null for what is not one. */
export function decodeVector(base64: string): readonly number[] | null {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length % FLOAT_BYTES !== 0) return null;
  const numbers = Array.from({ length: bytes.length / FLOAT_BYTES }, (_, index) =>
    bytes.readFloatLE(index * FLOAT_BYTES),
  );
  return numbers.every(Number.isFinite) ? numbers : null;
}
