import type { ValueObject } from '../../values.ts';
import { sorted } from './claude-code.ts';
import {
  anyTextOf,
  argumentsText,
  filled,
  listOf,
  objectOf,
  requiredText,
  spanOf,
  textOf,
} from './fields.ts';
import type { RolloutFormat } from './format.ts';
import { joined, message, toolCall } from './session.ts';

const CALLS = ['function_call', 'custom_tool_call', 'apply_patch_call'];

export const codex: RolloutFormat = {
  home: '.codex/sessions',
  pattern: '*.jsonl',
  isSession: (relativePath) => /(?:^|\/)rollout-[^/]*\.jsonl$/.test(relativePath),
  read({ stem, records }) {
    const messages: ValueObject[] = [];
    const times: string[] = [];
    const itemTypes: string[] = [];
    /** Goes to the next thing that the assistant says or calls. */
    let reasoning: string[] = [];
    let session: ValueObject = {};
    for (const record of records) {
      times.push(...someText(record.timestamp));
      const payload = objectOf(record.payload);
      if (payload === null) continue;
      if (record.type === 'session_meta') {
        session = payload;
        times.push(...someText(payload.timestamp));
      } else if (record.type === 'event_msg') {
        if (payload.type === 'agent_reasoning') reasoning.push(...someText(payload.text));
      } else if (record.type === 'response_item') {
        const type = textOf(payload.type) ?? 'unknown';
        itemTypes.push(type);
        if (type === 'reasoning') {
          reasoning.push(...listOf(payload.summary).flatMap((part) => someText(objectOf(part)?.text)));
          continue;
        }
        const made = messageOf(type, payload, joined(reasoning));
        if (made === null) continue;
        messages.push(made);
        if (made.role !== 'tool') reasoning = [];
      }
    }
    const { first, last } = spanOf(times);
    return {
      traceId: textOf(session.id) ?? stem,
      cwd: textOf(session.cwd),
      gitBranch: textOf(session.git_branch),
      startedAt: textOf(session.timestamp) ?? first,
      endedAt: last,
      messages,
      meta: {
        record_count: BigInt(records.length),
        record_types: sorted(records.map(({ type }) => textOf(type) ?? 'unknown')),
        response_item_types: sorted(itemTypes),
        ...filled({
          originator: textOf(session.originator),
          cli_version: textOf(session.cli_version),
          model_provider: textOf(session.model_provider),
          source: textOf(session.source),
          unattached_reasoning: reasoning,
        }),
      },
    };
  },
};

function messageOf(type: string, item: ValueObject, reasoning: string | null): ValueObject | null {
  if (type === 'message') {
    const role = requiredText(item.role, 'role of a message');
    return message({ role, content: item.content, reasoning: role === 'assistant' ? reasoning : null });
  }
  if (CALLS.includes(type)) {
    const [id, name] = [
      requiredText(item.call_id, 'call_id of a call'),
      requiredText(item.name, 'name of a call'),
    ];
    const args = 'arguments' in item ? argumentsText(item.arguments) : anyTextOf(item.input);
    return message({ role: 'assistant', content: '', reasoning, calls: [toolCall(id, name, args)] });
  }
  if (!CALLS.some((call) => type === `${call}_output`)) return null;
  const callId = requiredText(item.call_id, 'call_id of an output');
  return message({ role: 'tool', content: item.output, callId });
}

function someText(value: Parameters<typeof textOf>[0]): readonly string[] {
  const text = textOf(value);
  return text === null ? [] : [text];
}
