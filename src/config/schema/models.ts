// Models and providers, with the fields of Data Designer's ModelConfig and ModelProvider.

import { z } from 'zod';
import {
  filledText,
  flag,
  map,
  mapOf,
  oneOf,
  plainText,
  real,
  text,
  value,
  whole,
} from '../../columns/fields.ts';
import { checkRange, checkWeights } from '../../columns/sampler/params.ts';
import { PROVIDER_TYPES } from '../../models/providers/kinds.ts';

/** A number, or a distribution that one is drawn from for each cell. */
const parameter = (bounds: { min: number; max: number }) =>
  z
    .union([
      real(bounds),
      map({
        distribution_type: oneOf(['uniform']).default('uniform'),
        params: map({ low: real(bounds), high: real(bounds) }).superRefine(checkRange),
      }),
      map({
        distribution_type: oneOf(['manual']).default('manual'),
        params: map({
          values: z.array(real(bounds)).min(1),
          weights: z
            .array(real({ min: 0 }))
            .nullable()
            .default(null),
        }).superRefine(checkWeights),
      }),
    ])
    .nullable()
    .default(null);

/** Seconds until an attempt is given up, where a document says nothing. */
export const DEFAULT_TIMEOUT_S = 60;
const DEFAULT_PARALLEL_REQUESTS = 4;

const callParameters = () => ({
  max_parallel_requests: whole({ min: 1, max: 10_000 }).default(DEFAULT_PARALLEL_REQUESTS),
  timeout: whole({ min: 1, max: 86_400 }).nullable().default(null),
  extra_body: mapOf(value()).nullable().default(null),
});

const chatParameters = map({
  generation_type: oneOf(['chat-completion']).default('chat-completion'),
  temperature: parameter({ min: 0, max: 2 }),
  top_p: parameter({ min: 0, max: 1 }),
  max_tokens: whole({ min: 1 }).nullable().default(null),
  ...callParameters(),
});

const embeddingParameters = map({
  generation_type: oneOf(['embedding']).default('embedding'),
  encoding_format: oneOf(['float', 'base64']).default('float'),
  dimensions: whole({ min: 1 }).nullable().default(null),
  ...callParameters(),
});

const imageParameters = map({
  generation_type: oneOf(['image']).default('image'),
  ...callParameters(),
});

const modelFields = {
  alias: filledText(),
  model: filledText(),
  provider: filledText(),
  skip_health_check: flag().default(false),
};

/** By what a model makes. Parameters that all have defaults may be left out. */
export const MODEL_CONFIGS = {
  text: map({ ...modelFields, inference_parameters: chatParameters.prefault({}) }),
  embeddings: map({ ...modelFields, inference_parameters: embeddingParameters.prefault({}) }),
  images: map({ ...modelFields, inference_parameters: imageParameters.prefault({}) }),
};
export type ModelConfig = z.infer<(typeof MODEL_CONFIGS)[keyof typeof MODEL_CONFIGS]>;
export type ParameterConfig = z.infer<typeof chatParameters>['temperature'];

function lowerCase(input: unknown): unknown {
  const word = plainText(input);
  return typeof word === 'string' ? word.toLowerCase() : word;
}

const share = () => real({ min: 0, max: 1 }).default(0);

export const simulation = map({
  /** Median time of an answer. */
  latency_ms: real({ min: 0, max: 600_000 }).default(0),
  /** p99 of the latency ÷ its median. */
  jitter: real({ min: 1, max: 1_000 }).default(1),
  /** Shares of the calls. */
  error_rate: share(),
  busy_rate: share(),
});

export type Simulation = z.infer<typeof simulation>;

export const modelProvider = map({
  name: filledText(),
  endpoint: text().nullable().default(null),
  provider_type: z.preprocess(lowerCase, z.enum(PROVIDER_TYPES)).default('openai'),
  api_key: text().nullable().default(null),
  extra_body: mapOf(value()).nullable().default(null),
  extra_headers: mapOf(text()).nullable().default(null),
  simulation: simulation.nullable().default(null),
});
export type ModelProvider = z.infer<typeof modelProvider>;
