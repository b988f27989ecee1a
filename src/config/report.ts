// Collects what is wrong with a document, each with its place, the thing it belongs to and the field.
//
//   support.yaml:43:5 column "repro_ok": validator_params.validation_function is missing

import { plainText } from '../columns/fields.ts';
import { formatViolation, type Violation } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import type { LoadedDocument, Path, Position } from './load.ts';

/** Lists whose items people know by a name of their own. */
const NAMED: readonly { readonly path: Path; readonly word: string; readonly nameField: string }[] = [
  { path: ['columns'], word: 'column', nameField: 'name' },
  { path: ['model_configs'], word: 'model', nameField: 'alias' },
  { path: ['constraints'], word: 'constraint of', nameField: 'target_column' },
  { path: ['processors'], word: 'processor', nameField: 'name' },
  { path: ['rowloom', 'processors'], word: 'processor', nameField: 'name' },
  { path: ['rowloom', 'providers'], word: 'provider', nameField: 'name' },
  { path: ['rowloom', 'mcp_providers'], word: 'MCP provider', nameField: 'name' },
  { path: ['mcp_providers'], word: 'MCP provider', nameField: 'name' },
  { path: ['tool_configs'], word: 'tools', nameField: 'tool_alias' },
  { path: ['providers'], word: 'provider', nameField: 'name' },
  { path: ['model_providers'], word: 'provider', nameField: 'name' },
];

/** What stands beside `data_designer:` where the document has that; lists of providers in older documents only. */
export const TOP_FIELDS = ['rowloom', 'library_version', 'model_providers', 'providers', 'mcp_providers'];

export interface Finding {
  /** From the top of the config: below `data_designer:` where the document has that. */
  readonly path: Path;
  /** What follows the field's name: `is missing`. Where `isWhole` is set, the whole message. */
  readonly message: string;
  readonly isWhole?: boolean;
  readonly level?: Violation['level'];
  /** It is about the key, or about what is missing under it: there it is shown, not where a value stands. */
  readonly isAtKey?: boolean;
  /** Instead of both. */
  readonly position?: Position;
}

export class Report {
  readonly document: LoadedDocument;
  /** Keys above the config: `data_designer`, or none. */
  readonly base: Path;
  readonly #violations: Violation[];

  constructor(document: LoadedDocument, base: Path) {
    this.document = document;
    this.base = base;
    this.#violations = [...document.warnings];
  }

  /** In the order of the document. */
  get violations(): readonly Violation[] {
    const place = ({ line, column }: Violation) => (line ?? 0) * 1e6 + (column ?? 0);
    return [...this.#violations].sort((left, right) => place(left) - place(right));
  }

  add({ path, message, isWhole = false, level = 'error', isAtKey = false, position }: Finding): void {
    const found = isAtKey ? this.keyPosition(path) : this.document.valuePosition(this.fullPath(path));
    const { line, column } = position ?? found;
    const { owner, field } = this.#name(path);
    const text = isWhole || field === '' ? message : `${field} ${message}`;
    const violation = { file: this.document.file, line, column, level, message: `${owner}${text}` };
    const isKnown = this.#violations.some((other) => formatViolation(other) === formatViolation(violation));
    if (!isKnown) this.#violations.push(violation);
  }

  /** The path in the document as it is written. */
  fullPath(path: Path): Path {
    const [first = ''] = path;
    const isAtTop = TOP_FIELDS.includes(String(first)) && Object.hasOwn(this.document.tree as object, first);
    return isAtTop ? path : [...this.base, ...path];
  }

  keyPosition(path: Path): Position {
    return this.document.keyPosition(this.fullPath(path));
  }

  /** The tree's value at a path; `undefined` where there is none. */
  read(path: Path): unknown {
    return this.fullPath(path).reduce<unknown>(childOf, this.document.tree);
  }

  #name(path: Path): { readonly owner: string; readonly field: string } {
    const named = NAMED.find(
      (list) => path.length > list.path.length && list.path.every((key, index) => path[index] === key),
    );
    if (named === undefined) return { owner: '', field: formatPath(path) };
    const index = path[named.path.length] as number;
    const item = path.slice(0, named.path.length + 1);
    const name = plainText(this.read([...item, named.nameField]));
    const shown = typeof name === 'string' ? JSON.stringify(name) : String(index + 1);
    return { owner: `${named.word} ${shown}: `, field: formatPath(path.slice(item.length)) };
  }
}

function childOf(tree: unknown, key: string | number): unknown {
  if (Array.isArray(tree)) return tree[key as number];
  if (typeof tree !== 'object' || tree === null) return undefined;
  return findOwn(tree as { readonly [key: string]: unknown }, String(key));
}

/** `scores[0].options["not at all"]` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}
