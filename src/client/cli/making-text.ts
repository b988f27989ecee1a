// What made the cells of a row, as a person reads it.

import type { Spoken } from '../../columns/llm/spoken.ts';
import { nameOfMedia } from '../../columns/media/media-of.ts';
import { DROPPED_BY_PROCESSOR } from '../../errors.ts';
import type { CellRecord } from '../../store/records.ts';
import { plural } from '../../text/plural.ts';
import { lastAnswer, type Turn } from '../../turns.ts';
import { formatJson, parseJson, type Value } from '../../values.ts';
import type { ColumnView, PromptView, RowView } from '../look/row-view.ts';
import { describeTokens, formatDuration, joinParts, partsOf } from '../tell/format.ts';
import { clip, wrap } from './text.ts';
import { hanging, MIN_VALUE_WIDTH, textOf } from './value-text.ts';

/** Of an answer that was not used. */
const MAX_ANSWER_WIDTH = 200;

export interface Notes {
  readonly failed: readonly string[];
  readonly made: readonly string[];
}

/** What there is to say of a cell: all that made it, or only what its value does not show. */
export function notesOf(
  column: ColumnView,
  { values, state, drop }: RowView,
  { width, isShort }: { readonly width: number; readonly isShort: boolean },
): Notes {
  const { name, madeWith, isSkipped, isDropped, source, model, cell, tries } = column;
  const failure =
    cell?.status === 'failed'
      ? cell.error
      : drop?.column === name && drop.kind !== DROPPED_BY_PROCESSOR
        ? drop
        : null;
  const isMissing = failure === null && !Object.hasOwn(values, name);
  // A column that was skipped later may have a cell from before.
  const isMade = cell !== null && model !== null && !isSkipped;
  const made = partsOf(
    isMissing && (state === 'dropped' ? 'not made' : 'not made yet'),
    isSkipped
      ? 'skipped: not made in this row'
      : !isShort && (madeWith === null ? source : `made with ${madeWith}`),
    isMade && !isShort && describeCalls(cell, model, tries),
    isDropped && 'column with drop: true, not in parquet-files/',
  ).flatMap((note) => wrap(note, width));
  return {
    failed: failure === null ? [] : wrap(`failed: ${failure.message}`, width),
    made: isMade && !isShort ? [...made, ...describeMaking(column, cell, width)] : made,
  };
}

function describeCalls({ host }: CellRecord, model: string, tries: readonly CellRecord[]): string {
  const calls = tries.flatMap((record) => record.calls);
  const sum = (field: 'promptTokens' | 'completionTokens' | 'ms') =>
    calls.reduce((total, call) => total + call[field], 0);
  return joinParts(
    host === null ? model : `${model} at ${host}`,
    describeTokens({ promptTokens: sum('promptTokens'), completionTokens: sum('completionTokens') }),
    `${plural(calls.length, 'call')}, ${formatDuration(sum('ms'))}`,
  );
}

/** What was sent, what came back where the value is something else, and every try if there were several. */
function describeMaking({ prompt, reasoning, tries }: ColumnView, cell: CellRecord, width: number): string[] {
  const { turns, status, value } = cell;
  const answer = lastAnswer(turns)?.text ?? null;
  const inner = Math.max(MIN_VALUE_WIDTH, width - 2);
  const lines: string[] = [];
  const isFunction = turns.some(({ by }) => by === 'inner');
  if (isFunction) lines.push('asked by its function:');
  else if (prompt === null) {
    lines.push(...wrap('prompt: not known any more, its column or its row has changed since', width));
  } else {
    lines.push(...describePrompt(prompt, width));
    const parameters = Object.entries(prompt.parameters).map(([name, item]) => `${name} ${textOf(item)}`);
    if (parameters.length > 0) lines.push(...wrap(`sent with ${parameters.join(', ')}`, width));
  }
  if (reasoning !== null) lines.push(...block('reasoning', wrap(reasoning, inner)));
  if (answer !== null && status === 'failed')
    lines.push(...block('last answer', wrap(textOf(answer), inner)));
  else if (answer !== null && !isSaid(value, answer)) lines.push(...block('answer', wrap(answer, inner)));
  if (isFunction) return [...lines, ...turns.flatMap((turn) => describeAsked(turn, inner))];
  const told = [...turnsAlone(cell, tries).map(describeTurn), ...tries.map(describeTry)];
  if (told.length > 1) {
    lines.push(
      ...block(
        'tries',
        told.flatMap(({ what, answer }, index) => [
          ...hanging(`${index + 1}. ${what}`, inner),
          ...(answer === null ? [] : hanging(`  answer: ${clip(textOf(answer), MAX_ANSWER_WIDTH)}`, inner)),
        ]),
      ),
    );
  }
  return lines;
}

/** The messages that a conversation begins with, and what is shown with them. */
export function describePrompt({ messages }: PromptView, width: number): string[] {
  const inner = Math.max(MIN_VALUE_WIDTH, width - 2);
  return messages.flatMap((message) => {
    const media = message.role === 'user' ? (message.media ?? []) : [];
    const shown = media.map((medium) => `shown: ${clip(nameOfMedia(medium), inner)}`);
    const title = message.role === 'system' ? 'system prompt' : 'prompt';
    return [...shown, ...block(title, wrap(message.content, inner))];
  });
}

function block(title: string, lines: readonly string[]): string[] {
  return [`${title}:`, ...lines.map((line) => (line === '' ? '' : `  ${line}`))];
}

/** An answer that a function had from a model. */
function describeAsked(turn: Turn, width: number): readonly string[] {
  return turn.by === 'inner' ? hanging(`- ${clip(textOf(turn.turn.text), MAX_ANSWER_WIDTH)}`, width) : [];
}

/** The turns before the cell's last whose own lines are gone: the cell alone tells of them. */
function turnsAlone({ turns }: CellRecord, tries: readonly CellRecord[]): readonly Spoken[] {
  const recorded = tries.filter(({ status }) => status === 'call').flatMap((record) => record.turns);
  const isRecorded = (turn: Spoken) =>
    recorded.some((other) => other.by === turn.by && 'text' in other && other.text === turn.text);
  const spoken = turns.filter((turn): turn is Spoken => turn.by === 'model' || turn.by === 'tool');
  return spoken.slice(0, -1).filter((turn) => !isRecorded(turn));
}

interface Told {
  readonly what: string;
  /** One that was not used. */
  readonly answer: string | null;
}

function describeTurn(turn: Spoken): Told {
  return { what: `answered · ${describeStep(turn)}`, answer: turn.text === '' ? null : turn.text };
}

/** What a turn of a conversation that goes on is. */
function describeStep(turn: Spoken | undefined): string {
  if (turn?.by === 'tool') return 'what a tool gave';
  if (turn?.toolCalls === undefined) return `${turn?.problem}, asked to correct it`;
  return `asked for ${turn.toolCalls.map(({ name, args }) => `${name} ${args}`).join(', ')}`;
}

function describeTry({ calls, error, status, turns }: CellRecord): Told {
  const [call] = calls;
  const [first] = turns;
  const turn = first?.by === 'tool' ? first : lastAnswer(turns);
  const answered = call === undefined ? 'no call' : call.status === 0 ? 'no answer' : `status ${call.status}`;
  const isPaid = call !== undefined && call.promptTokens + call.completionTokens > 0;
  const time = call !== undefined && formatDuration(call.ms);
  const isSilent = turn?.by === 'model' && turn.toolCalls !== undefined && turn.text === '';
  const said = isSilent ? null : (turn?.text ?? null);
  const end = status === 'call' ? describeStep(turn) : (error?.message ?? 'used');
  return {
    what: joinParts(answered, isPaid && describeTokens(call), time, end),
    answer: status === 'ok' ? null : said,
  };
}

/** Whether the answer's text says no more than the value. */
function isSaid(value: Value, answer: string): boolean {
  if (typeof value === 'string') return answer.trim() === value;
  try {
    return formatJson(parseJson(answer)) === formatJson(value);
  } catch {
    return false;
  }
}
