// `check-models`: one small call to each model that a document asks, with the parameters that its cells would have, and a look
// at the tools that they may call.

import { parametersOf } from '../../columns/llm/chat-input.ts';
import { openToolServer } from '../../config/tool-servers.ts';
import { ModelError } from '../../errors.ts';
import { remedyOf } from '../../models/failures.ts';
import { Limiters } from '../../models/limiters.ts';
import { createModels, type Model } from '../../models/models.ts';
import type { PlanModel, ToolSettings } from '../../plan.ts';
import { plural } from '../../text/plural.ts';
import { askForTools } from '../../tools/check-tools.ts';
import { ToolServers } from '../../tools/tool-servers.ts';
import { type DocumentOptions, prepareToLook } from '../wish/prepare-document.ts';

export interface ModelCheck {
  readonly alias: string;
  /** What the provider calls it. */
  readonly model: string;
  readonly host: string;
  readonly isAnswering: boolean;
  readonly ms: number;
  /** What it answered, or why it did not and what to do, for people. */
  readonly text: string;
}

export interface ToolsCheck {
  /** Of the tool config. */
  readonly tools: string;
  /** Where they are served. */
  readonly providers: readonly string[];
  readonly isAnswering: boolean;
  readonly ms: number;
  /** The names of the tools, or why there are none and what to do, for people. */
  readonly text: string;
}

export interface CheckModelsOptions extends DocumentOptions {
  /** Ends the call in flight, and makes no other. */
  readonly stopSignal: AbortSignal;
}

/** Asks one model after the other, then those who serve tools. Throws `ConfigError` with all that is wrong with the document, before any call. */
export async function* checkModels(
  options: CheckModelsOptions,
): AsyncGenerator<ModelCheck | ToolsCheck, void> {
  const { environment, stopSignal } = options;
  const { config, plan, settings } = await prepareToLook(options);
  const limiters = new Limiters();
  const models = await createModels({ plan, settings, environment, limiters, mayStart: () => true });
  try {
    for (const [alias, planModel] of Object.entries(plan.models)) {
      if (stopSignal.aborted) return;
      const found = config.models.find((model) => model.alias === alias);
      const ask = ASKS[found?.inference_parameters.generation_type ?? 'chat-completion'];
      const model = models.forAlias(alias);
      const startedAt = performance.now();
      const end = await ask(model, { planModel, signal: stopSignal }).then(
        (text) => ({ isAnswering: true, text }),
        (error: unknown) => ({ isAnswering: false, text: describeError(error) }),
      );
      const ms = Math.round(performance.now() - startedAt);
      yield { alias, model: model.name, host: model.client.host, ms, ...end };
    }
  } finally {
    await models.close();
  }
  if (settings.tools !== undefined) yield* checkTools(settings.tools, options);
}

async function* checkTools(
  tools: ToolSettings,
  options: CheckModelsOptions,
): AsyncGenerator<ToolsCheck, void> {
  const { environment, stopSignal: signal } = options;
  const servers = new ToolServers({
    environment,
    find: (name) => openToolServer(tools.servers.find((server) => server.name === name)!, options),
  });
  try {
    for (const [alias, { use, timeoutMs }] of Object.entries(tools.aliases)) {
      if (signal.aborted) return;
      const startedAt = performance.now();
      const end = await askForTools(use, { servers, timeoutMs, signal }).then(
        (found) =>
          'problem' in found
            ? { isAnswering: false, text: found.problem }
            : { isAnswering: true, text: found.definitions.map(({ name }) => name).join(', ') || 'no tool' },
        (error: unknown) => ({ isAnswering: false, text: messageOf(error) }),
      );
      const ms = Math.round(performance.now() - startedAt);
      yield { tools: alias, providers: use.servers, ms, ...end };
    }
  } finally {
    await servers.close();
  }
}

const PROMPT = 'Say hello in one short sentence.';

type GenerationType = 'chat-completion' | 'embedding' | 'image';
interface AskOptions {
  readonly planModel: PlanModel;
  readonly signal: AbortSignal;
}

/** Each asks once and says what came back. Throws `ModelError`. */
const ASKS: Readonly<Record<GenerationType, (model: Model, options: AskOptions) => Promise<string>>> = {
  async 'chat-completion'(model, options) {
    const { planModel } = options;
    // A distribution is drawn in its middle.
    const parameters = parametersOf(planModel, { draw: () => () => 0.5 });
    const messages = [{ role: 'user', content: PROMPT }] as const;
    const answer = await model.client.chat({
      ...callOf(model, options),
      ...{ messages, parameters, responseSchema: null },
    });
    const { text, refusal, finishReason } = answer;
    return text.trim() || refusal || `an answer without text (${finishReason ?? 'no reason given'})`;
  },
  async embedding(model, options) {
    const { extraBody: parameters } = options.planModel;
    const { vectors } = await model.client.embed({ ...callOf(model, options), inputs: [PROMPT], parameters });
    return plural(vectors.length, 'vector');
  },
  async image(model, options) {
    const { extraBody: parameters } = options.planModel;
    const messages = [{ role: 'user', content: 'A red circle on white.' }] as const;
    const { pictures, text } = await model.client.picture({
      ...callOf(model, options),
      ...{ messages, parameters },
    });
    if (pictures.length > 0) return plural(pictures.length, 'picture');
    throw new ModelError(`There is no picture in the answer: ${text || 'it is empty'}`, {
      failure: 'unusable',
    });
  },
};

function callOf({ name, timeoutMs }: Model, { signal }: AskOptions) {
  return { model: name, timeoutMs, signal, cell: { column: 'check-models', row: 0 } };
}

function messageOf(error: unknown): string {
  if (!(error instanceof ModelError)) throw error;
  return error.message;
}

function describeError(error: unknown): string {
  if (!(error instanceof ModelError)) throw error;
  // Of what passes by itself there is nothing to correct.
  const isLasting = error.failure === 'denied' || error.failure === 'rejected';
  return isLasting ? `${error.message} · ${remedyOf(error)}` : error.message;
}
