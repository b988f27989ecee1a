// Reads a document, YAML or JSON, into a tree that remembers where everything stands.
//
//   L1. A plain scalar keeps its source text (`PlainScalar`), so that each field can take it as it wants it. Null is
//       `null`, whole numbers are `bigint`, floats are `number`.
//   L2. Aliases and merge keys (`<<`) are resolved here. Nothing is expanded without bound: neither size, nor depth,
//       nor the number of nodes after aliases.
//   L3. A map's keys are texts; two keys of one text are a violation, whatever YAML takes them for.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { PlainScalar } from '../columns/fields.ts';
import type { Violation } from '../errors.ts';
import { setOwn } from '../own-keys.ts';
import type { Value } from '../values.ts';
import { findQuoteMistakes, isDeeperThan, type Mistake, syntaxMistake } from './yaml-mistakes.ts';

export const MAX_SIZE_BYTES = 4 * 1024 * 1024;
const MAX_NODES = 200_000;
const MAX_DEPTH = 100;
/** No text has them, and YAML does not allow them. */
const CONTROL_CHARACTER = /(?![\t\n\r\x7f-\x9f])\p{Cc}/u;
const TOO_DEEP = `is nested deeper than ${MAX_DEPTH} levels`;

/** Keys and list indexes from the top of a document. */
export type Path = readonly (string | number)[];

/** Both from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface LoadedDocument {
  /** As people read it in messages. */
  readonly file: string;
  readonly text: string;
  /** Maps, lists and text, with `PlainScalar` at unquoted leaves. */
  readonly tree: unknown;
  /** What may not be meant as it is written. */
  readonly warnings: readonly Violation[];
  /** Where the key of a map or the item of a list starts; else where the nearest thing above it does. */
  keyPosition(path: Path): Position;
  /** Where the value starts; else as `keyPosition`. */
  valuePosition(path: Path): Position;
  /** Where an offset of a text's content stands in the file, as near as its notation allows. */
  positionInText(path: Path, offset: number): Position;
  /** Where a template mentions a name; else where its text starts. */
  mentionPosition(path: Path, name: string): Position;
}

/** Where a key or item starts, what stands there, and what stands below it. */
interface Place {
  readonly key: number;
  readonly node: Node | null;
  readonly below: Map<string | number, Place>;
}

export type LoadResult =
  | { readonly document: LoadedDocument; readonly violations: readonly [] }
  | { readonly document: null; readonly violations: readonly Violation[] };

/** Reads a document's bytes. `file` is its name in messages. */
export function loadDocument(bytes: Uint8Array, file: string): LoadResult {
  const refuse = (message: string) => ({
    document: null,
    violations: [{ file, line: null, column: null, level: 'error', message } as const],
  });
  if (bytes.length > MAX_SIZE_BYTES) return refuse('is too large for a config document: at most 4 MB');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('is no UTF-8 text');
  }
  if (CONTROL_CHARACTER.test(text)) return refuse('is no text: it has control characters in it');
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const violations: Violation[] = [];
  const add = ({ offset, level, message }: Mistake): void =>
    void violations.push({ file, ...at(offset), level, message });
  const report = (offset: number, message: string) => add({ offset, level: 'error', message });
  if (isDeeperThan(MAX_DEPTH, text)) return refuse(TOO_DEEP);
  // `core` whatever a %YAML directive says: fields take yes and no as they want them.
  const parsed = parseDocument(text, {
    lineCounter: lines,
    intAsBigInt: true,
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
  });
  const mistakes = findQuoteMistakes(text);
  const from = mistakes.find(({ level }) => level === 'error')?.offset ?? text.length + 1;
  const errors = [...parsed.errors, ...parsed.warnings];
  const syntax = syntaxMistake(errors, { text, isJson: file.endsWith('.json') });
  // After a missing quote the reader's complaints are about what it took the text for.
  for (const mistake of [...(syntax !== null && syntax.offset < from ? [syntax] : []), ...mistakes])
    add(mistake);
  const isBroken = () => violations.some(({ level }) => level === 'error');
  if (isBroken()) return { document: null, violations };
  if (parsed.contents === null) return refuse('is empty');
  if (!isMap(parsed.contents))
    return refuse('is no config document: it has to be a map with "columns" in it');

  const reader = new TreeReader({
    resolve: (node) => (isAlias(node) ? node.resolve(parsed) : node),
    report,
  });
  const { value: tree, place } = reader.read(parsed.contents, 0, 0);
  if (isBroken()) return { document: null, violations };
  return {
    document: { ...positioned({ text, place, at }), file, text, tree, warnings: violations },
    violations: [],
  };
}

interface ReaderOptions {
  readonly resolve: (node: Node | null) => Node | null | undefined;
  readonly report: (offset: number, message: string) => void;
}

interface Read {
  readonly value: unknown;
  readonly place: Place;
}

type Fields = { [key: string]: unknown };

class TreeReader {
  readonly #options: ReaderOptions;
  #nodes = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  read(written: Node | null, key: number, depth: number): Read {
    const { resolve, report } = this.#options;
    const node = resolve(written);
    const offset = written?.range?.[0] ?? key;
    const place: Place = { key, node: node ?? null, below: new Map() };
    if (node === undefined) {
      const name = isAlias(written) ? written.source : '';
      report(
        offset,
        `nothing above is marked as "&${name}": text that starts with "*" has to stand in quotes`,
      );
      return { value: null, place };
    }
    this.#nodes++;
    if (this.#nodes > MAX_NODES || depth > MAX_DEPTH) {
      // Once: what follows is the same complaint.
      if (this.#nodes < Number.POSITIVE_INFINITY) {
        report(offset, depth > MAX_DEPTH ? TOO_DEEP : `holds more than ${MAX_NODES} values`);
      }
      this.#nodes = Number.POSITIVE_INFINITY;
      return { value: null, place };
    }
    if (isSeq(node)) return { value: this.#readList(node, place, depth), place };
    if (isMap(node)) return { value: this.#readMap(node, place, depth), place };
    return { value: isScalar(node) ? scalarValue(node) : null, place };
  }

  #readList(list: YAMLSeq, place: Place, depth: number): readonly unknown[] {
    return (list.items as (Node | null)[]).map((item, index) => {
      const read = this.read(item, item?.range?.[0] ?? place.key, depth + 1);
      place.below.set(index, read.place);
      return read.value;
    });
  }

  #readMap(map: YAMLMap, place: Place, depth: number): Fields {
    const fields: Fields = {};
    const merged: Node[] = [];
    for (const { key, value } of map.items as Pair<Node | null, Node | null>[]) {
      const start = key?.range?.[0] ?? place.key;
      const name = this.#keyText(key, start);
      if (name === null) continue;
      if (name === '<<' && isPlain(key)) {
        if (value !== null) merged.push(value);
      } else if (Object.hasOwn(fields, name)) {
        this.#options.report(start, `the key "${name}" stands here a second time`);
      } else {
        const read = this.read(value, start, depth + 1);
        setOwn(fields, name, read.value);
        place.below.set(name, read.place);
      }
    }
    for (const node of merged) this.#merge(node, { fields, place, depth });
    return fields;
  }

  /** Fields of the map itself win over merged ones, earlier merged ones over later ones. */
  #merge(
    written: Node,
    into: { readonly fields: Fields; readonly place: Place; readonly depth: number },
  ): void {
    const { fields, place, depth } = into;
    const start = written.range?.[0] ?? 0;
    const source = this.read(written, start, depth + 1);
    if (Array.isArray(source.value)) {
      const node = this.#options.resolve(written) as YAMLSeq<Node>;
      for (const item of node.items) this.#merge(item, into);
    } else if (isMap(source.place.node)) {
      for (const [name, value] of Object.entries(source.value as Fields)) {
        if (Object.hasOwn(fields, name)) continue;
        setOwn(fields, name, value);
        place.below.set(name, source.place.below.get(name)!);
      }
    } else {
      this.#options.report(start, 'only a map can be merged with <<');
    }
  }

  #keyText(written: Node | null, start: number): string | null {
    const key = this.#options.resolve(written);
    if (!isScalar(key)) {
      this.#options.report(start, 'a key has to be text');
      return null;
    }
    const name = isPlain(key) ? (key.source ?? '') : String(key.value);
    if (name === '__proto__') {
      this.#options.report(start, 'the key "__proto__" cannot be used');
      return null;
    }
    return name;
  }
}

function isPlain(node: Node | null): boolean {
  return isScalar(node) && (node.type === undefined || node.type === Scalar.PLAIN);
}

function scalarValue(node: Scalar): unknown {
  if (!isPlain(node) || node.value === null) return node.value;
  return new PlainScalar(node.source ?? '', node.value as Value);
}

interface Parts {
  readonly text: string;
  readonly place: Place;
  readonly at: (offset: number) => Position;
}

function positioned({ text, place, at }: Parts): Omit<LoadedDocument, 'file' | 'text' | 'tree' | 'warnings'> {
  /** The place at a path, and the nearest one that is there. */
  const find = (path: Path): { readonly exact: Place | null; readonly nearest: Place } => {
    let nearest = place;
    for (const key of path) {
      const below = nearest.below.get(key);
      if (below === undefined) return { exact: null, nearest };
      nearest = below;
    }
    return { exact: nearest, nearest };
  };
  const valueOffset = (path: Path): number => {
    const { exact, nearest } = find(path);
    return exact?.node?.range?.[0] ?? nearest.key;
  };
  return {
    keyPosition: (path) => at(find(path).nearest.key),
    valuePosition: (path) => at(valueOffset(path)),
    positionInText: (path, offset) => {
      const node = find(path).exact?.node;
      return at(isScalar(node) ? sourceOffset(node, { text, offset }) : valueOffset(path));
    },
    mentionPosition: (path, name) => {
      const node = find(path).exact?.node;
      return at(mentionOffset(node?.range ?? null, { text, name }) ?? valueOffset(path));
    },
  };
}

/** Exact for text without escapes on one line and for literal blocks; else where the text starts. */
function sourceOffset(
  node: Scalar,
  { text, offset }: { readonly text: string; readonly offset: number },
): number {
  const [start, end] = node.range ?? [0, 0];
  const content = String(node.value);
  if (node.type === Scalar.BLOCK_LITERAL) {
    const line = content.slice(0, offset).split('\n').length - 1;
    const column = offset - (content.lastIndexOf('\n', offset - 1) + 1);
    const lineStart = nthLineStart(text, { from: start, n: line + 1 });
    const lineEnd = text.indexOf('\n', lineStart);
    const written = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd).replace(/\r$/, '');
    const indent = written.length - (content.split('\n')[line]?.length ?? written.length);
    return lineStart + Math.max(indent, 0) + column;
  }
  const first = node.type === Scalar.PLAIN ? start : start + 1;
  return text.startsWith(content, first) && first + content.length <= end ? first + offset : start;
}

function nthLineStart(text: string, { from, n }: { readonly from: number; readonly n: number }): number {
  let start = from;
  for (let count = 0; count < n; count++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return start;
    start = end + 1;
  }
  return start;
}

function mentionOffset(
  range: readonly number[] | null,
  { text, name }: { readonly text: string; readonly name: string },
): number | null {
  if (range === null) return null;
  const [start = 0, end = 0] = range;
  const source = text.slice(start, end);
  // Names in templates are identifiers: nothing in them means anything to a pattern.
  const word = new RegExp(`(?<![\\w.'"])${name}(?!\\w)`, 'u');
  for (const tag of source.matchAll(/\{[{%].*?[}%]\}/gs)) {
    const found = word.exec(tag[0]);
    if (found !== null) return start + tag.index + found.index;
  }
  const found = word.exec(source);
  return found === null ? null : start + found.index;
}
