import { type PreparedConfig, type PrepareOptions, prepareConfig } from '../../config/prepare.ts';
import { bundleModule } from '../../modules/bundle.ts';
import { PERSONA_FILES } from '../../personas/persona-file.ts';
import type { ReadSource } from '../../seeds/seed-source.ts';
import { OPENERS, type Openers } from './openers.ts';
import type { Target } from './target.ts';

/** A document as the dataset of its name is made from it. */
export interface PreparedTarget {
  readonly config: PreparedConfig;
  /** The rows of its seeds, as they are now. */
  readonly seedSource: ReadSource | null;
}

type Prepared = 'file' | 'directory' | 'datasetName' | keyof Openers | 'bundleModule' | 'personas';

/** Loads, checks and resolves the document of a target. Throws `ConfigError` with all that is wrong with it. */
export async function prepareTarget(
  { document: file, directory, name: datasetName }: Target,
  {
    openers: { openDocument, openSeeds } = OPENERS,
    ...options
  }: Omit<PrepareOptions, Prepared> & { readonly openers?: Openers | undefined },
): Promise<PreparedTarget> {
  const { isSimulated } = options;
  let seedSource: ReadSource | null = null;
  const config = await prepareConfig({
    ...{ ...options, file, directory, datasetName, openDocument, bundleModule, personas: PERSONA_FILES },
    async openSeeds(source, places) {
      const found = await openSeeds(source, { ...places, isSimulated });
      if ('source' in found) seedSource = found.source;
      return found;
    },
  });
  return { config, seedSource };
}
