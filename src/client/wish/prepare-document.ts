import { basename, extname } from 'node:path';
import { type PreparedConfig, type PrepareOptions, prepareConfig } from '../../config/prepare.ts';
import { openDocument } from '../../documents/open-document.ts';
import { bundleModule } from '../../modules/bundle.ts';
import { PERSONA_FILES } from '../../personas/persona-file.ts';
import { openSeeds } from '../../seeds/open-seeds.ts';
import { storeFolder } from './store-folder.ts';

/** A document to look at, with no dataset of it. */
export interface DocumentOptions
  extends Pick<PrepareOptions, 'file' | 'scriptArgs' | 'cwd' | 'home' | 'environment' | 'runConfig'> {
  /** Every provider answers offline and no key is needed. */
  readonly isSimulated: boolean;
}

/**
 * Prepares a document as for a new dataset of few rows: neither name nor count changes what is checked.
 * Throws `ConfigError` with all that is wrong.
 */
export function prepareToLook(options: DocumentOptions): Promise<PreparedConfig> {
  const datasetName = basename(options.file, extname(options.file));
  return prepareConfig({
    ...{ ...options, openDocument, openSeeds, bundleModule, personas: PERSONA_FILES, datasetName },
    ...{ rows: 1, rowsBefore: 1, recorded: null, directory: storeFolder(options) },
  });
}
