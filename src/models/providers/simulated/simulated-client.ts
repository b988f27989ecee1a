// A model in the process: free, offline, deterministic. Its answers are made up; its latencies, errors and 429s are
// those of the settings, drawn for each try, so that a retry succeeds.

import { ModelError } from '../../../errors.ts';
import type { SimulationSettings } from '../../../plan.ts';
import { timedOut } from '../../failures.ts';
import type {
  CallRequest,
  ChatRequest,
  EmbeddingAnswer,
  EmbeddingRequest,
  ImageAnswer,
  ImageRequest,
  ModelAnswer,
  ModelClient,
} from '../../model-client.ts';
import { sleep } from '../../sleep.ts';
import { encodeVector } from '../../vectors.ts';
import type { ClientOptions } from '../provider-kind.ts';
import {
  drawLatencyMs,
  SIMULATED_DIMENSIONS,
  simulateAnswer,
  simulateTokens,
  simulateToolCalls,
  simulateVector,
  streamOf,
} from './simulated-answer.ts';
import { simulatePicture } from './simulated-picture.ts';

export const INSTANT: SimulationSettings = { latencyMs: 0, jitter: 1, errorRate: 0, busyRate: 0 };

/** The host that records of simulated answers carry. */
export const SIMULATED_HOST = 'simulated';

/** How long a simulated 429 asks to wait. */
const RETRY_AFTER_MS = 1_000;

export function openClient({ provider }: ClientOptions): ModelClient {
  return createSimulatedClient(provider.simulation ?? INSTANT);
}

export function createSimulatedClient(settings: SimulationSettings): ModelClient {
  const { latencyMs, jitter, errorRate, busyRate } = settings;
  // Only cells whose last call failed are here: their number of failures makes the next draw another one.
  const failures = new Map<string, number>();

  async function chat(request: ChatRequest): Promise<ModelAnswer> {
    await meetFate(request);
    const { model, messages, responseSchema } = request;
    const toolCalls = simulateToolCalls(request);
    const [finish, text] =
      toolCalls.length > 0
        ? (['tool-calls', ''] as const)
        : (['stop', simulateAnswer({ model, messages, schema: responseSchema?.schema ?? null })] as const);
    return {
      ...{ text, reasoning: null, toolCalls, finish, finishReason: finish, refusal: null },
      promptTokens: messages.reduce((sum, { content }) => sum + simulateTokens(content), 0),
      completionTokens: simulateTokens(text),
      status: 200,
    };
  }

  async function embed(request: EmbeddingRequest): Promise<EmbeddingAnswer> {
    await meetFate(request);
    const { model, inputs, parameters } = request;
    const dimensions = Number(parameters.dimensions ?? SIMULATED_DIMENSIONS);
    return {
      vectors: inputs.map((input) => encodeVector(simulateVector({ model, input, dimensions }))!),
      promptTokens: inputs.reduce((sum, input) => sum + simulateTokens(input), 0),
      status: 200,
    };
  }

  /** Waits as long as the call takes, and throws the error that it meets. */
  async function meetFate({ model, timeoutMs, signal, ...request }: CallRequest): Promise<void> {
    const cell = `${request.cell.column}/${request.cell.row}`;
    const failed = failures.get(cell) ?? 0;
    const draw = streamOf(JSON.stringify(['call', model, cell, failed]));
    const fate = draw();
    const waitMs = drawLatencyMs(latencyMs, jitter, draw);
    if (waitMs > 0) await sleep(Math.min(waitMs, timeoutMs), signal);
    const error = errorOf(fate) ?? (waitMs > timeoutMs ? timedOut(SIMULATED_HOST, timeoutMs) : null);
    if (error === null) {
      failures.delete(cell);
      return;
    }
    failures.set(cell, failed + 1);
    throw error;
  }

  function errorOf(fate: number): ModelError | null {
    if (fate < busyRate) {
      const options = { failure: 'busy', status: 429, retryAfterMs: RETRY_AFTER_MS } as const;
      return new ModelError('simulated answered 429: made to be busy', options);
    }
    if (fate >= busyRate + errorRate) return null;
    return new ModelError('simulated answered 500: made to fail', { failure: 'unavailable', status: 500 });
  }

  async function picture(request: ImageRequest): Promise<ImageAnswer> {
    await meetFate(request);
    const { model, messages } = request;
    const prompt = messages.map(({ content }) => content).join('\n');
    const base64 = simulatePicture({ model, prompt }).toString('base64');
    const promptTokens = simulateTokens(prompt);
    return { pictures: [{ base64 }], text: '', promptTokens, completionTokens: 0, status: 200 };
  }

  const fetch = () => Promise.reject(new TypeError('Simulated pictures have no address'));
  return {
    host: SIMULATED_HOST,
    chat,
    embed,
    picture,
    fetch,
    close: async () => undefined,
  };
}
