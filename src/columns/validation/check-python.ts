// Python by ruff's rules, as Data Designer counts and scores them. Loaded in worker threads.

import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs';
import type { Value } from '../../values.ts';

/** In the order in which the worst is told first. */
const SEVERITIES = ['fatal', 'error', 'warning', 'convention', 'refactor'] as const;
type Severity = (typeof SEVERITIES)[number];

/** By the letters of a rule's name. */
const SEVERITY_OF = new Map<string, Severity>([
  ['E', 'refactor'],
  ['F', 'error'],
  ['SIM', 'refactor'],
  ['PLC', 'convention'],
  ['PLE', 'error'],
  ['PLR', 'refactor'],
  ['PLW', 'warning'],
]);
const RULES = ['E', 'F6', 'F7', 'F8', 'SIM', 'PLC', 'PLE', 'PLR', 'PLW'];
const SYNTAX_ERROR = 'invalid-syntax';
const ERROR_WEIGHT = 5;
const BEST_SCORE = 10;

interface Message {
  readonly type: Severity;
  readonly symbol: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

interface Diagnostic {
  readonly code: string | null;
  readonly message: string;
  /** From 1, in characters. */
  readonly start_location: { readonly row: number; readonly column: number };
}

let workspace: Workspace | undefined;

export function checkPython(code: string): Value {
  workspace ??= new Workspace({ lint: { select: RULES } }, PositionEncoding.Utf32);
  const diagnostics: readonly Diagnostic[] = workspace.check(code);
  const messages = diagnostics.map(messageOf).sort(byPlace).sort(bySeverity);
  return verdict(messages, workspace, code);
}

/** Of a cell that holds no text to check. */
export function noPython(message: string): Value {
  return verdict([{ type: 'fatal', symbol: 'no-text', line: 1, column: 1, message }]);
}

function verdict(messages: readonly Message[], parser?: Workspace, code = ''): Value {
  const severity = messages[0]?.type ?? 'none';
  return {
    is_valid: severity !== 'fatal' && severity !== 'error',
    python_linter_score: messages.length === 0 ? BEST_SCORE : scoreOf(messages, parser, code),
    python_linter_severity: severity,
    python_linter_messages: messages.map(({ line, column, ...message }) => ({
      ...{ type: message.type, symbol: message.symbol },
      ...{ line: BigInt(line), column: BigInt(column), message: message.message },
    })),
  };
}

function messageOf({ code, message, start_location: { row, column } }: Diagnostic): Message {
  const symbol = code ?? SYNTAX_ERROR;
  const letters = /^[A-Z]+/.exec(symbol)?.[0] ?? '';
  const type = symbol === SYNTAX_ERROR ? 'fatal' : (SEVERITY_OF.get(letters) ?? 'warning');
  return { type, symbol, line: row, column, message };
}

function byPlace(left: Message, right: Message): number {
  return left.line - right.line || left.column - right.column;
}

function bySeverity(left: Message, right: Message): number {
  return SEVERITIES.indexOf(left.type) - SEVERITIES.indexOf(right.type);
}

/** As pylint scores. Reading the syntax tree costs more than all rules, so only what has faults is counted. */
function scoreOf(messages: readonly Message[], parser: Workspace | undefined, code: string): number {
  if (parser === undefined || messages[0]!.type === 'fatal') return 0;
  const faults = messages.reduce((sum, { type }) => sum + (type === 'error' ? ERROR_WEIGHT : 1), 0);
  return Math.max(0, BEST_SCORE - (faults / countStatements(parser.parse(code))) * BEST_SCORE);
}

/**
 * Statements as Python counts them, where an `elif` is one inside the `else` of its `if`. The tree is printed, a node's
 * beginning on a line of its own and texts on one line, so that no text of the code looks like one.
 */
function countStatements(tree: string): number {
  return Math.max(1, tree.match(/^ *(?:Stmt\w+ \{|test: Some\()$/gm)?.length ?? 0);
}
