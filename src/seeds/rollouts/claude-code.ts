import { findOwn } from '../../own-keys.ts';
import { isValueList, isValueObject, type Value, type ValueObject } from '../../values.ts';
import {
  anyTextOf,
  argumentsText,
  filled,
  listOf,
  objectOf,
  RolloutError,
  requiredText,
  spanOf,
  textOf,
} from './fields.ts';
import type { RolloutFormat } from './format.ts';
import { joined, message, textBlock, toolCall } from './session.ts';

export const claudeCode: RolloutFormat = {
  home: '.claude/projects',
  pattern: '*.jsonl',
  isSession(relativePath) {
    const names = relativePath.split('/');
    return (
      relativePath.endsWith('.jsonl') && !names.includes('tool-results') && names.at(-1) !== 'history.jsonl'
    );
  },
  indexName: 'sessions-index.json',
  readIndex: ({ entries }) =>
    listOf(entries).flatMap((entry) => {
      const id = textOf(objectOf(entry)?.sessionId);
      return id === null ? [] : [[id, entry as ValueObject] as const];
    }),
  read({ stem, records }, index) {
    const first = (field: string) =>
      records.map((record) => textOf(findOwn(record, field))).find((text) => text !== null) ?? null;
    const texts = (field: string) => records.flatMap((record) => textOf(findOwn(record, field)) ?? []);
    const session = first('sessionId') ?? stem;
    const agentId = first('agentId');
    const entry = index.get(session) ?? {};
    const { first: startedAt, last: endedAt } = spanOf(texts('timestamp'));
    return {
      traceId: agentId === null ? session : `${session}:${agentId}`,
      rootSessionId: session,
      agentId,
      isSidechain: records.some(({ isSidechain }) => isSidechain === true),
      cwd: first('cwd'),
      projectPath: textOf(entry.projectPath),
      gitBranch: first('gitBranch'),
      ...{ startedAt, endedAt },
      messages: records.flatMap((record) => {
        if (record.type === 'assistant') return assistantMessages(payloadOf(record));
        return record.type === 'user' ? userMessages(payloadOf(record)) : [];
      }),
      meta: {
        record_count: BigInt(records.length),
        record_types: sorted(records.map(({ type }) => textOf(type) ?? 'unknown')),
        ...filled({
          claude_versions: sorted(texts('version')),
          summary: textOf(entry.summary),
          first_prompt: textOf(entry.firstPrompt),
        }),
      },
    };
  },
};

function payloadOf({ message: payload }: ValueObject): ValueObject {
  if (!isValueObject(payload)) throw new RolloutError('has a record without its message');
  return payload;
}

function assistantMessages({ content }: ValueObject): readonly ValueObject[] {
  const shown: ValueObject[] = [];
  const reasoning: string[] = [];
  const calls: ValueObject[] = [];
  const results: ValueObject[] = [];
  for (const block of rawBlocks(content)) {
    if (block.type === 'thinking')
      reasoning.push(...[textOf(block.thinking) ?? textOf(block.text)].flatMap((text) => text ?? []));
    else if (block.type === 'tool_use') {
      const [id, name] = [requiredText(block.id, 'id of a call'), requiredText(block.name, 'name of a call')];
      calls.push(toolCall(id, name, argumentsText(block.input)));
    } else if (block.type === 'tool_result') results.push(resultOf(block));
    else shown.push(blockOf(block));
  }
  const isSaid = shown.length + reasoning.length + calls.length > 0;
  const said = { role: 'assistant', content: shown, reasoning: joined(reasoning), calls };
  return [...(isSaid ? [message(said)] : []), ...results];
}

function userMessages({ content }: ValueObject): readonly ValueObject[] {
  const blocks =
    isValueList(content) || objectOf(content)?.type === 'tool_result' ? rawBlocks(content) : null;
  if (blocks === null) return [message({ role: 'user', content })];
  const results = blocks.filter(({ type }) => type === 'tool_result').map(resultOf);
  const shown = blocks.filter(({ type }) => type !== 'tool_result').map(blockOf);
  return [...(shown.length > 0 ? [message({ role: 'user', content: shown })] : []), ...results];
}

function resultOf(block: ValueObject): ValueObject {
  const callId = requiredText(block.tool_use_id, 'tool_use_id of a result');
  return message({ role: 'tool', content: block.content, callId });
}

function rawBlocks(content: Value | undefined): readonly ValueObject[] {
  if (content === undefined || content === null) return [];
  const blocks = isValueList(content) ? content : [content];
  return blocks.map((block) => objectOf(block) ?? textBlock(anyTextOf(block)));
}

function blockOf(block: ValueObject): ValueObject {
  const isText = ['text', 'input_text', 'output_text'].includes(textOf(block.type) ?? 'text');
  return isText && 'text' in block
    ? textBlock(anyTextOf(block.text))
    : 'type' in block
      ? block
      : textBlock(anyTextOf(block));
}

export function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
