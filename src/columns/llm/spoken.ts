// What was said in a conversation so far, as its turns are kept: answers, what is wrong with them, tools and what they gave.

import type { Media, Message } from '../../models/model-client.ts';
import type { ModelTurn, ToolCall, ToolTurn, Turn } from '../../turns.ts';
import type { AnswerReader } from './answers.ts';

export type Spoken = ModelTurn | ToolTurn;

/** The tools that the last answer asked for and that have given nothing yet, in its order. */
export function openCalls(turns: readonly Spoken[]): readonly ToolCall[] {
  const last = turns.findLastIndex((turn) => turn.by === 'model');
  const asked = turns[last];
  const calls = asked?.by === 'model' ? (asked.toolCalls ?? []) : [];
  const given = turns.slice(last + 1);
  return calls.filter(({ id }) => !given.some((turn) => turn.by === 'tool' && turn.call === id));
}

/**
 * The turns with more of them. Left out is what fits nowhere, as an attempt that overlapped another one leaves it: every
 * tool that was asked for has one result, before anything else is said.
 */
export function withTurns(turns: readonly Spoken[], more: readonly Turn[]): readonly Spoken[] {
  const all = [...turns];
  for (const turn of more) {
    const open = openCalls(all);
    if (turn.by === 'model' && open.length === 0) all.push(turn);
    if (turn.by === 'tool' && open.some(({ id }) => id === turn.call)) all.push(turn);
  }
  return all;
}

/** What a conversation that starts again goes on from: all up to the last result of a tool. */
export function toolPhase(turns: readonly Spoken[]): readonly Spoken[] {
  return turns.slice(0, turns.findLastIndex((turn) => turn.by === 'tool') + 1);
}

/** Answers that asked for tools. */
export function toolTurnsIn(turns: readonly Spoken[]): number {
  return turns.filter((turn) => turn.by === 'model' && turn.toolCalls !== undefined).length;
}

/** The turns as they go back to the model. It is shown its answers, and its thoughts where it asked for tools. */
export function messagesOf(turns: readonly Spoken[], reader: AnswerReader): readonly Message[] {
  return inOrder(turns).flatMap((turn): readonly Message[] => {
    if (turn.by === 'tool') {
      const media = mediaOf(turn);
      const shown = media.length > 0 ? { media } : {};
      return [{ role: 'tool', call: turn.call, content: turn.text, ...shown }];
    }
    const { text, toolCalls, reasoning } = turn;
    if (toolCalls === undefined) return correctionOf(turn, reader);
    const content = reader.split(text).answer;
    return [{ role: 'assistant', content, toolCalls, ...(reasoning === undefined ? {} : { reasoning }) }];
  });
}

export function mediaOf({ images = [] }: ToolTurn): readonly Media[] {
  return images.map((url) => ({ modality: 'image', url }));
}

/** An answer as it goes back to the model, with what it is told about it; nothing for one that the model is not shown. */
export function correctionOf({ text, problem }: ModelTurn, reader: AnswerReader): readonly Message[] {
  const { answer } = reader.split(text);
  if (answer === '') return [];
  const asked = `Your answer cannot be used. ${problem}. Give the whole answer again, corrected.`;
  return [
    { role: 'assistant', content: answer },
    { role: 'user', content: asked },
  ];
}

/** Results in the order in which they were asked for: they are kept in that in which they came. */
export function inOrder(turns: readonly Spoken[]): readonly Spoken[] {
  let asked: readonly ToolCall[] = [];
  const placeOf = (turn: Spoken) => (turn.by === 'tool' ? asked.findIndex(({ id }) => id === turn.call) : -1);
  const ordered: Spoken[] = [];
  let results: Spoken[] = [];
  for (const turn of [...turns, null]) {
    if (turn?.by === 'tool') {
      results.push(turn);
      continue;
    }
    ordered.push(...results.sort((left, right) => placeOf(left) - placeOf(right)));
    if (turn === null) break;
    results = [];
    asked = turn.toolCalls ?? [];
    ordered.push(turn);
  }
  return ordered;
}
