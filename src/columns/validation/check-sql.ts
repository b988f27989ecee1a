// SQL by a parser: PostgreSQL's own for its dialect, one that knows the other dialects for those. That one takes any word
// for the name of a table, and some clauses in every dialect, so what it lets pass is looked through again. Loaded in
// worker threads.

import { init, parse } from '@guanmingchiu/sqlparser-ts';
import { loadModule, parseSync, SqlError } from 'libpg-query';
import type { SqlDialect } from './code-langs.ts';

/** What is wrong with a text; nothing with an empty one. */
export async function sqlProblems(code: string, dialect: SqlDialect): Promise<readonly string[]> {
  const problem = dialect === 'postgres' ? await postgresProblem(code) : await problemIn(code, dialect);
  const scaleless = /DECIMAL\(\d+\)/.test(code) ? [SCALELESS] : [];
  return problem === null ? scaleless : [`PRS: ${problem}`, ...scaleless];
}

/** In Data Designer's words. */
const SCALELESS = 'Custom Check: Found DECIMAL definitions without a scale, which may be incorrect.';

async function postgresProblem(code: string): Promise<string | null> {
  // It takes an empty text for a mistake of who calls it.
  if (code.trim() === '') return null;
  await loadModule();
  try {
    parseSync(code);
    return null;
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const offset = error.sqlDetails?.cursorPosition ?? 0;
    // Characters there, UTF-16 units here.
    const before = [...code].slice(0, offset).join('').split('\n');
    return `${error.message}${at(before.length, [...before.at(-1)!].length + 1)}`;
  }
}

const PARSERS: { readonly [Dialect in Exclude<SqlDialect, 'postgres'>]: Parameters<typeof parse>[1] } = {
  sqlite: 'sqlite',
  tsql: 'mssql',
  bigquery: 'bigquery',
  mysql: 'mysql',
  ansi: 'ansi',
};

async function problemIn(code: string, dialect: keyof typeof PARSERS): Promise<string | null> {
  await init();
  let tree: unknown;
  try {
    tree = parse(code, PARSERS[dialect]);
  } catch (error) {
    const { message } = error as Error;
    // Its own words, or those of who reads its words one by one; anything else is the end of the parser.
    if (!/^sql parser error: | at Line: \d+, Column: \d+$/.test(message)) throw error;
    return message.replace(/^sql parser error: /, '');
  }
  return findProblem(tree, dialect);
}

type Node = { readonly [field: string]: unknown };

/** Words that begin or join clauses in every dialect: unquoted they name no table. */
const CLAUSES = new Set(
  'SELECT FROM WHERE GROUP HAVING ORDER UNION INTERSECT EXCEPT JOIN ON SET VALUES INTO AND OR NOT'.split(' '),
);

function findProblem(node: unknown, dialect: keyof typeof PARSERS): string | null {
  if (typeof node !== 'object' || node === null) return null;
  const own = Array.isArray(node) ? null : problemOf(node as Node, dialect);
  if (own !== null) return own;
  for (const child of Object.values(node)) {
    const problem = findProblem(child, dialect);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOf(node: Node, dialect: keyof typeof PARSERS): string | null {
  if ((node.top ?? null) !== null && dialect !== 'tsql') return `${dialect} has no TOP`;
  if ((node.limit_clause ?? null) !== null && dialect === 'tsql' && hasLimit(node.limit_clause as Node))
    return 'tsql has no LIMIT';
  const name = (node.Table as Node | undefined)?.name;
  if (!Array.isArray(name)) return null;
  for (const part of name as readonly { readonly Identifier?: Identifier }[]) {
    const { value = '', quote_style = null, span } = part.Identifier ?? {};
    if (quote_style !== null || !CLAUSES.has(value.toUpperCase())) continue;
    const place = span === undefined ? '' : at(span.start.line, span.start.column);
    return `Expected: the name of a table, found: ${value}${place}`;
  }
  return null;
}

interface Identifier {
  readonly value?: string;
  readonly quote_style?: string | null;
  readonly span?: { readonly start: { readonly line: number; readonly column: number } };
}

/** `OFFSET … FETCH` stands in the same node. */
function hasLimit(clause: Node): boolean {
  const { limit } = (clause.LimitOffset ?? clause) as Node;
  return (limit ?? null) !== null;
}

function at(line: number, column: number): string {
  return ` at Line: ${line}, Column: ${column}`;
}
