import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

/** Python's name for UTF-8 that may start with a byte order mark, which is never part of the text here. */
const UTF8 = /^(?:utf[-_]?8([-_]sig)?|u8)$/i;

/** Decodes bytes of an encoding, which throws `TypeError` where they are none of it; null for an unknown encoding. */
export function findDecoder(encoding: string): ((bytes: Buffer) => string) | null {
  const isUtf = UTF8.test(encoding);
  if (!isUtf && !iconv.encodingExists(encoding)) return null;
  return (bytes) => {
    const text = iconv.decode(bytes, isUtf ? 'utf8' : encoding);
    const isText = isUtf ? isUtf8(bytes) : !text.includes('\ufffd');
    if (!isText) throw new TypeError(`The bytes are not ${encoding}`);
    return text;
  };
}
