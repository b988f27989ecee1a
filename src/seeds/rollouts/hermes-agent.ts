import { isValueList, type Value, type ValueObject } from '../../values.ts';
import { argumentsText, filled, listOf, objectOf, RolloutError, requiredText, textOf } from './fields.ts';
import type { RolloutFormat } from './format.ts';
import { contentOf, distinct } from './pi-coding-agent.ts';
import { message, toolCall } from './session.ts';

/** What `sessions.json` may tell of a session. */
const INDEX_FIELDS = [
  'session_key',
  'display_name',
  'platform',
  'chat_type',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'total_tokens',
  'last_prompt_tokens',
  'estimated_cost_usd',
  'cost_status',
  'memory_flushed',
];

export const hermesAgent: RolloutFormat = {
  home: '.hermes/sessions',
  pattern: '*.json*',
  isSession(relativePath) {
    const name = relativePath.slice(relativePath.lastIndexOf('/') + 1);
    return name.endsWith('.jsonl') || (name.startsWith('session_') && name.endsWith('.json'));
  },
  indexName: 'sessions.json',
  readIndex: (index) =>
    Object.entries(index).flatMap(([key, entry]): (readonly [string, ValueObject])[] => {
      if (typeof entry === 'string') return entry === '' ? [] : [[entry, { session_key: key }]];
      const id = textOf(objectOf(entry)?.session_id);
      return id === null ? [] : [[id, { session_key: key, ...objectOf(entry) }]];
    }),
  read: ({ isJson, stem, records }, index) =>
    isJson ? cliSession(stem, records[0] ?? {}) : transcript(stem, { records, entry: index.get(stem) ?? {} }),
};

function cliSession(stem: string, session: ValueObject) {
  const records = mapsIn(session.messages);
  const prompt = textOf(session.system_prompt);
  const tools = listOf(session.tools);
  const names = distinct(tools.map((tool) => textOf(objectOf(objectOf(tool)?.function)?.name)));
  return {
    traceId: textOf(session.session_id) ?? stem.replace(/^session_/, ''),
    startedAt: textOf(session.session_start),
    endedAt: textOf(session.last_updated),
    messages: [
      ...(prompt === null ? [] : [message({ role: 'system', content: prompt })]),
      ...records.map(messageOf),
    ],
    meta: {
      record_count: BigInt(records.length),
      session_format: 'cli_session_log',
      available_tool_count: BigInt(names.length),
      available_tool_names: names,
      finish_reasons: finishReasons(records),
      ...filled({
        model: textOf(session.model),
        base_url: textOf(session.base_url),
        platform: textOf(session.platform),
        has_system_prompt: prompt === null ? null : true,
        system_prompt_chars: prompt === null ? null : BigInt([...prompt].length),
        tools: tools.length === 0 ? null : argumentsText(tools),
      }),
    },
  };
}

function transcript(
  stem: string,
  { records, entry }: { readonly records: readonly ValueObject[]; readonly entry: ValueObject },
) {
  const used = records.flatMap(({ tool_calls: calls }) =>
    listOf(calls).map((call) => textOf(objectOf(objectOf(call)?.function)?.name)),
  );
  const told = Object.entries(entry).filter(([field]) => INDEX_FIELDS.includes(field));
  const origin = objectOf(entry.origin);
  return {
    traceId: stem,
    startedAt: textOf(entry.created_at),
    endedAt: textOf(entry.updated_at),
    messages: records.map(messageOf),
    meta: {
      record_count: BigInt(records.length),
      session_format: 'gateway_transcript',
      finish_reasons: finishReasons(records),
      tool_names_used: distinct(used),
      ...Object.fromEntries(told),
      ...(origin === null || Object.keys(origin).length === 0 ? {} : { origin }),
    },
  };
}

function messageOf(record: ValueObject): ValueObject {
  const content = contentOf(record.content);
  if (record.role === 'tool') {
    return message({
      role: 'tool',
      content,
      callId: requiredText(record.tool_call_id, 'tool_call_id of a result'),
    });
  }
  const calls = (record.tool_calls ?? null) === null ? [] : mapsIn(record.tool_calls).map(callOf);
  return message({ role: record.role, content, reasoning: textOf(record.reasoning), calls });
}

function callOf(call: ValueObject): ValueObject {
  const made = objectOf(call.function) ?? {};
  return toolCall(
    requiredText(call.id || call.call_id, 'id of a call'),
    requiredText(made.name || call.name, 'name of a call'),
    argumentsText('arguments' in made ? made.arguments : call.arguments),
  );
}

function finishReasons(records: readonly ValueObject[]): readonly string[] {
  const answers = records.filter(({ role }) => role === 'assistant');
  return distinct(answers.map(({ finish_reason: reason }) => textOf(reason)));
}

function mapsIn(list: Value | undefined): readonly ValueObject[] {
  const maps = listOf(list).map(objectOf);
  if (!isValueList(list) || maps.includes(null))
    throw new RolloutError('has no list of messages, or of calls');
  return maps as readonly ValueObject[];
}
