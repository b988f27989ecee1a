import { describe, expect, it, onTestFinished } from 'vitest';
import { CellCalls } from '../../../src/activities/calls.ts';
import type { Calls, CellKey } from '../../../src/columns/calls.ts';
import type { EmbeddingColumn } from '../../../src/columns/embedding/declare.ts';
import { make } from '../../../src/columns/embedding/make.ts';
import type { Values } from '../../../src/columns/maker.ts';
import { openViews } from '../../../src/columns/row-view.ts';
import { CellError } from '../../../src/errors.ts';
import { PlainLimiter } from '../../../src/models/plain-limiter.ts';
import { createOpenAIClient } from '../../../src/models/providers/openai/client.ts';
import { ModelTraits } from '../../../src/models/traits.ts';
import { encodeVector } from '../../../src/models/vectors.ts';
import type { Plan } from '../../../src/plan.ts';
import type { CellRecord } from '../../../src/store/records.ts';
import { plural } from '../../../src/text/plural.ts';
import { type MockFault, startMockModelServer } from '../../support/mock-model-server.ts';
import { NO_PICTURES } from '../../support/no-pictures.ts';
import { NO_FILES } from '../../support/one-cell.ts';
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

describe('a list of cells', () => {
  const ONE = [1, 0.5];
  const TWO = [-2, 0.25];
  const answer = (...data: readonly object[]) => ({ data, usage: { prompt_tokens: 9 } });

  /** Makes these cells in one list, asking a server that misbehaves. A cell that failed has its error's message. */
  async function makeVectors(notes: readonly Values[string][], faults: readonly MockFault[]) {
    const mock = await startMockModelServer({ faults });
    const client = createOpenAIClient({ endpoint: mock.endpoint, apiKey: null, headers: {} });
    onTestFinished(async () => {
      await client.close();
      await mock.close();
    });
    const { maker, inputOf } = open();
    const cells = notes.map((note, row) => {
      const keyed = inputOf({ note: note! }, row);
      if (keyed instanceof CellError) throw keyed;
      return { ...keyed, row, history: [], older: [] };
    });
    const records: CellRecord[] = [];
    const never = new AbortController().signal;
    const limiter = new PlainLimiter(2);
    const way = {
      ...{ key: 'one', limiter, traits: new ModelTraits({ hasAnswered: () => true }), host: 'mock' },
      model: { client, name: 'vectors', timeoutMs: 30_000 },
    };
    const calls = new CellCalls({
      ...{ column: 'vectors', readVersion: 1, returned: null, stop: never, cut: never, now: Date.now },
      ...{ files: NO_FILES, local: LOCAL, pictures: NO_PICTURES },
      module: () => Promise.reject(new Error('No modules')),
      settings: { maxConversationRestarts: 0, maxConversationCorrectionSteps: 0 },
      wayTo: async () => way,
      fly: () => limiter,
      historyOf: () => [],
      append: async (some) => void records.push(...some),
      nextCallId: () => `n:${records.length}`,
      sleep: async () => undefined,
    });
    await maker.make(cells, calls);
    return {
      requests: mock.stats().requests,
      records: records.map(({ row, status, calls: of }) => `${row} ${status}, ${plural(of.length, 'call')}`),
      values: cells.map(({ row }) => {
        const last = records.findLast((record) => record.row === row)!;
        const read = () => (maker.read(last) as { readonly embeddings: unknown }).embeddings;
        return last.status === 'ok' ? read() : last.error?.message;
      }),
    };
  }

  it('is one request, and each cell has the vectors of its own texts, in whatever order they come', async () => {
    const body = answer(
      { index: 2, embedding: ONE },
      { index: 0, embedding: TWO },
      { index: 3, embedding: TWO },
      { index: 1, embedding: TWO },
    );
    const { values, records, requests } = await makeVectors(['a', ['b', 'c'], 'd'], [{ kind: 'says', body }]);
    expect(values).toEqual([[TWO], [TWO, ONE], [TWO]]);
    expect(requests).toBe(1);
    expect(records).toEqual(['0 ok, 1 call', '1 ok, 0 calls', '2 ok, 0 calls']);
  });

  it('that is twice answered with too few is asked for cell by cell, and each call is kept', async () => {
    const body = answer({ embedding: ONE });
    const { values, records, requests } = await makeVectors(['a', 'b'], [{ kind: 'says', body }]);
    expect(values).toEqual([[ONE], [ONE]]);
    expect(requests).toBe(4);
    expect(records).toEqual(['0 retry, 1 call', '0 retry, 1 call', '0 ok, 1 call', '1 ok, 1 call']);
  });

  it('of which one is refused loses that one', async () => {
    const faults: readonly MockFault[] = [
      { kind: 'error', status: 400, holds: 'far too long' },
      { kind: 'says', body: answer({ embedding: ONE }) },
    ];
    const { values, records } = await makeVectors(['a', 'far too long', 'b'], faults);
    expect(values).toEqual([[ONE], expect.stringMatching(/answered 400/), [ONE]]);
    expect(records).toEqual(['0 retry, 1 call', '0 ok, 1 call', '1 failed, 1 call', '2 ok, 1 call']);
  });
});
