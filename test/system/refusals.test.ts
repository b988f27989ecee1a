// What a refused or failed call costs, to the call: real processes, the real server, a mock model.

import { describe, expect, it } from 'vitest';
import { notesDocument, Workplace } from '../support/build-harness.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 300_000;
const PARALLEL = 4;
const SAME_COMMAND = 'then the same command goes on';

interface Place {
  readonly workplace: Workplace;
  readonly mock: MockModelServer;
  readonly document: Record<string, unknown> & { columns: object[] };
}

/** A folder with a document of one model column, `note`, and its mock. */
async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const mock = await startMockModelServer();
  const workplace = new Workplace();
  try {
    const document = notesDocument({ endpoint: mock.endpoint, parallel: PARALLEL }) as Place['document'];
    workplace.write(document);
    await use({ workplace, mock, document });
  } finally {
    await workplace.dispose();
    await mock.close();
  }
}

describe.concurrent('a refusal', { timeout: LIMIT_MS }, () => {
  it.each([
    [400, 'some-model is not a valid model ID', "correct the model's name"],
    [
      404,
      'Not Found',
      'no call was answered before it · correct the endpoint, to which /chat/completions (Anthropic: /v1/messages) is added, or the model',
    ],
  ])(
    'of %i %j before any answer ends the build after that one call, with what to do first',
    (status, message, remedy) =>
      inPlace(async ({ workplace, mock }) => {
        mock.setFaults([{ kind: 'error', status, message }]);
        const end = await workplace.run(['-n', '20']).ended;
        expect(end.code).toBe(1);
        expect(end.talk).toContain(`answered ${status}: ${message} · ${remedy}, ${SAME_COMMAND}\n`);
        expect(end.talk).toMatch(/^stopped +0 of 20 rows are in parquet-files\/ · 0 calls kept$/m);
        expect(mock.stats().requests).toBe(1);
        mock.setFaults([]);
        expect(await workplace.run().ended).toMatchObject({ code: 0 });
        expect(await workplace.rows()).toHaveLength(20);
        expect(mock.stats().requests).toBe(21);
      }),
  );

  it('of one input among others costs its row, one call at each start, and no exit code', () =>
    inPlace(async ({ workplace, mock, document }) => {
      // Below a note, so that the model has answered before: which cell of a column is asked first is not certain.
      document.columns.push({
        name: 'reply',
        column_type: 'llm-text',
        prompt: 'A reply to {{ note }}',
        model_alias: 'writer',
      });
      workplace.write(document);
      mock.setFaults([
        { kind: 'error', status: 403, message: '<title>Attention</title>', cells: ['reply/3'] },
      ]);
      for (const calls of [60, 61]) {
        const end = await workplace.run(['-n', '30']).ended;
        expect(end.code).toBe(0);
        expect(end.talk).toMatch(/^done +29 rows · 1 dropped · /m);
        expect(end.talk).toMatch(/^dropped +1 × column "reply": \S+ answered 403: .* \(row 3\)$/m);
        expect(end.talk).toMatch(/^ +each row: .* failures tickets$/m);
        expect(mock.stats().requests).toBe(calls);
      }
    }));

  it('of the first cell of all ends one start: the next asks another first', () =>
    inPlace(async ({ workplace, mock }) => {
      mock.setFaults([{ kind: 'error', status: 403, cells: ['note/0'] }]);
      expect(await workplace.run(['-n', '1']).ended).toMatchObject({ code: 1 });
      expect(mock.stats().requests).toBe(1);
      const end = await workplace.run(['-n', '10']).ended;
      expect(end.code).toBe(0);
      expect(end.talk).toMatch(/^done +9 rows · 1 dropped/m);
      expect(mock.stats().requests).toBe(11);
    }));

  it('of all calls after some were answered ends the build after ten, and those in flight', () =>
    inPlace(async ({ workplace, mock }) => {
      mock.setLatency({ latencyMs: 50, jitter: 1 });
      const run = workplace.run(['-n', '100']);
      await until(() => mock.answered() >= 30, { limitMs: LIMIT_MS });
      const before = mock.stats().requests;
      mock.setFaults([{ kind: 'error', status: 403, message: 'Forbidden' }]);
      const end = await run.ended;
      expect(end.code).toBe(1);
      expect(end.talk).toMatch(/10 calls in a row were refused, this one so: \S+ answered 403: Forbidden/);
      expect(mock.stats().requests - before).toBeLessThanOrEqual(10 + PARALLEL);
      mock.setFaults([]);
      expect(await workplace.run().ended).toMatchObject({ code: 0 });
      expect(await workplace.rows()).toHaveLength(100);
    }));

  it('of every schema costs one call more for the model', () =>
    inPlace(async ({ workplace, mock, document }) => {
      const output_format = {
        type: 'object',
        properties: { level: { type: 'integer' } },
        required: ['level'],
      };
      const level = { name: 'level', column_type: 'llm-structured', model_alias: 'writer' };
      const columns = [document.columns[0]!, { ...level, prompt: 'Rate {{ id }}', output_format }];
      workplace.write({ ...document, columns });
      mock.setFaults([{ kind: 'no-schema' }]);
      const end = await workplace.run(['-n', '6']).ended;
      expect(mock.stats().requests).toBeGreaterThanOrEqual(7);
      const refused = mock.stats().requests - mock.answered();
      expect([refused, end.talk.includes('not supported')]).toEqual([1, false]);
    }));
});

describe.concurrent('a build of which no row is left', { timeout: LIMIT_MS }, () => {
  it('has failed, says why, and tries again what can be tried', () =>
    inPlace(async ({ workplace, mock }) => {
      mock.setFaults([{ kind: 'empty' }]);
      const end = await workplace.run(['-n', '3']).ended;
      expect(end.code).toBe(1);
      expect(end.talk).toMatch(/^failed +0 of 3 rows are in parquet-files\/ · \d+ calls kept$/m);
      expect(end.talk).toMatch(/^dropped +3 × column "note": The answer is empty \(row 0 is one\)$/m);
      expect(end.talk).toContain(` failures tickets · correct that, ${SAME_COMMAND}\n`);
      const status = await workplace.command(['status', 'tickets']).ended;
      expect(status.output).toMatch(
        /^state +incomplete · No row is left: all were dropped for column "note": The answer is empty/m,
      );
      const listed = await workplace.command(['list', '--json']).ended;
      expect(JSON.parse(listed.output)).toMatchObject({ state: 'incomplete', dropped: 3 });
      const watched = await workplace.command(['watch', 'tickets']).ended;
      expect(watched.code).toBe(1);
      mock.setFaults([]);
      expect(await workplace.run().ended).toMatchObject({ code: 0 });
      expect(await workplace.rows()).toHaveLength(3);
    }));

  it('for an expression is stopped before all its cells are paid for', () =>
    inPlace(async ({ workplace, mock, document }) => {
      const size = { name: 'size', column_type: 'expression', expr: '{{ note }}', dtype: 'int' };
      workplace.write({ ...document, columns: [...document.columns, size] });
      const end = await workplace.run(['-n', '200']).ended;
      expect(end.code).toBe(1);
      expect(end.talk).toMatch(/\d+ of the last \d+ cells failed, more than shutdown_error_rate 0.5/);
      expect(mock.stats().requests).toBeLessThanOrEqual(20 + 2 * PARALLEL);
    }));
});

it('says who is waited for and why, when nothing answers', { timeout: LIMIT_MS }, () =>
  inPlace(async ({ workplace, document }) => {
    const providers = [{ name: 'mock', endpoint: 'http://127.0.0.1:9/v1', provider_type: 'openai' }];
    workplace.write({ ...document, rowloom: { providers } });
    const run = workplace.run(['-n', '5']);
    await run.says(
      /^waiting +127\.0\.0\.1:9 refuses connections · \d+ calls failed in \d+ s, next .*, gives up in \d+ s · rows 0\/5 · calls 0\/5$/m,
    );
    await run.kill();
  }),
);
