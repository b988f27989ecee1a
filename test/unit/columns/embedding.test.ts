import { describe, expect, it } from 'vitest';
import type { Calls, CellKey } from '../../../src/columns/calls.ts';
import type { EmbeddingColumn } from '../../../src/columns/embedding/declare.ts';
import { make } from '../../../src/columns/embedding/make.ts';
import type { Values } from '../../../src/columns/maker.ts';
import { openViews } from '../../../src/columns/row-view.ts';
import { CellError } from '../../../src/errors.ts';
import { encodeVector } from '../../../src/models/vectors.ts';
import type { Plan } from '../../../src/plan.ts';
import { LOCAL, MODEL, planWith, textColumn } from '../../support/plans.ts';
import { cellRecord } from '../store/records.ts';

const COLUMN: EmbeddingColumn = {
  ...textColumn('vectors', { needs: ['note'] }),
  ...{ kind: 'embedding', form: { target: 'note', alias: 'writer' } },
};

function open(more: Partial<Plan> = {}) {
  const plan = planWith([COLUMN], more);
  const maker = make.open(COLUMN, { plan, local: LOCAL });
  const view = openViews(plan, COLUMN);
  return { maker, inputOf: (values: Values, row = 0) => maker.inputs([view(row, values)])[0]! };
}

describe('the texts of a cell', () => {
  const textsOf = (note: Values['note']) => (open().inputOf({ note: note! }) as { input: unknown }).input;

  it('are one, trimmed, or the items of a list', () => {
    expect(textsOf(' a note \n')).toEqual(['a note']);
    expect(textsOf('')).toEqual(['']);
    expect(textsOf(['a', 'b'])).toEqual(['a', 'b']);
    expect(textsOf('["a", "b"]')).toEqual(['a', 'b']);
  });

  it('are one where the text is other JSON', () => {
    for (const text of ['42', 'true', '{"a": 1}', '[1, 2]', '[]', '[not json]'])
      expect(textsOf(text)).toEqual([text]);
  });

  it('are missing in an empty cell: its row has none', () => {
    expect(open().inputOf({ note: null })).toBeInstanceOf(CellError);
  });
});

describe('the digest of a cell', () => {
  const digestOf = (note: string, more: Partial<Plan> = {}, row = 0) =>
    (open(more).inputOf({ note }, row) as { digest: string }).digest;

  it('covers the texts, the model and the fields of the request, and no row', () => {
    const before = digestOf('a');
    expect(digestOf('a', {}, 7)).toBe(before);
    const changed = [
      digestOf('b'),
      digestOf('a', { models: { writer: { ...MODEL, model: 'other' } } }),
      digestOf('a', { models: { writer: { ...MODEL, extraBody: { dimensions: 8n } } } }),
      digestOf('a', { redo: [{ column: 'vectors', rows: null, counter: 1 }] }),
    ];
    expect(new Set([before, ...changed]).size).toBe(5);
  });
});

it('a record holds the vectors as they came, and reads as lists of numbers', () => {
  const base64 = [
    [0.5, -2],
    [1, 0.25],
  ].map((vector) => encodeVector(vector)!);
  const record = cellRecord({ row: 0, turns: [{ by: 'vectors', base64 }], value: null });
  const value = {
    embeddings: [
      [0.5, -2],
      [1, 0.25],
    ],
    num_embeddings: 2n,
    dimension: 2n,
  };
  expect(open().maker.read(record)).toEqual(value);
});

it('an empty list has no vectors and is in no request, whatever it stands beside', async () => {
  const { maker, inputOf } = open();
  const cellOf = (note: Values['note'], row: number) => {
    const keyed = inputOf({ note: note! }, row);
    if (keyed instanceof CellError) throw keyed;
    return { ...keyed, row, history: [], older: [] };
  };
  const kept: number[] = [];
  const asked: number[] = [];
  const calls = {
    keep: async (cells: readonly CellKey[]) => void kept.push(...cells.map(({ row }) => row)),
    call: async (cells: readonly CellKey[]) => void asked.push(...cells.map(({ row }) => row)),
  } as unknown as Calls;
  await maker.make([cellOf([], 0)], calls);
  expect([kept, asked]).toEqual([[0], []]);
  await maker.make([cellOf('a', 1), cellOf([], 2)], calls);
  expect([kept, asked]).toEqual([[0, 2], [1]]);
  const record = cellRecord({ row: 0, turns: [{ by: 'vectors', base64: [] }], value: null });
  expect(maker.read(record)).toEqual({ embeddings: [], num_embeddings: 0n, dimension: 0n });
});
