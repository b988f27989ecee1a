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
} from 'yaml';
import type { Violation } from '../errors.ts';
import type { Value } from '../values.ts';
import { PlainScalar } from './schema/scalars.ts';

const MAX_SIZE_BYTES = 4 * 1024 * 1024;
const MAX_NODES = 50_000;
const MAX_DEPTH = 100;

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
  /** Where the key of a map or the item of a list starts; else where the nearest thing above it does. */
  keyPosition(path: Path): Position;
  /** Where the value starts; else as `keyPosition`. */
  valuePosition(path: Path): Position;
  /** Where an offset of a text's content stands in the file, as near as its notation allows. */
  positionInText(path: Path, offset: number): Position;
  /** Where a template mentions a name; else where its text starts. */
  mentionPosition(path: Path, name: string): Position;
}

interface Place {
  readonly key: number;
  readonly node: Node | null;
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
  if (bytes.length > MAX_SIZE_BYTES) {
    return refuse(`is too large: ${bytes.length} bytes, where ${MAX_SIZE_BYTES} are allowed`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('is no UTF-8 text');
  }
  const lines = new LineCounter();
  // `core` whatever a %YAML directive says: fields take yes and no as they want them.
  const parsed = parseDocument(text, {
    lineCounter: lines,
    intAsBigInt: true,
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const violations: Violation[] = [];
  const report = (offset: number, message: string): void => {
    const { line, column } = at(offset);
    violations.push({ file, line, column, level: 'error', message });
  };
  for (const { pos, code, message } of [...parsed.errors, ...parsed.warnings]) {
    report(pos[0], syntaxMessage(code, message, file));
  }
  if (violations.length > 0) return { document: null, violations };
  if (parsed.contents === null) return refuse('is empty');
  if (!isMap(parsed.contents)) return refuse('has to be a map with columns in it');

  const places = new Map<string, Place>();
  const reader = new TreeReader({
    resolve: (node) => (isAlias(node) ? node.resolve(parsed) : node),
    places,
    report,
  });
  const tree = reader.read(parsed.contents, [], 0);
  if (violations.length > 0) return { document: null, violations };
  return { document: positioned({ file, text, tree, places, at }), violations: [] };
}

function syntaxMessage(code: string, message: string, file: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here: only one is allowed';
  return `cannot be read as ${file.endsWith('.json') ? 'JSON' : 'YAML'}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

interface ReaderOptions {
  readonly resolve: (node: Node | null) => Node | null | undefined;
  readonly places: Map<string, Place>;
  readonly report: (offset: number, message: string) => void;
}

class TreeReader {
  readonly #options: ReaderOptions;
  #nodes = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  read(written: Node | null, path: Path, key: number): unknown {
    const { resolve, places, report } = this.#options;
    const node = resolve(written);
    const offset = written?.range?.[0] ?? key;
    if (node === undefined) {
      report(offset, `no anchor "${isAlias(written) ? written.source : ''}" stands above this alias`);
      return null;
    }
    places.set(keyOf(path), { key, node });
    this.#nodes++;
    if (this.#nodes > MAX_NODES || path.length > MAX_DEPTH) {
      // Once: what follows is the same complaint.
      const reason =
        path.length > MAX_DEPTH
          ? `is nested deeper than ${MAX_DEPTH} levels`
          : `holds more than ${MAX_NODES} values`;
      if (this.#nodes < Number.POSITIVE_INFINITY) report(offset, `the document ${reason}`);
      this.#nodes = Number.POSITIVE_INFINITY;
      return null;
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const start = (item as Node | null)?.range?.[0] ?? offset;
        return this.read(item as Node | null, [...path, index], start);
      });
    }
    if (isMap(node)) return this.#readMap(node, path);
    if (isScalar(node)) return scalarValue(node);
    return null;
  }

  #readMap(map: YAMLMap, path: Path): { readonly [key: string]: unknown } {
    const fields: { [key: string]: unknown } = {};
    const merged: Node[] = [];
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const start = pair.key?.range?.[0] ?? map.range?.[0] ?? 0;
      const name = this.#keyText(pair.key, start);
      if (name === null) continue;
      if (name === '<<' && isPlain(pair.key)) {
        if (pair.value !== null) merged.push(pair.value);
      } else if (Object.hasOwn(fields, name)) {
        this.#options.report(start, `the key "${name}" stands here a second time`);
      } else {
        fields[name] = this.read(pair.value, [...path, name], start);
      }
    }
    for (const node of merged) this.#merge(node, { into: fields, path });
    return fields;
  }

  /** Fields of the map itself win over merged ones, earlier merged ones over later ones. */
  #merge(
    written: Node,
    { into, path }: { readonly into: { [key: string]: unknown }; readonly path: Path },
  ): void {
    const node = this.#options.resolve(written);
    const start = written.range?.[0] ?? 0;
    if (isSeq(node)) {
      for (const item of node.items as Node[]) this.#merge(item, { into, path });
    } else if (isMap(node)) {
      for (const pair of node.items as Pair<Node | null, Node | null>[]) {
        const name = this.#keyText(pair.key, start);
        if (name !== null && !Object.hasOwn(into, name))
          into[name] = this.read(pair.value, [...path, name], start);
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

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

interface Parts {
  readonly file: string;
  readonly text: string;
  readonly tree: unknown;
  readonly places: ReadonlyMap<string, Place>;
  readonly at: (offset: number) => Position;
}

function positioned({ file, text, tree, places, at }: Parts): LoadedDocument {
  const placeOf = (path: Path): Place => {
    for (let length = path.length; length > 0; length--) {
      const place = places.get(keyOf(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return places.get(keyOf([]))!;
  };
  const valueOffset = (path: Path): number => {
    const place = places.get(keyOf(path));
    return place?.node?.range?.[0] ?? placeOf(path).key;
  };
  return {
    file,
    text,
    tree,
    keyPosition: (path) => at(placeOf(path).key),
    valuePosition: (path) => at(valueOffset(path)),
    positionInText: (path, offset) => {
      const node = places.get(keyOf(path))?.node;
      return at(isScalar(node) ? sourceOffset(node, { text, offset }) : valueOffset(path));
    },
    mentionPosition: (path, name) => {
      const node = places.get(keyOf(path))?.node;
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
