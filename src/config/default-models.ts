// Data Designer's own models. A document without model_configs has them by their aliases, without writing them; a document
// with some has only those, as in Data Designer. Its file in the home goes before what it would write into that file.

import { readFile } from 'node:fs/promises';
import type { Violation } from '../errors.ts';
import { loadDocument } from './load.ts';
import { dataDesignerFile, type ProviderSearch } from './providers.ts';
import { Report } from './report.ts';
import { type ReadModel, readModels } from './validate.ts';

const BUILT_IN_FILE = "Data Designer's own models";
/** Those of Data Designer 0.9.7, each as a document would write it. */
const BUILT_IN = `model_configs:
  - { alias: nvidia-text, model: nvidia/nemotron-3.5-lightning-30b-a3b, provider: nvidia, inference_parameters: { temperature: 1.0, top_p: 0.95, extra_body: { chat_template_kwargs: { enable_thinking: false } } } }
  - { alias: nvidia-reasoning, model: nvidia/nemotron-3-super-120b-a12b, provider: nvidia, inference_parameters: { temperature: 1.0, top_p: 0.95, extra_body: { reasoning_effort: medium } } }
  - { alias: nvidia-vision, model: nvidia/nemotron-3-nano-omni-30b-a3b-reasoning, provider: nvidia, inference_parameters: { temperature: 0.6, top_p: 0.95 } }
  - { alias: nvidia-embedding, model: nvidia/nemotron-3-embed-1b, provider: nvidia, inference_parameters: { encoding_format: float, extra_body: { input_type: query } } }
  - { alias: openai-text, model: gpt-4.1, provider: openai, inference_parameters: { temperature: 0.85, top_p: 0.95 } }
  - { alias: openai-reasoning, model: gpt-5, provider: openai, inference_parameters: { extra_body: { reasoning_effort: medium } } }
  - { alias: openai-vision, model: gpt-5, provider: openai, inference_parameters: { extra_body: { reasoning_effort: medium } } }
  - { alias: openai-embedding, model: text-embedding-3-large, provider: openai, inference_parameters: { encoding_format: float } }
  - { alias: openrouter-text, model: nvidia/nemotron-3-nano-30b-a3b, provider: openrouter, inference_parameters: { temperature: 1.0, top_p: 1.0 } }
  - { alias: openrouter-reasoning, model: openai/gpt-oss-20b, provider: openrouter, inference_parameters: { temperature: 0.35, top_p: 0.95 } }
  - { alias: openrouter-vision, model: "nvidia/nemotron-3-nano-omni-30b-a3b-reasoning:free", provider: openrouter, inference_parameters: { temperature: 0.6, top_p: 0.95 } }
  - { alias: openrouter-embedding, model: openai/text-embedding-3-large, provider: openrouter, inference_parameters: { encoding_format: float } }
`;

export interface DefaultModels {
  /** Those of the wanted aliases. */
  readonly models: readonly ReadModel[];
  /** The aliases of all that there are. */
  readonly aliases: readonly string[];
  /** Of the files that they stand in, with those that are found later, of their providers. */
  violations(): readonly Violation[];
}

/** Finds default models by alias; reads no file when none is wanted. */
export async function findDefaultModels(
  wanted: readonly string[],
  place: Pick<ProviderSearch, 'environment' | 'home' | 'cwd'>,
): Promise<DefaultModels> {
  if (wanted.length === 0) return { models: [], aliases: [], violations: () => [] };
  const { path, shown: file } = dataDesignerFile('model_configs.yaml', place);
  let bytes: Uint8Array | null = null;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') {
      const cannot = {
        file,
        line: null,
        column: null,
        level: 'error',
        message: `cannot be read: ${message}`,
      };
      return { models: [], aliases: [], violations: () => [cannot as Violation] };
    }
  }
  const builtIn = readFrom(Buffer.from(BUILT_IN), BUILT_IN_FILE, wanted);
  if (bytes === null) return builtIn;
  const own = readFrom(bytes, file, wanted);
  const isOwn = ({ alias }: ReadModel) => own.models.some((model) => model.alias === alias);
  return {
    models: [...own.models, ...builtIn.models.filter((model) => !isOwn(model))],
    aliases: [...own.aliases, ...builtIn.aliases],
    violations: () => [...own.violations(), ...builtIn.violations()],
  };
}

function readFrom(bytes: Uint8Array, file: string, wanted: readonly string[]): DefaultModels {
  const { document, violations } = loadDocument(bytes, file);
  if (document === null) return { models: [], aliases: [], violations: () => violations };
  const report = new Report(document, []);
  const aliases = readModels(new Report(document, [])).flatMap(({ alias }) => alias ?? []);
  return { models: readModels(report, wanted), aliases, violations: () => report.violations };
}

/** What a document with models of its own has to say to have a default model too. */
export function howToAdd({ alias, report: { document } }: ReadModel): string {
  if (document.file !== BUILT_IN_FILE) return `copy it from ${document.file}`;
  const written = document.text.split('\n').find((line) => line.includes(`alias: ${alias},`));
  return `add ${written?.slice('  - '.length)}`;
}
