// What an edit of each kind of column costs, to the call: only cells that depend on what is changed are made again.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Workplace } from '../support/build-harness.ts';
import { buildByActivities } from '../support/built-by-activities.ts';
import { writeEveryKind } from '../support/every-kind.ts';
import { startMockModelServer } from '../support/mock-model-server.ts';

const ROWS = 4;

interface Edit {
  /** Fields of columns, by their names. */
  readonly columns?: { readonly [column: string]: object };
  /** Fields of the document. */
  readonly fields?: object;
  /** A file beside it, and a text in it with what stands in its place. */
  readonly file?: readonly [name: string, from: string, to: string];
  /** Calls by column. The cells below a change are made again where it changes what they are made from. */
  readonly costs: { readonly [column: string]: number };
}

const prompt = (text: string) => ({ prompt: text });
const OTHER_ITEMS = { delivery: ['a'], refund: ['b'], repair: ['c'], invoice: ['d'] };
const EDITS: { readonly [what: string]: Edit } = {
  'a text in the middle': {
    columns: { summary: prompt('In short: {{ body }}') },
    costs: { summary: 4, reply: 4, snippet: 4, rank: 1, vector: 2, verdict: 4, reply_to_note: 3 },
  },
  'a judge': {
    columns: { verdict: prompt('Weigh: {{ body }} / {{ reply }}') },
    costs: { verdict: 4, reply_to_note: 1 },
  },
  'a structure': {
    columns: { severity: prompt('Grade: {{ body }}') },
    costs: { severity: 4, reply: 2, verdict: 2, reply_to_note: 1 },
  },
  'the language of code': {
    columns: {
      snippet: { code_lang: 'typescript' },
      snippet_valid: { validator_params: { code_lang: 'typescript' } },
    },
    costs: { snippet: 4 },
  },
  'a picture': {
    columns: { cover: prompt('Draw {{ topic }} in {{ city }}') },
    costs: { cover: 4, caption: 4 },
  },
  'what is shown': {
    columns: { caption: { multi_modal_context: [{ modality: 'image', column_name: 'cover' }] } },
    costs: { caption: 4 },
  },
  'an expression': { columns: { note: { expr: '{{ size }} {{ rank }}' } }, costs: { reply_to_note: 4 } },
  'an embedding': { columns: { vector: { target_column: 'reply' } }, costs: { vector: 2 } },
  'a service': { columns: { body_valid: { target_columns: ['reply'] } }, costs: { body_valid: 2 } },
  'a sampler': {
    columns: { item: { params: { category: 'topic', values: OTHER_ITEMS } } },
    costs: { photo: 4, caption: 4 },
  },
  persons: { columns: { agent: { params: { locale: 'fr_FR' } } }, costs: { reply_to_note: 4 } },
  constraints: { fields: { constraints: [] }, costs: { photo: 1, caption: 1 } },
  'a row of seeds': {
    file: ['cities.csv', 'Riga', 'Rome'],
    costs: { snippet: 1, title: 2, cover: 1, caption: 1, reply_to_note: 1 },
  },
  'code of functions that ask the same': { file: ['functions.ts', 'rows', 'lines'], costs: {} },
  'what a function asks': {
    file: ['functions.ts', 'The tone of', 'The sound of'],
    costs: { title: 4, reply_to_note: 4 },
  },
  'checks, skips, traces, drops and processors': {
    columns: {
      shout_valid: { target_columns: ['topic'] },
      snippet: { skip: { when: "{{ topic == 'invoice' }}", value: 'none' } },
      body: { with_trace: 'all_messages' },
      reply: { drop: true },
      hours: { params: { dist_name: 'gamma', dist_params: { a: 3 } } },
    },
    fields: { processors: [] },
    costs: {},
  },
};

it('makes again what depends on a change of each kind of column, and nothing else', async () => {
  const workplace = new Workplace();
  onTestFinished(() => workplace.dispose());
  const mock = await startMockModelServer();
  onTestFinished(() => mock.close());
  const place = (name: string) => join(workplace.directory, name);

  async function build({ columns: changed = {}, fields = {}, file }: Partial<Edit>) {
    writeEveryKind({ workplace, mock, parallel: 8 });
    const document = JSON.parse(readFileSync(place('tickets.yaml'), 'utf8'));
    const columns = document.columns.map((column: { name: string }) => ({
      ...column,
      ...changed[column.name],
    }));
    workplace.write({ ...document, columns, ...fields });
    if (file !== undefined) {
      const [name, from, to] = file;
      writeFileSync(place(name), readFileSync(place(name), 'utf8').replaceAll(from, to));
    }
    mock.reset();
    await buildByActivities(workplace.directory, ROWS);
    const costs: Record<string, number> = {};
    for (const [cell, { requests }] of Object.entries(mock.stats().cells)) {
      const column = cell.split('/')[0]!;
      costs[column] = (costs[column] ?? 0) + requests;
    }
    return costs;
  }

  await build({});
  // Each is an edit of the document that was built first: what that made is found again.
  const costs: Record<string, object> = {};
  for (const [what, edit] of Object.entries(EDITS)) costs[what] = await build(edit);
  expect(costs).toEqual(Object.fromEntries(Object.entries(EDITS).map(([what, edit]) => [what, edit.costs])));
});
