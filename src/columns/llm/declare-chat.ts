// What the kinds that ask a chat model share: their fields, their form, and the columns beside the answer.

import type { z } from 'zod';
import type { ColumnType, PlanColumn, ToolUse } from '../../plan.ts';
import type { Shape } from '../../templates/shape.ts';
import {
  type ColumnConfig,
  columnFields,
  type Declaration,
  type Facts,
  type FieldWord,
  skipFields,
} from '../declaration.ts';
import { filledText, flag, map, oneOf } from '../fields.ts';
import { modelAlias, prompt, systemPrompt } from '../marks.ts';
import { CONTEXT_WORD, type ContextConfig, contextForm, mediaContexts } from '../media/context.ts';
import { list, struct, TEXT } from '../types.ts';

export const TRACES = ['none', 'last_message', 'all_messages'] as const;
export type Trace = (typeof TRACES)[number];

export interface ChatForm {
  readonly prompt: string;
  readonly systemPrompt: string | null;
  readonly alias: string;
  /** What is shown beside the prompt, see `contextsOf`; left out where nothing is. */
  readonly context?: string;
  /** What its model may call; both are left out where it may call nothing. */
  readonly tools?: ToolUse;
  readonly toolAlias?: string;
  /** A view of what every record holds: in no cell's digest. */
  readonly trace: Trace;
  readonly showsReasoning: boolean;
}

export type ChatColumn = PlanColumn<string, ChatForm>;

/** Raised when an answer is read into another value than before. */
export const CHAT_READ_VERSION = 4;

const MESSAGE = {
  ...{ role: TEXT, content: list(struct({ type: TEXT, text: TEXT })), reasoning_content: TEXT },
};
/** As Data Designer writes traces: the content of a message is a list of blocks. */
const TRACE = list(struct(MESSAGE));
const TRACE_WITH_TOOLS = list(
  struct({
    ...MESSAGE,
    tool_calls: list(struct({ id: TEXT, type: TEXT, function: struct({ name: TEXT, arguments: TEXT }) })),
    tool_call_id: TEXT,
  }),
);

/** The names of the columns beside an answer. */
export const traceColumn = (name: string) => `${name}__trace`;
export const reasoningColumn = (name: string) => `${name}__reasoning_content`;

const fieldsOf = <Kind extends string>(kind: Kind) => ({
  ...columnFields(kind),
  prompt: prompt(),
  model_alias: modelAlias('text'),
  system_prompt: systemPrompt().nullable().default(null),
  multi_modal_context: mediaContexts(),
  tool_alias: filledText().nullable().default(null),
  with_trace: oneOf(TRACES).default('none'),
  extract_reasoning_content: flag().default(false),
  ...skipFields(),
});
export interface ChatConfig extends ColumnConfig {
  readonly prompt: string;
  readonly model_alias: string;
  readonly system_prompt: string | null;
  readonly multi_modal_context: ContextConfig;
  readonly tool_alias: string | null;
  readonly with_trace: Trace;
  readonly extract_reasoning_content: boolean;
}

/** What a kind adds: its fields, its type, its part of the form and the words for a change of that. */
interface ChatKind<Kind extends string, Fields extends z.ZodRawShape, Own extends object> {
  readonly kind: Kind;
  readonly about: string;
  readonly fields: Fields;
  type(config: OwnConfig<Fields>): ColumnType;
  shape?(config: OwnConfig<Fields>): Shape | null;
  check?: Declaration<Kind, ColumnConfig & OwnConfig<Fields>, ChatForm & Own>['check'];
  form(config: OwnConfig<Fields>): Own;
  readonly words: { readonly [Field in keyof Own]-?: FieldWord | null };
}
type OwnConfig<Fields extends z.ZodRawShape> = z.output<z.ZodObject<Fields>>;

export function declareChat<const Kind extends string, Fields extends z.ZodRawShape, Own extends object>(
  own: ChatKind<Kind, Fields, Own>,
) {
  type Config = ChatConfig & OwnConfig<Fields>;
  type Form = ChatForm & Own;
  type Input = z.input<z.ZodObject<ReturnType<typeof fieldsOf<Kind>> & Fields>>;
  const declaration: Declaration<Kind, Config, Form, Input> = {
    kind: own.kind,
    about: own.about,
    schema: map({ ...fieldsOf(own.kind), ...own.fields }) as unknown as z.ZodType<Config, Input>,
    sideEffects: ({ name, with_trace, tool_alias, extract_reasoning_content }) => [
      ...(with_trace === 'none'
        ? []
        : [{ name: traceColumn(name), type: tool_alias === null ? TRACE : TRACE_WITH_TOOLS }]),
      ...(extract_reasoning_content ? [{ name: reasoningColumn(name), type: TEXT }] : []),
    ],
    optionalSideEffects: (column) => [
      { name: traceColumn(column), field: 'with_trace: all_messages' },
      { name: reasoningColumn(column), field: 'extract_reasoning_content: true' },
    ],
    type: own.type,
    form: (config, { tools }) => ({
      prompt: config.prompt,
      systemPrompt: config.system_prompt?.trim() === '' ? null : config.system_prompt,
      alias: config.model_alias,
      ...contextForm(config.multi_modal_context),
      ...toolForm(config.tool_alias, tools),
      trace: config.with_trace,
      showsReasoning: config.extract_reasoning_content,
      ...own.form(config),
    }),
    strategy: () => 'cell',
    limiters: ({ alias }) => [{ model: alias }],
    costs: () => true,
    onError: 'drop',
    readVersion: CHAT_READ_VERSION,
    words: {
      prompt: 'prompt',
      systemPrompt: { word: 'system prompt', field: 'system_prompt' },
      context: CONTEXT_WORD,
      tools: { word: 'tools', field: 'tool_alias' },
      ...own.words,
      toolAlias: null,
      alias: null,
      trace: null,
      showsReasoning: null,
    } as Declaration<Kind, Config, Form>['words'],
    follows: {},
    whyNoRedo: null,
    source: () => null,
    causeWord: null,
    ...(own.shape === undefined ? {} : { shape: own.shape }),
    ...(own.check === undefined ? {} : { check: own.check }),
  };
  return declaration;
}

function toolForm(toolAlias: string | null, uses: Facts['tools']): Pick<ChatForm, 'tools' | 'toolAlias'> {
  const tools = toolAlias === null ? undefined : uses.get(toolAlias);
  return toolAlias === null || tools === undefined ? {} : { tools, toolAlias };
}
