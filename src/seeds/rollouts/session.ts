// One recorded session of an agent as a row: the sixteen fields that Data Designer makes of all formats.

import { isValueList, isValueObject, type Value, type ValueObject } from '../../values.ts';
import { anyTextOf, RolloutError, textOf } from './fields.ts';

/** What a format tells of a session; the other fields follow from it. */
export interface Session {
  readonly traceId: string;
  readonly rootSessionId?: string;
  readonly agentId?: string | null;
  readonly isSidechain?: boolean;
  readonly cwd?: string | null;
  readonly projectPath?: string | null;
  readonly gitBranch?: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly messages: readonly ValueObject[];
  readonly meta: ValueObject;
}

export interface MessageFields {
  readonly role: Value | undefined;
  readonly content: Value | undefined;
  readonly reasoning?: string | null;
  readonly calls?: readonly ValueObject[];
  readonly callId?: string | null;
}

const ROLES = ['user', 'assistant', 'system', 'tool'];

/** A message; fields without anything in them are not there. Throws `RolloutError` for an unknown role. */
export function message({ role, content, reasoning, calls = [], callId }: MessageFields): ValueObject {
  const name = role === 'developer' ? 'system' : textOf(role);
  if (name === null || !ROLES.includes(name))
    throw new RolloutError(`has a message of role "${anyTextOf(role)}"`);
  return {
    role: name,
    content: blocksOf(content),
    ...(reasoning ? { reasoning_content: reasoning } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(callId ? { tool_call_id: callId } : {}),
  };
}

/** A call as messages list it; `args` is JSON text. */
export function toolCall(id: string, name: string, args: string): ValueObject {
  return { id, type: 'function', function: { name, arguments: args } };
}

export function textBlock(text: string): ValueObject {
  return { type: 'text', text };
}

export function joined(parts: readonly string[]): string | null {
  return parts.length === 0 ? null : parts.join('\n\n');
}

/** The row of a session that stands in a file. */
export function rowOfSession(
  session: Session,
  { format, path }: { format: string; path: string },
): ValueObject {
  const { messages, traceId } = session;
  const calls = messages.map(({ tool_calls: list }) => (isValueList(list) ? list.length : 0));
  return {
    trace_id: traceId,
    source_kind: format,
    source_path: path,
    root_session_id: session.rootSessionId ?? traceId,
    agent_id: session.agentId ?? null,
    is_sidechain: session.isSidechain ?? false,
    cwd: session.cwd ?? null,
    project_path: session.projectPath ?? session.cwd ?? null,
    git_branch: session.gitBranch ?? null,
    started_at: session.startedAt,
    ended_at: session.endedAt,
    messages,
    source_meta: session.meta,
    message_count: BigInt(messages.length),
    tool_call_count: BigInt(calls.reduce((sum, count) => sum + count, 0)),
    final_assistant_message: finalMessageOf(messages),
  };
}

function blocksOf(content: Value | undefined): readonly Value[] {
  if (content === undefined || content === null) return [];
  if (!isValueList(content)) return [textBlock(anyTextOf(content))];
  return content.map((block) => {
    if (isValueObject(block) && 'type' in block) return block;
    return textBlock(anyTextOf(isValueObject(block) && 'text' in block ? block.text : block));
  });
}

/** The texts of the last assistant message that has any. */
function finalMessageOf(messages: readonly ValueObject[]): string | null {
  for (const { role, content } of [...messages].reverse()) {
    if (role !== 'assistant' || !isValueList(content)) continue;
    const texts = content.flatMap((block) =>
      isValueObject(block) && typeof block.text === 'string' && block.text !== '' ? [block.text] : [],
    );
    if (texts.length > 0) return texts.join('\n\n');
  }
  return null;
}
