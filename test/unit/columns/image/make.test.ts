import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CellCalls } from '../../../../src/activities/calls.ts';
import { pictureFiles } from '../../../../src/activities/picture-files.ts';
import type { ImageColumn } from '../../../../src/columns/image/declare.ts';
import { make } from '../../../../src/columns/image/make.ts';
import { openViews } from '../../../../src/columns/row-view.ts';
import { CellError } from '../../../../src/errors.ts';
import { Limiter } from '../../../../src/models/limiter.ts';
import { createOpenAIClient } from '../../../../src/models/providers/openai/client.ts';
import { ModelTraits } from '../../../../src/models/traits.ts';
import { FolderFiles } from '../../../../src/store/files/folder.ts';
import type { CellRecord } from '../../../../src/store/records.ts';
import { type MockModelServer, startMockModelServer } from '../../../support/mock-model-server.ts';
import { NO_FILES } from '../../../support/one-cell.ts';
import { LOCAL, MODEL, planWith, textColumn } from '../../../support/plans.ts';

const COLUMN: ImageColumn = {
  ...textColumn('cover', { needs: ['subject'] }),
  ...{ kind: 'image', form: { prompt: 'A {{ subject }}', alias: 'writer' } },
};
const folder = mkdtempSync(join(tmpdir(), 'rowloom-pictures-'));
let mock: MockModelServer;
beforeAll(async () => {
  mock = await startMockModelServer();
});
beforeEach(() => mock.reset());
afterAll(async () => {
  await mock.close();
  rmSync(folder, { recursive: true });
});

/** Makes one cell; of an earlier attempt it has these records. */
async function makeCell(model: string, { subject = 'cat', history = [] as readonly CellRecord[] } = {}) {
  const plan = planWith([COLUMN], { models: { writer: { ...MODEL, model } } });
  const maker = make.open(COLUMN, { plan, local: LOCAL });
  const [keyed] = maker.inputs([openViews(plan, COLUMN)(0, { subject })]);
  if (keyed === undefined || keyed instanceof CellError) throw keyed;
  const client = createOpenAIClient({ endpoint: mock.endpoint, apiKey: null, headers: {} });
  const limiter = new Limiter({ max: 1, skipProbe: true });
  const traits = new ModelTraits({ hasAnswered: () => true });
  const never = new AbortController().signal;
  const records: CellRecord[] = [];
  const dataset = { files: new FolderFiles(folder) };
  const calls = new CellCalls({
    ...{ column: 'cover', readVersion: 1, returned: null, files: NO_FILES, local: LOCAL },
    pictures: pictureFiles(dataset as never, 'cover', () => undefined),
    module: () => Promise.reject(new Error('No modules')),
    settings: { maxConversationRestarts: 0, maxConversationCorrectionSteps: 0 },
    wayTo: async () => ({
      ...{ key: 'one', limiter, traits, host: client.host },
      model: { client, name: model, timeoutMs: 10_000 },
    }),
    fly: () => limiter,
    historyOf: () => history,
    append: async (some) => void records.push(...some),
    ...{ nextCallId: () => `n:${records.length}`, now: Date.now, stop: never, cut: never },
    sleep: async () => undefined,
  });
  const end = await maker.make([{ ...keyed, row: 0, history, older: [] }], calls).then(
    () => null,
    (error: unknown) => error,
  );
  await client.close();
  return { records, end, maker, digest: keyed.digest };
}

describe('a picture', () => {
  it.each(['dall-e-3', 'painter', 'dall-e-by-url', 'painter-by-url'])(
    'is a file that its content names, made by one call: %s',
    async (model) => {
      const { records, maker } = await makeCell(model);
      const last = records.at(-1)!;
      expect(last.status).toBe('ok');
      const [name] = maker.read(last) as string[];
      expect(name).toMatch(/^images\/cover\/[0-9a-f]{64}\.png$/);
      expect(last.value).toEqual([name]);
      expect(readFileSync(join(folder, name!)).subarray(1, 4).toString()).toBe('PNG');
      expect(records.flatMap(({ calls }) => calls)).toHaveLength(1);
      expect(mock.stats()).toMatchObject({ requests: 1 });
    },
  );

  it('that is still to be fetched is not asked for again after a crash', async () => {
    const { records } = await makeCell('dall-e-by-url');
    expect(records.map(({ status }) => status)).toEqual(['call', 'ok']);
    mock.reset();
    const again = await makeCell('dall-e-by-url', { history: records.slice(0, 1) });
    expect(again.records.map(({ status, value }) => ({ status, value }))).toEqual([
      { status: 'ok', value: records[1]!.value },
    ]);
    expect(mock.stats().requests).toBe(0);
  });

  it('that is none fails the cell, with what the model says', async () => {
    mock.setFaults([{ kind: 'empty' }]);
    const { records } = await makeCell('painter');
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ status: 'failed', error: { kind: 'UnusableAnswer' } });
    expect(records[0]!.error?.message).toContain('"I would rather not draw that."');
  });

  it('is of no blank prompt', () => {
    const column = { ...COLUMN, form: { ...COLUMN.form, prompt: '{{ subject }}' } };
    const plan = planWith([column]);
    const maker = make.open(column, { plan, local: LOCAL });
    const [keyed] = maker.inputs([openViews(plan, column)(0, { subject: ' ' })]);
    expect(keyed).toBeInstanceOf(CellError);
  });
});
