// `agent_rollout`: the sessions that an agent recorded, a row for each file. A broken or empty file has no row that counts
// for more than its place: it is told of, and left out.

import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { SeedSourceOf } from '../../config/schema/seeds.ts';
import { isValueObject, type ValueObject } from '../../values.ts';
import { type FolderFile, findFolderFiles } from '../folder-files.ts';
import { parseSeedJson } from '../json-file.ts';
import { SeedProblem } from '../problems.ts';
import { atif } from './atif.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { RolloutError } from './fields.ts';
import type { RolloutFormat } from './format.ts';
import { hermesAgent } from './hermes-agent.ts';
import { piCodingAgent } from './pi-coding-agent.ts';
import { rowOfSession } from './session.ts';

type Source = SeedSourceOf<'agent_rollout'>;

export const ROLLOUTS: { readonly [Name in Source['format']]: RolloutFormat } = {
  atif,
  claude_code: claudeCode,
  codex,
  hermes_agent: hermesAgent,
  pi_coding_agent: piCodingAgent,
};

export interface RolloutOptions {
  readonly source: Source;
  readonly folder: string;
  /** Hears of each file that is left out, after its name. */
  warn(file: string, message: string): void;
}

/** Throws `SeedProblem` where no session is left. */
export async function* rolloutRows({ source, folder, warn }: RolloutOptions): AsyncGenerator<ValueObject> {
  const format = ROLLOUTS[source.format];
  const pattern = source.file_pattern ?? format.pattern;
  const files = await findFolderFiles(folder, { pattern, isRecursive: source.recursive });
  const index = await readIndexes(format, { folder, isRecursive: source.recursive, warn });
  let rows = 0;
  for (const file of files.filter(({ relativePath }) => format.isSession(relativePath))) {
    const row = await findRow(file, { format, name: source.format, index, warn });
    if (row === null) continue;
    rows += 1;
    yield row;
  }
  if (rows === 0) {
    throw new SeedProblem('format', `is ${source.format}, and there is no such session in ${folder}`);
  }
}

async function findRow(
  { path }: FolderFile,
  options: {
    readonly format: RolloutFormat;
    readonly name: string;
    readonly index: ReadonlyMap<string, ValueObject>;
    readonly warn: RolloutOptions['warn'];
  },
): Promise<ValueObject | null> {
  const isJson = extname(path) === '.json';
  try {
    const text = await readFile(path, 'utf8');
    const records = isJson ? [objectIn(text, '')] : linesOf(text);
    if (records.length === 0) throw new RolloutError('is empty');
    const stem = basename(path, extname(path));
    const session = options.format.read({ stem, isJson, records }, options.index);
    return rowOfSession(session, { format: options.name, path });
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    options.warn(path, `${error.message}: it is left out`);
    return null;
  }
}

async function readIndexes(
  { indexName, readIndex }: RolloutFormat,
  { folder, isRecursive, warn }: { folder: string; isRecursive: boolean; warn: RolloutOptions['warn'] },
): Promise<ReadonlyMap<string, ValueObject>> {
  const entries = new Map<string, ValueObject>();
  if (indexName === undefined || readIndex === undefined) return entries;
  for (const { path } of await findFolderFiles(folder, { pattern: indexName, isRecursive })) {
    try {
      for (const [session, entry] of readIndex(objectIn(await readFile(path, 'utf8'), ''))) {
        entries.set(session, entry);
      }
    } catch (error) {
      if (!(error instanceof RolloutError)) throw error;
      warn(path, `${error.message}: it is left out`);
    }
  }
  return entries;
}

function linesOf(text: string): readonly ValueObject[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [objectIn(line, ` in line ${index + 1}`)]));
}

function objectIn(text: string, where: string): ValueObject {
  try {
    const value = parseSeedJson(text.trim());
    if (isValueObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RolloutError(`is not JSON${where}: ${error.message}`);
  }
  throw new RolloutError(`is no object${where}`);
}
