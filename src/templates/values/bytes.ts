// `"é".encode()`, which prints as Python's bytes do: `b'\xc3\xa9'`.

import { type Operation, operation, textArgument } from '../library/argument-binding.ts';
import { type Runtime, Tuple } from '../runtime.ts';
import { renderError } from '../syntax/template-error.ts';
import { asciiOf } from './python-text.ts';

/** The characters that have a code of their own in an encoding of single bytes. */
const SINGLE: ReadonlyMap<string, number> = new Map([
  ['ascii', 0x7f],
  ['latin1', 0xff],
  ['iso88591', 0xff],
]);
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ['ignore', ''],
  ['replace', '?'],
]);

export const encode: Operation<string> = operation(
  'encoding? errors?',
  (text, [encoding = 'utf-8', errors = 'strict'], { budget }): Runtime => {
    const name = textArgument(encoding);
    const plain = name.toLowerCase().replace(/[-_ ]/g, '');
    const last = SINGLE.get(plain);
    if (last === undefined && plain !== 'utf8')
      throw renderError(`Cannot encode the text as "${name}": only as utf-8, ascii or latin-1`);
    const standIn = STAND_INS.get(textArgument(errors));
    budget.spend(text.length);
    const fitted = Array.from(text, (character) => {
      const code = character.codePointAt(0)!;
      const fits = last === undefined ? code < 0xd800 || code > 0xdfff : code <= last;
      if (!fits && standIn === undefined)
        throw renderError(`Cannot encode the text: "${name}" has no code for ${JSON.stringify(character)}`);
      return fits ? character : standIn;
    }).join('');
    const bytes = Buffer.from(fitted, last === undefined ? 'utf8' : 'latin1');
    budget.spend(bytes.length);
    return new Tuple(Array.from(bytes, BigInt), `b${asciiOf(bytes.toString('latin1'), budget)}`);
  },
);

/** `bytes.decode()`. */
export const decode: Operation<readonly Runtime[]> = operation(
  'encoding?',
  (bytes, [encoding = 'utf-8'], { budget }) => {
    budget.spend(bytes.length);
    const isUtf8 = /^utf[-_ ]?8$/i.test(textArgument(encoding));
    return Buffer.from(bytes.map(Number)).toString(isUtf8 ? 'utf8' : 'latin1');
  },
);
