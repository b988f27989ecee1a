// A record as JSON text, for lines that are read with `jq` too. Written and read they are exact inverses, at about half
// the size of the record's fields:
//
//   - A field at its default is left out.
//   - A value that the model's last turn says is not written again: `from` tells how it is read from there, `text` as it
//     stands, `json` parsed. Any other value is the last field, so that only values with numbers or structure need the
//     lossless parser: the native one is ten times as fast.
//   - A turn is the model's where it does not say whose.
//   - Calls have short keys, and a status only if it is not 200.
//   - The state of an ordered column is JSON text inside the JSON: the native parser would round its numbers.
//
// The text of a header starts with its `kind`, that of a record never does.

import { lastAnswer, type Turn } from '../turns.ts';
import { formatJson, parseJson, type Value } from '../values.ts';
import { type CallRecord, type CellRecord, type PartHeader, RECORD_DEFAULTS } from './records.ts';

/**
 * No field before it has an object with this key, and inside a text its quotes are escaped: so its first occurrence is the
 * record's own field.
 */
const VALUE_FIELD = ',"value":';
const HEADER_START = '{"kind":';

/** The text of the last line of a part: its writer is done with it. */
export const PART_END = `${HEADER_START}"end"}`;

interface CallText {
  readonly id: string;
  readonly in: number;
  readonly out: number;
  readonly status?: number;
  readonly ms: number;
  readonly model?: string;
  readonly cached?: number;
  readonly reasoning?: number;
}

export function formatHeader({ kind, ...header }: PartHeader): string {
  return JSON.stringify({ kind, ...header });
}

/** Whether a line's text is a header or the end of a part; the other lines are records. */
export function isHeader(text: string): boolean {
  return text.startsWith(HEADER_START);
}

/** The text of a record; marks of settled files stay, `chosen` is the reader's own. */
export function formatRecord(record: CellRecord): string {
  const { chosen: _, value, ...kept } = record;
  const { turns, calls } = kept;
  const from = sourceOf(value, turns);
  // `JSON.stringify` leaves out what is undefined.
  const text = JSON.stringify({
    ...kept,
    read: kept.read || undefined,
    turns: turns.length === 0 ? undefined : turns.map(formatTurn),
    state: kept.state === undefined ? undefined : formatJson(kept.state),
    finish: kept.finish ?? undefined,
    calls: calls.length === 0 ? undefined : calls.map(formatCall),
    error: kept.error ?? undefined,
    host: kept.host ?? undefined,
    at: kept.at || undefined,
    from,
  });
  return value === null || from !== undefined
    ? text
    : `${text.slice(0, -1)}${VALUE_FIELD}${formatJson(value)}}`;
}

/** Reads what {@link formatRecord} wrote. Throws `SyntaxError`. */
export function parseRecord(text: string): Omit<CellRecord, 'chosen'> {
  const { from, calls = [], ...line } = JSON.parse(text);
  const record = { ...RECORD_DEFAULTS, ...line, calls: calls.map(parseCall) };
  for (const turn of record.turns) {
    turn.by ??= 'model';
    if (turn.by === 'inner') turn.turn.by = 'model';
  }
  if (record.state !== undefined) record.state = parseJson(record.state);
  const answer = from === undefined ? undefined : lastAnswer(record.turns)?.text;
  if (answer !== undefined) record.value = from === 'json' ? parseJson(answer) : answer;
  else if (typeof record.value === 'number' || typeof record.value === 'object')
    record.value = parseValue(text);
  return record;
}

function parseValue(text: string): Value {
  const start = text.indexOf(VALUE_FIELD);
  return start < 0 ? null : parseJson(text.slice(start + VALUE_FIELD.length, -1));
}

function sourceOf(value: Value, turns: readonly Turn[]): 'text' | 'json' | undefined {
  const text = lastAnswer(turns)?.text;
  if (text === undefined || value === null) return undefined;
  if (text === value) return 'text';
  // Text in prose is no JSON: finding that out by an exception takes longer than writing the line.
  if (typeof value === 'string' && !text.startsWith('"')) return undefined;
  try {
    return formatJson(parseJson(text)) === formatJson(value) ? 'json' : undefined;
  } catch {
    return undefined;
  }
}

function formatTurn(turn: Turn): object {
  if (turn.by === 'inner') return { ...turn, turn: formatTurn(turn.turn) };
  if (turn.by !== 'model') return turn;
  const { by: _, ...said } = turn;
  return said;
}

function formatCall({ promptTokens, completionTokens, status, ms, id, ...more }: CallRecord): CallText {
  return {
    ...{ id, in: promptTokens, out: completionTokens },
    ...(status === 200 ? {} : { status }),
    ms,
    ...more,
  };
}

function parseCall({ in: promptTokens, out: completionTokens, status = 200, ...call }: CallText): CallRecord {
  return { ...call, promptTokens, completionTokens, status };
}
