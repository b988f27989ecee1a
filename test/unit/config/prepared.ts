// Prepares documents that a test writes out, each in a folder of its own.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PreparedConfig, type PrepareOptions, prepareConfig } from '../../../src/config/prepare.ts';
import { openDocument } from '../../../src/documents/open-document.ts';
import { ConfigError, formatViolation } from '../../../src/errors.ts';
import { bundleModule } from '../../../src/modules/bundle.ts';
import { PERSONA_FILES } from '../../../src/personas/persona-file.ts';
import { openSeeds } from '../../../src/seeds/open-seeds.ts';

export interface Files {
  readonly [name: string]: string | Uint8Array;
}

export type Changes = Partial<Omit<PrepareOptions, 'cwd' | 'home'>>;

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
}

/** Writes files below a new folder and prepares `config.yaml` there; `home/` in it is the user's home. */
export async function prepareFiles(files: Files, changes: Changes = {}): Promise<PreparedConfig> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'rowloom-config-'));
  try {
    await writeFiles(cwd, files);
    return await prepareConfig({
      file: 'config.yaml',
      datasetName: 'tickets',
      rows: 10,
      rowsBefore: 10,
      directory: path.join(cwd, 'artifacts'),
      isSimulated: false,
      recorded: null,
      environment: {},
      openDocument,
      bundleModule,
      personas: PERSONA_FILES,
      openSeeds,
      ...changes,
      cwd,
      home: path.join(cwd, 'home'),
    });
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/** What is wrong with a document, warnings too, each as a line: `error config.yaml:1:2 …`. */
export async function violationsOf(files: Files, changes: Changes = {}): Promise<readonly string[]> {
  try {
    const { warnings } = await prepareFiles(files, changes);
    return warnings.map((violation) => `${violation.level} ${formatViolation(violation)}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.violations.map((violation) => `${violation.level} ${formatViolation(violation)}`);
  }
}
