// What most cells of a file of separated values are written as, told from their bytes: reading each as text is ten times the work.

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** As many digits as any float holds exactly. */
const MAX_DIGITS = 15;

/** Numbers are those of at most 15 digits without exponent; `text` is surely no number, boolean or NaN. */
export type SimpleKind = 'bool' | 'int' | 'float' | 'text';

/** Null for what has to be read. */
export function kindOfBytes(bytes: Uint8Array, start: number, end: number): SimpleKind | null {
  const first = bytes[start] === MINUS ? start + 1 : start;
  const lead = bytes[first]!;
  if (lead < ZERO || lead > NINE) return kindOfWord(bytes, start, end);
  if (end - first > MAX_DIGITS + 1) return null;
  let point = -1;
  for (let at = first + 1; at < end; at++) {
    const byte = bytes[at]!;
    if (byte >= ZERO && byte <= NINE) continue;
    if (byte !== POINT || point !== -1) return null;
    point = at;
  }
  if (point === end - 1) return null;
  if (lead === ZERO && end - first > 1 && point !== first + 1) return null;
  if (point === -1) return lead === ZERO && first > start ? null : end - first > MAX_DIGITS ? null : 'int';
  return 'float';
}

/** The words that mean something have at most nine letters, as `-infinity` has. */
const MAX_WORD_BYTES = 9;
const [TRUE, FALSE] = [Buffer.from('true'), Buffer.from('false')];

function kindOfWord(bytes: Uint8Array, start: number, end: number): SimpleKind | null {
  const length = end - start;
  if (length > MAX_WORD_BYTES) return 'text';
  const word = length === TRUE.length ? TRUE : FALSE;
  if (length !== word.length) return null;
  for (let at = 0; at < length; at++) if (bytes[start + at] !== word[at]) return null;
  return 'bool';
}
