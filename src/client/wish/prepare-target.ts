import {
  type OpenDocument,
  type PreparedConfig,
  type PrepareOptions,
  prepareConfig,
} from '../../config/prepare.ts';
import { ConfigError } from '../../errors.ts';
import { bundleModule } from '../../modules/bundle.ts';
import { PERSONA_FILES } from '../../personas/persona-file.ts';
import type { ReadSource } from '../../seeds/seed-source.ts';
import { isWebAddress } from '../../text/web-address.ts';
import { OPENERS, type Openers } from './openers.ts';
import type { Target } from './target.ts';

/** A document as the dataset of its name is made from it. */
export interface PreparedTarget {
  readonly config: PreparedConfig;
  /** The rows of its seeds, as they are now. */
  readonly seedSource: ReadSource | null;
}

type Prepared =
  | 'file'
  | 'scriptArgs'
  | 'directory'
  | 'datasetName'
  | keyof Openers
  | 'bundleModule'
  | 'personas';

/** Loads, checks and resolves the document of a target. Throws `ConfigError` with all that is wrong with it. */
export async function prepareTarget(
  { document: file, scriptArgs, directory, name: datasetName, isRecorded }: Target,
  {
    openers: { openDocument: openAny, openSeeds } = OPENERS,
    ...options
  }: Omit<PrepareOptions, Prepared> & { readonly openers?: Openers | undefined },
): Promise<PreparedTarget> {
  const { isSimulated } = options;
  let seedSource: ReadSource | null = null;
  const openDocument: OpenDocument = async (asked) => {
    try {
      return await openAny(asked);
    } catch (error) {
      if (!(error instanceof ConfigError && isRecorded && asked.file === file && isWebAddress(file)))
        throw error;
      const hint =
        'the record of the dataset keeps no query of an address, so name the full address if it has one';
      throw new ConfigError(
        error.violations.map((found) => ({ ...found, message: `${found.message}; ${hint}` })),
      );
    }
  };
  const config = await prepareConfig({
    ...{
      ...options,
      file,
      scriptArgs,
      directory,
      datasetName,
      openDocument,
      bundleModule,
      personas: PERSONA_FILES,
    },
    async openSeeds(source, places) {
      const found = await openSeeds(source, { ...places, isSimulated });
      if ('source' in found) seedSource = found.source;
      return found;
    },
  });
  return { config, seedSource };
}
