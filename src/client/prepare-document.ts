import { basename, extname } from 'node:path';
import { type PreparedConfig, type PrepareOptions, prepareConfig } from '../config/prepare.ts';
import { findSeedFiles } from '../generators/seed-files.ts';
import { openSeedSource } from '../generators/seed-source.ts';

/** Loads, checks and resolves a document with the seed files it names. Throws `ConfigError` with all that is wrong. */
export function prepareDocument(options: Omit<PrepareOptions, 'seedReader'>): Promise<PreparedConfig> {
  return prepareConfig({ ...options, seedReader: { findSeedFiles, openSeedSource } });
}

/** A document to look at, with no dataset of it. */
export interface DocumentOptions extends Pick<PrepareOptions, 'file' | 'cwd' | 'home' | 'environment'> {
  /** Every provider answers offline and no key is needed. */
  readonly isSimulated: boolean;
}

/** Prepares a document as for a new dataset of few rows: neither name nor count changes what is checked. */
export function prepareToLook(options: DocumentOptions): Promise<PreparedConfig> {
  const datasetName = basename(options.file, extname(options.file));
  return prepareDocument({ ...options, datasetName, rows: 1, recorded: null });
}
