import { isValueList, isValueObject, type Value, type ValueObject } from '../../values.ts';
import { sorted } from './claude-code.ts';
import { anyTextOf, argumentsText, filled, RolloutError, requiredText, spanOf, textOf } from './fields.ts';
import type { RolloutFormat } from './format.ts';
import { joined, message, toolCall } from './session.ts';

export const piCodingAgent: RolloutFormat = {
  home: '.pi/agent/sessions',
  pattern: '*.jsonl',
  isSession: (relativePath) => relativePath.endsWith('.jsonl'),
  read({ records }) {
    const [header, ...entries] = records;
    if (header?.type !== 'session') throw new RolloutError('has no entry of type "session" first');
    const path = activePath(entries);
    const messages = path.flatMap(messagesOf);
    const payloads = path.flatMap(({ type, message: payload }) =>
      type === 'message' && isValueObject(payload) ? [payload] : [],
    );
    const answers = payloads.filter(({ role }) => role === 'assistant');
    const parents = entries.flatMap(({ parentId }) =>
      typeof parentId === 'string' && parentId !== '' ? [parentId] : [],
    );
    const { first, last } = spanOf([header, ...entries].flatMap(({ timestamp }) => textOf(timestamp) ?? []));
    const runs = payloads.filter(({ role }) => role === 'bashExecution').length;
    return {
      traceId: requiredText(header.id, 'id of its session'),
      cwd: textOf(header.cwd),
      startedAt: first,
      endedAt: last,
      messages,
      meta: {
        record_count: BigInt(records.length),
        entry_types: sorted(path.map(({ type }) => textOf(type) ?? 'unknown')),
        stop_reasons: distinct(answers.map(({ stopReason }) => textOf(stopReason))),
        ...filled({
          session_version: header.version,
          models_used: distinct(path.map(modelOf)),
          has_branches: new Set(parents).size < parents.length ? true : null,
          bash_execution_count: runs === 0 ? null : BigInt(runs),
          parent_session: textOf(header.parentSession),
        }),
      },
    };
  },
};

/** From the last entry back to the one that has no parent. */
function activePath(entries: readonly ValueObject[]): readonly ValueObject[] {
  const byId = new Map(entries.flatMap((entry) => (typeof entry.id === 'string' ? [[entry.id, entry]] : [])));
  const path = new Set<ValueObject>();
  let entry = entries.at(-1);
  while (entry !== undefined && !path.has(entry)) {
    path.add(entry);
    entry = typeof entry.parentId === 'string' ? byId.get(entry.parentId) : undefined;
  }
  return [...path].reverse();
}

function modelOf({ type, modelId, message: payload }: ValueObject): string | null {
  if (type === 'model_change') return textOf(modelId);
  const isAnswer = type === 'message' && isValueObject(payload) && payload.role === 'assistant';
  return isAnswer ? textOf(payload.model) : null;
}

function messagesOf(entry: ValueObject): readonly ValueObject[] {
  const { type, summary, display, content, message: payload } = entry;
  if (type === 'compaction' || type === 'branch_summary') return summaryOf(summary);
  if (type === 'custom_message')
    return display ? [message({ role: 'system', content: contentOf(content) })] : [];
  return type === 'message' && isValueObject(payload) ? said(payload, textOf(entry.id)) : [];
}

function said(payload: ValueObject, entryId: string | null): readonly ValueObject[] {
  const content = contentOf(payload.content);
  switch (payload.role) {
    case 'user':
      return [message({ role: 'user', content })];
    case 'assistant':
      return [answerOf(payload)];
    case 'toolResult':
      return [
        message({
          role: 'tool',
          content,
          callId: requiredText(payload.toolCallId, 'toolCallId of a result'),
        }),
      ];
    case 'bashExecution':
      return payload.excludeFromContext ? [] : bashOf(payload, `bash_${entryId ?? 'unknown'}`);
    case 'custom':
      return payload.display ? [message({ role: 'system', content })] : [];
    case 'compactionSummary':
    case 'branchSummary':
      return summaryOf(payload.summary);
    default:
      return [];
  }
}

function answerOf({ content }: ValueObject): ValueObject {
  const blocks = isValueList(content) ? content : [content ?? null];
  const texts: string[] = [];
  const thoughts: string[] = [];
  const calls: ValueObject[] = [];
  for (const block of blocks) {
    if (typeof block === 'string' && block !== '') texts.push(block);
    if (!isValueObject(block)) continue;
    const [text, thinking] = [textOf(block.text), textOf(block.thinking)];
    if (block.type === 'text' && text !== null) texts.push(text);
    if (block.type === 'thinking' && thinking !== null) thoughts.push(thinking);
    if (block.type === 'toolCall') {
      calls.push(toolCall(anyTextOf(block.id), anyTextOf(block.name), argumentsText(block.arguments)));
    }
  }
  return message({ role: 'assistant', content: joined(texts) ?? '', reasoning: joined(thoughts), calls });
}

function bashOf({ command, output, exitCode }: ValueObject, id: string): readonly ValueObject[] {
  const code = (exitCode ?? null) === null ? [] : [`[exit code: ${anyTextOf(exitCode)}]`];
  const result = [...[textOf(output)].flatMap((text) => text ?? []), ...code].join('\n');
  const calls = [toolCall(id, 'bash', argumentsText({ command: anyTextOf(command) }))];
  return [
    message({ role: 'assistant', content: '', calls }),
    message({ role: 'tool', content: result, callId: id }),
  ];
}

function summaryOf(summary: Value | undefined): readonly ValueObject[] {
  const content = textOf(summary);
  return content === null ? [] : [message({ role: 'system', content })];
}

/** Text and lists as they are, all else as JSON. */
export function contentOf(content: Value | undefined): Value {
  if (content === undefined || content === null) return '';
  return typeof content === 'string' || isValueList(content) ? content : argumentsText(content);
}

export function distinct(texts: readonly (string | null)[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== null))];
}
