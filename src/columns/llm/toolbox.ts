// The tools that the model of a column may call, and how they are called.

import { ModelError } from '../../errors.ts';
import type { ToolDefinition } from '../../models/model-client.ts';
import { findOwn } from '../../own-keys.ts';
import type { ToolUse } from '../../plan.ts';
import { plural } from '../../text/plural.ts';
import { chooseTools, type OfferedTools } from '../../tools/choose-tools.ts';
import type { ToolCall, ToolTurn } from '../../turns.ts';
import type { Calls, CellKey } from '../calls.ts';

/** In Data Designer's words. */
const REFUSAL =
  'Tool call refused: You have reached the maximum number of tool-calling turns. Please provide your final response without requesting additional tool calls.';

export interface ToolboxOptions {
  readonly use: ToolUse;
  /** Of the tool config. */
  readonly alias: string;
}

/** Of a column in a process: what its servers have is asked for by the first cell that needs it. */
export class Toolbox {
  readonly #options: ToolboxOptions;
  #opening: Promise<OfferedTools> | undefined;

  constructor(options: ToolboxOptions) {
    this.#options = options;
  }

  /** What the model is offered; undefined where tools are not to be called. Throws as `Calls.call`. */
  async open(cell: CellKey, calls: Calls): Promise<OfferedTools | undefined> {
    if (calls.settings.tools === undefined) return undefined;
    this.#opening ??= this.#list(cell, calls).catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #list(cell: CellKey, calls: Calls): Promise<OfferedTools> {
    const { use } = this.#options;
    const timeoutMs = this.#timeoutMs(calls);
    const listings = new Map<string, readonly ToolDefinition[]>();
    for (const tools of use.servers)
      await calls.call([cell], {
        limiter: { tools },
        send: async (_, sending) => ({ answer: await sending.listTools(timeoutMs), cost: null }),
        keep(listing) {
          listings.set(tools, listing);
          return [];
        },
      });
    const chosen = chooseTools(use, listings);
    if ('problem' in chosen)
      throw new ModelError(chosen.problem, { failure: 'denied', remedy: 'correct the tool config' });
    return chosen;
  }

  /** What is wrong with an answer that asks for tools when so many did before; null where nothing is. */
  problemOf(turnsBefore: number): string | null {
    const { maxTurns } = this.#options.use;
    if (turnsBefore <= maxTurns) return null;
    return `The model goes on asking for tools after ${plural(maxTurns, 'answer')} that did (max_tool_call_turns)`;
  }

  /** Of the calls of an answer, what the model is told of those that are not made. */
  refusedOf(
    asked: readonly ToolCall[],
    of: OfferedTools & { readonly turnsBefore: number },
  ): readonly ToolTurn[] {
    const isOver = of.turnsBefore >= this.#options.use.maxTurns;
    return asked.flatMap((call) => {
      const text = isOver ? REFUSAL : misfitOf(call, of);
      return text === null ? [] : [{ by: 'tool', call: call.id, text }];
    });
  }

  /** Makes a call; `keep` is given what the model is told of it. Throws as `Calls.call`. */
  call(
    { id, name, args }: ToolCall,
    of: {
      readonly cell: CellKey;
      readonly calls: Calls;
      readonly offered: OfferedTools;
      readonly keep: (turn: ToolTurn) => void;
    },
  ): Promise<void> {
    const { cell, calls, offered, keep } = of;
    const timeoutMs = this.#timeoutMs(calls);
    return calls.call([cell], {
      limiter: { tools: offered.serverOf.get(name)! },
      isContinued: true,
      send: (_, sending) => sending.callTool({ tool: name, args: argsIn(args) ?? {}, timeoutMs }),
      keep(answer) {
        const turn: ToolTurn = { by: 'tool', call: id, ...answer };
        keep(turn);
        return [{ status: 'call', turns: [turn] }];
      },
    });
  }

  #timeoutMs({ settings }: Calls): number {
    const { alias } = this.#options;
    const tools = findOwn(settings.tools?.aliases ?? {}, alias);
    if (tools === undefined) throw new RangeError(`No tools "${alias}" in the settings`);
    return tools.timeoutMs;
  }
}

function misfitOf({ name, args }: ToolCall, { definitions }: OfferedTools): string | null {
  if (!definitions.some((tool) => tool.name === name)) {
    const names = definitions.map((tool) => tool.name);
    return `Error: there is no tool "${name}"; the tools are ${names.join(', ') || 'none'}`;
  }
  return argsIn(args) === null ? 'Error: the arguments of the call are no JSON' : null;
}

/** As in Data Designer, what is JSON and no object counts as one without fields. Null for what is no JSON. */
function argsIn(args: string): object | null {
  if (args.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(args);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {};
  } catch {
    return null;
  }
}
