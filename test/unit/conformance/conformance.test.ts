// Holds what is made here of `conformance/documents/` against what Data Designer 0.9.7 made of them, as
// `conformance/record.py` recorded it. What differs is pinned in `differences.json`; why, is in docs/compatibility.md.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError, type Violation } from '../../../src/errors.ts';
import { buildDocument, type PreparedDocument, prepareDocument } from '../../support/conformance-build.ts';
import { differencesOf, type Recording } from '../../support/conformance-compare.ts';
import { type ConformanceModel, startConformanceModel } from '../../support/conformance-model.ts';

const FOLDER = join(import.meta.dirname, '../../../conformance');
const NAMES = readdirSync(join(FOLDER, 'documents')).map((file) => file.replace('.yaml', ''));
const DIFFERENCES = readJson('differences.json') as { readonly [name: string]: readonly string[] };

/** What is said here where Data Designer has a violation of this type. */
const MEANINGS: Readonly<Record<string, RegExp>> = {
  all_columns_dropped: /are all dropped/,
  code_column_missing: /no column/,
  code_column_not_code: /is checked as/,
  code_lang_mismatch: /not to be checked as/,
  expression_reference_missing: /no column/,
  f_string_syntax: /brace/,
  invalid_column: /no column/,
  invalid_reference: /no column/,
  prompt_without_references: /names no column/,
  skip_reference_missing: /no column/,
};

let model: ConformanceModel;

beforeAll(async () => {
  model = await startConformanceModel();
});

afterAll(() => model.close());

it.each(NAMES)('makes of %s what Data Designer makes of it', async (name) => {
  const recording = readJson(`recordings/${name}.json`) as Recording;
  expect(await replay(name, recording)).toEqual(DIFFERENCES[name] ?? []);
});

it('explains every difference in docs/compatibility.md', () => {
  const page = readFileSync(join(FOLDER, '../docs/compatibility.md'), 'utf8');
  expect(Object.keys(DIFFERENCES).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

async function replay(name: string, recording: Recording): Promise<readonly string[]> {
  const { rows, stopped, violations = [] } = recording;
  const place = { folder: FOLDER, rows, endpoint: model.endpoint };
  let document: PreparedDocument;
  try {
    document = await prepareDocument(`documents/${name}.yaml`, place);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const wrong = error.violations.filter(({ level }) => level === 'error');
    return [
      ...(stopped === undefined ? [`refused here: ${wrong[0]!.message}`] : []),
      ...unsaid(name, violations, error.violations),
      ...misplaced(name, wrong),
    ];
  }
  model.take();
  const built = await buildDocument(document, { rows, endpoint: model.endpoint });
  const asked = model.take();
  const said = unsaid(name, violations, document.prepared.warnings);
  if (stopped !== undefined) {
    const [why] = stopped.messages;
    const kept = rows - built.failures.length;
    return kept === 0 ? said : [...said, `stops there, at ${stopped.at}: ${why!.split('\n')[0]}`];
  }
  return [...said, ...differencesOf(recording, { built, asked })];
}

/** The violations there that nothing is said of here. */
function unsaid(
  name: string,
  there: NonNullable<Recording['violations']>,
  here: readonly Violation[],
): readonly string[] {
  const line = markedLine(name);
  return there
    .filter(
      ({ type, level }) =>
        !here.some(
          (violation) =>
            violation.level === level &&
            (line === null || violation.line === line || violation.line === null) &&
            (MEANINGS[type] ?? /$^/).test(violation.message),
        ),
    )
    .map(({ type, level, column }) => `${level} there: ${type} of ${column}`);
}

/** Where the document marks the line that is wrong, something has to be said of that line. */
function misplaced(name: string, wrong: readonly Violation[]): readonly string[] {
  const line = markedLine(name);
  if (line === null || wrong.some((violation) => violation.line === line)) return [];
  return [`line ${line} is wrong; here: ${wrong.map(({ line: own, message }) => `${own} ${message}`)}`];
}

function markedLine(name: string): number | null {
  const lines = readFileSync(join(FOLDER, 'documents', `${name}.yaml`), 'utf8').split('\n');
  const index = lines.findIndex((text) => text.endsWith('# HERE'));
  return index < 0 ? null : index + 1;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
}
