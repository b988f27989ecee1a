import { describe, expect, it } from 'vitest';
import { CHAT_READ_VERSION } from '../../../../src/columns/llm/declare-chat.ts';
import { CellError, type FailureClass, ModelError } from '../../../../src/errors.ts';
import { Limiter } from '../../../../src/models/limiter.ts';
import type { ChatRequest, ModelAnswer } from '../../../../src/models/model-client.ts';
import { MAX_REFUSALS, ModelTraits } from '../../../../src/models/traits.ts';
import { type CellRecord, RECORD_VERSION } from '../../../../src/store/records.ts';
import { NO_PICTURE_CALLS } from '../../../support/no-pictures.ts';
import { type CellTask, makeCell } from '../../../support/one-cell.ts';
import { structuredColumn } from '../../../support/plans.ts';

const SCHEMA = { type: 'object', properties: { level: { type: 'integer' } }, required: ['level'] };
const column = structuredColumn('severity', SCHEMA, { prompt: 'Rate it', alias: 'm' });
const input = {
  messages: [{ role: 'user', content: 'Rate it' }],
  parameters: { temperature: 0.5 },
  responseSchema: { name: 'answer', schema: SCHEMA },
} as const;
const GOOD = '{"level": 3}';
const BAD = '{"level": "high"}';
const PROBLEM = 'The answer does not obey the schema: /level must be integer';

/** What the scripted model does: answers this text, or this, or fails. */
type Step = string | Partial<ModelAnswer> | ModelError;

function failure(
  failure: FailureClass,
  options: { status?: number; retryAfterMs?: number } = {},
): ModelError {
  return new ModelError(`made to be ${failure}`, { failure, ...options });
}

function cellOf(steps: readonly Step[], overrides: Partial<CellTask> = {}) {
  const records: CellRecord[] = [];
  const requests: ChatRequest[] = [];
  const sleeps: number[] = [];
  const limiter = new Limiter({
    max: 4,
    skipProbe: true,
    schedule: runSoon,
    random: () => 0,
  });
  const left = [...steps];
  const task: CellTask = {
    column,
    row: 7,
    digest: 'd1',
    input,
    history: [],
    model: {
      name: 'm1',
      timeoutMs: 60_000,
      limiter,
      traits: new ModelTraits({ hasAnswered: () => true }),
      client: {
        host: 'localhost:1',
        embed: () => Promise.reject(new Error('It is a chat')),
        ...NO_PICTURE_CALLS,
        close: async () => undefined,
        async chat(request) {
          requests.push(request);
          const step = left.shift();
          if (step === undefined) throw new Error('The script is at its end');
          if (step instanceof ModelError) throw step;
          return {
            text: GOOD,
            reasoning: null,
            toolCalls: [],
            finish: 'stop',
            finishReason: 'stop',
            refusal: null,
            promptTokens: 10,
            completionTokens: 4,
            status: 200,
            ...(typeof step === 'string' ? { text: step } : step),
          };
        },
      },
    },
    settings: { maxConversationRestarts: 5, maxConversationCorrectionSteps: 0 },
    stop: new AbortController().signal,
    signal: new AbortController().signal,
    append: async (record) => {
      records.push(record);
    },
    nextCallId: () => `n-${requests.length}`,
    now: () => 1_000,
    sleep: async (ms) => {
      sleeps.push(ms);
      // Another cell is answered meanwhile.
      (await limiter.acquire(new AbortController().signal)).succeed();
    },
    ...overrides,
  };
  return { task, records, requests, sleeps, limiter };
}

function runSoon(wake: () => void): () => void {
  const immediate = setImmediate(wake);
  return () => clearImmediate(immediate);
}

const statuses = (records: readonly CellRecord[]) => records.map(({ status }) => status);

describe('a conversation', () => {
  it('gives its place at the model back when the client throws what it never should', async () => {
    const { task, limiter } = cellOf([]);
    await expect(makeCell(task)).rejects.toThrow('The script is at its end');
    expect(limiter.stats()).toMatchObject({ inFlight: 0, lastError: null });
  });

  it('records the value with what made it and what it cost', async () => {
    const { task, records, requests } = cellOf([{ text: GOOD, reasoning: 'because' }]);
    expect(await makeCell(task)).toEqual({ status: 'ok', value: { level: 3n } });
    expect(requests[0]).toMatchObject({
      model: 'm1',
      messages: input.messages,
      parameters: { temperature: 0.5 },
      responseSchema: input.responseSchema,
      cell: { column: 'severity', row: 7 },
    });
    expect(records).toEqual([
      {
        v: RECORD_VERSION,
        row: 7,
        in: 'd1',
        read: CHAT_READ_VERSION,
        status: 'ok',
        turns: [{ by: 'model', text: GOOD, reasoning: 'because' }],
        value: { level: 3n },
        finish: 'stop',
        calls: [{ id: 'n-1', promptTokens: 10, completionTokens: 4, status: 200, ms: 0, model: 'one' }],
        error: null,
        host: 'localhost:1',
        at: 1_000,
      },
    ]);
  });

  describe('with an answer that cannot be used', () => {
    it('starts the conversation again, as often as restarts allow, then fails with the last answer', async () => {
      const settings = { maxConversationRestarts: 2, maxConversationCorrectionSteps: 0 };
      const { task, records, requests } = cellOf([BAD, BAD, BAD], { settings });
      const outcome = await makeCell(task);
      expect(outcome).toEqual({ status: 'failed', error: new CellError('UnusableAnswer', PROBLEM) });
      expect(statuses(records)).toEqual(['retry', 'retry', 'failed']);
      expect(records[2]).toMatchObject({
        turns: [{ by: 'model', text: BAD }],
        error: { kind: 'UnusableAnswer', message: PROBLEM },
      });
      expect(requests.map(({ messages }) => messages.length)).toEqual([1, 1, 1]);
    });

    it('goes back with the reason, as often as corrections allow, before it starts again', async () => {
      const settings = { maxConversationRestarts: 1, maxConversationCorrectionSteps: 1 };
      const { task, records, requests } = cellOf([BAD, BAD, BAD, GOOD], { settings });
      expect(await makeCell(task)).toMatchObject({ status: 'ok' });
      expect(statuses(records)).toEqual(['call', 'retry', 'call', 'ok']);
      const corrected = { by: 'model', text: BAD, problem: PROBLEM };
      const turns = [
        [corrected],
        [{ by: 'model', text: BAD }],
        [corrected],
        [corrected, { by: 'model', text: GOOD }],
      ];
      expect(records.map((record) => record.turns)).toEqual(turns);
      expect(requests.map(({ messages }) => messages.length)).toEqual([1, 3, 1, 3]);
      expect(requests[1]!.messages.slice(1)).toEqual([
        { role: 'assistant', content: BAD },
        {
          role: 'user',
          content: `Your answer cannot be used. ${PROBLEM}. Give the whole answer again, corrected.`,
        },
      ]);
    });

    it.each([
      [
        { finish: 'length', text: GOOD },
        'The answer was cut at the token limit, after 4 tokens: raise max_tokens',
      ],
      [
        { finish: 'length', text: '', completionTokens: 0 },
        'The answer was cut at the token limit: raise max_tokens',
      ],
      [{ finish: 'content-filter', text: '' }, 'The answer was withheld by the content filter'],
      [{ finish: 'error', text: GOOD }, 'The answer ended with an error of the provider'],
      [{ finish: 'tool-calls', text: '' }, 'The model asked for a tool instead of answering'],
      [{ finish: 'tool-calls', text: GOOD }, 'The model asked for a tool instead of answering'],
      [
        { finish: 'other', finishReason: 'WEIRD', text: GOOD },
        'The answer ended for a reason that Rowloom does not know: "WEIRD"',
      ],
      [{ text: '' }, 'The answer is empty'],
      [{ text: '<think>Hm.' }, 'The answer is empty: nothing follows the thoughts'],
      [{ text: '{"level": 3' }, 'The answer is cut: it stops where "," or "}" has to follow'],
    ] as const)('never takes %j', async (answer, problem) => {
      const settings = { maxConversationRestarts: 0, maxConversationCorrectionSteps: 0 };
      const { task } = cellOf([answer], { settings });
      expect(await makeCell(task)).toEqual({
        status: 'failed',
        error: new CellError('UnusableAnswer', problem),
      });
    });

    it('takes one whose end the provider says nothing about', async () => {
      const { task } = cellOf([{ finish: 'other', finishReason: null, text: GOOD }]);
      expect(await makeCell(task)).toMatchObject({ status: 'ok' });
    });
  });

  describe('with an empty answer', () => {
    const contents = (requests: readonly ChatRequest[]) =>
      requests.map(({ messages }) => messages.slice(1).map(({ content }) => content));
    const CORRECTION = `Your answer cannot be used. ${PROBLEM}. Give the whole answer again, corrected.`;

    it('starts the conversation again, and shows the model no empty turn', async () => {
      const settings = { maxConversationRestarts: 2, maxConversationCorrectionSteps: 2 };
      const { task, records, requests } = cellOf(['', BAD, ' ', BAD, GOOD], { settings });
      expect(await makeCell(task)).toMatchObject({ status: 'ok' });
      expect(statuses(records)).toEqual(['retry', 'call', 'retry', 'call', 'ok']);
      expect(contents(requests)).toEqual([[], [], [BAD, CORRECTION], [], [BAD, CORRECTION]]);
    });

    it('asks the same again as a correction where no restart is left', async () => {
      const settings = { maxConversationRestarts: 0, maxConversationCorrectionSteps: 3 };
      const steps = ['', BAD, '<think>Hm.</think>', ''];
      const { task, records, requests } = cellOf(steps, { settings });
      expect(await makeCell(task)).toMatchObject({ status: 'failed' });
      expect(statuses(records)).toEqual(['call', 'call', 'call', 'failed']);
      expect(contents(requests)).toEqual([[], [], [BAD, CORRECTION], [BAD, CORRECTION]]);
      const again = cellOf([''], { settings, history: records.slice(0, 3) });
      await makeCell(again.task);
      expect(contents(again.requests)).toEqual([[BAD, CORRECTION]]);
    });
  });

  describe('with thoughts', () => {
    it('reads what follows them, and records the answer as it came', async () => {
      const text = '<think>Is it {"level": 1}?</think>\n{"level": 3}';
      const { task, records } = cellOf([{ text, reasoning: 'Given.' }]);
      expect(await makeCell(task)).toEqual({ status: 'ok', value: { level: 3n } });
      expect(records).toMatchObject([{ turns: [{ by: 'model', text, reasoning: 'Given.' }] }]);
    });

    it('never sends them back', async () => {
      const settings = { maxConversationRestarts: 0, maxConversationCorrectionSteps: 1 };
      const { task, requests } = cellOf([`Hm.\n</think>\n${BAD}`, GOOD], { settings });
      expect(await makeCell(task)).toMatchObject({ status: 'ok' });
      expect(requests[1]!.messages[1]).toEqual({ role: 'assistant', content: BAD });
    });
  });

  describe('with a refusal', () => {
    const refused = { text: '', refusal: 'I cannot help with that.' };
    const error = new CellError('UnusableAnswer', 'The model refused: I cannot help with that.');

    it('asks once more, then fails with the words of the model', async () => {
      const settings = { maxConversationRestarts: 5, maxConversationCorrectionSteps: 2 };
      const { task, records, requests } = cellOf([refused, refused], { settings });
      expect(await makeCell(task)).toEqual({ status: 'failed', error });
      expect(requests.map(({ messages }) => messages.length)).toEqual([1, 1]);
      const record = {
        turns: [{ by: 'model', text: refused.refusal }],
        finish: 'refusal',
        error: { message: error.message },
      };
      expect(records).toMatchObject([
        { status: 'retry', ...record },
        { status: 'failed', ...record },
      ]);
    });

    it('does not ask again where no restart is allowed', async () => {
      const settings = { maxConversationRestarts: 0, maxConversationCorrectionSteps: 2 };
      const { task } = cellOf([refused], { settings });
      expect(await makeCell(task)).toEqual({ status: 'failed', error });
    });

    it('counts what an earlier attempt was refused, and takes an answer', async () => {
      const first = cellOf([refused]);
      await expect(makeCell(first.task)).rejects.toThrow('The script is at its end');
      const again = cellOf([refused], { history: first.records });
      expect(await makeCell(again.task)).toEqual({ status: 'failed', error });
      const luckier = cellOf([BAD, GOOD], { history: first.records });
      expect(await makeCell(luckier.task)).toMatchObject({ status: 'ok' });
    });
  });

  it('keeps an answer that reading chokes on, and does not ask for it for ever', async () => {
    // A reference to itself: legal, and endless for whoever follows it.
    const schema = { $ref: '#/$defs/node', $defs: { node: { $ref: '#/$defs/node' } } };
    const { task, records } = cellOf([GOOD, GOOD], {
      column: structuredColumn('severity', schema),
      settings: { maxConversationRestarts: 1, maxConversationCorrectionSteps: 0 },
    });
    const problem = {
      kind: 'UnusableAnswer',
      message: expect.stringMatching(/^The answer cannot be read: /),
    };
    expect(await makeCell(task)).toMatchObject({ status: 'failed', error: problem });
    expect(records).toMatchObject([
      { status: 'retry', turns: [{ by: 'model', text: GOOD }], error: problem },
      { status: 'failed', turns: [{ by: 'model', text: GOOD }], error: problem },
    ]);
  });

  describe('with a call that fails', () => {
    it.each(['rejected', 'input'] as const)(
      'fails after one call that is %s, while others are answered',
      async (refusal) => {
        const { task, records, sleeps } = cellOf([failure(refusal, { status: 400 })]);
        expect(await makeCell(task)).toEqual({
          status: 'failed',
          error: new CellError('RefusedCall', `made to be ${refusal}`),
        });
        expect(records).toMatchObject([{ status: 'failed', counts: true }]);
        expect(records[0]!.calls).toEqual([
          { id: 'n-1', promptTokens: 0, completionTokens: 0, status: 400, ms: 0, model: 'one' },
        ]);
        expect(sleeps).toEqual([]);
      },
    );

    it('is denied when it is the first call of the model that is refused, and stays to be made', async () => {
      const { task, records, limiter } = cellOf([failure('rejected', { status: 400 })]);
      const model = { ...task.model, traits: new ModelTraits({ hasAnswered: () => false }) };
      await expect(makeCell({ ...task, model })).rejects.toMatchObject({
        failure: 'denied',
        message: 'made to be rejected · no call was answered before it',
      });
      expect(records).toMatchObject([{ status: 'retry', error: { kind: 'RefusedCall' } }]);
      await expect(limiter.acquire(task.stop)).rejects.toMatchObject({ failure: 'denied' });
    });

    it('fails when the first call of the model is refused for its input', async () => {
      const { task, limiter } = cellOf([failure('input', { status: 403 })]);
      const model = { ...task.model, traits: new ModelTraits({ hasAnswered: () => false }) };
      expect(await makeCell({ ...task, model })).toMatchObject({ status: 'failed' });
      (await limiter.acquire(task.stop)).succeed();
    });

    it('is denied with the last of many calls in a row that are refused', async () => {
      const { task } = cellOf(Array<ModelError>(MAX_REFUSALS).fill(failure('rejected', { status: 403 })));
      for (let cell = 1; cell < MAX_REFUSALS; cell += 1)
        expect(await makeCell(task)).toMatchObject({ status: 'failed' });
      await expect(makeCell(task)).rejects.toMatchObject({
        failure: 'denied',
        message: '10 calls in a row were refused, this one so: made to be rejected',
      });
    });

    it('starts the conversation again when a correction is refused: the prompt alone was answered', async () => {
      const settings = { maxConversationRestarts: 1, maxConversationCorrectionSteps: 1 };
      const refused = failure('rejected', { status: 400 });
      const { task, records, requests } = cellOf([BAD, refused, BAD, refused], { settings });
      expect(await makeCell(task)).toMatchObject({ status: 'failed', error: { kind: 'RefusedCall' } });
      expect(statuses(records)).toEqual(['call', 'retry', 'call', 'failed']);
      expect(requests.map(({ messages }) => messages.length)).toEqual([1, 3, 1, 3]);
    });

    it('counts a 5xx only when the model has answered others since the last try', async () => {
      const down = failure('unavailable', { status: 500 });
      const { task, records, limiter } = cellOf([down, down, GOOD], { sleep: async () => {} });
      expect(await makeCell(task)).toMatchObject({ status: 'ok' });
      expect(records.map(({ counts }) => counts)).toEqual([undefined, undefined, undefined]);
      expect(limiter.answered).toBe(1);

      const busy = cellOf([down, down, down, down, down, down]);
      expect(await makeCell(busy.task)).toMatchObject({
        status: 'failed',
        error: { kind: 'TriesExhausted' },
      });
      // Nothing was answered before the first of the six.
      expect(busy.records.map(({ counts }) => counts)).toEqual([undefined, true, true, true, true, true]);
    });

    it('gives its place up once it has waited 30 s', async () => {
      const down = failure('unavailable');
      const { task, records } = cellOf(Array<ModelError>(6).fill(down));
      const slept: number[] = [];
      const sleep = async (ms: number) => {
        slept.push(ms);
      };
      expect(await makeCell({ ...task, sleep })).toEqual({
        status: 'waiting',
        error: down,
        retryAfterMs: 15_000,
      });
      expect(slept).toEqual([1_000, 2_000, 4_000, 8_000, 15_000]);
      expect(statuses(records)).toEqual(Array(6).fill('retry'));
    });

    it('never counts a 429, and waits as long as it is told', async () => {
      const busy = failure('busy', { status: 429, retryAfterMs: 1 });
      const { task, records, sleeps } = cellOf([...Array<ModelError>(8).fill(busy), GOOD]);
      expect(await makeCell(task)).toMatchObject({ status: 'ok' });
      expect(records.filter(({ counts }) => counts === true)).toEqual([]);
      expect(sleeps).toEqual(Array(8).fill(1));
    });

    it('waits elsewhere when the limiter is blocked for long', async () => {
      const busy = failure('busy', { status: 429, retryAfterMs: 60_000 });
      const { task } = cellOf([busy]);
      expect(await makeCell(task)).toMatchObject({
        status: 'waiting',
        error: { failure: 'busy' },
        // Less what has gone by since.
        retryAfterMs: expect.closeTo(60_000, -4),
      });
    });

    describe('for its schema, perhaps', () => {
      const about = failure('schema', { status: 400 });
      const refused = failure('rejected', { status: 400 });
      const sent = (requests: readonly ChatRequest[]) =>
        requests.map(({ responseSchema }) => responseSchema !== null);

      it('asks without the schema, at once and from then on', async () => {
        const { task, requests, sleeps, records } = cellOf([about, GOOD, GOOD]);
        expect(await makeCell(task)).toMatchObject({ status: 'ok' });
        expect(await makeCell(task)).toMatchObject({ status: 'ok' });
        expect(sent(requests)).toEqual([true, false, false]);
        expect(statuses(records)).toEqual(['retry', 'ok', 'ok']);
        expect(records[0]!.counts).toBeUndefined();
        expect(sleeps).toEqual([]);
      });

      it('keeps its place as the probe of the model, which is answered without the schema', async () => {
        const { task, requests, limiter } = cellOf([about, GOOD, GOOD, GOOD]);
        const probing = new Limiter({ max: 4, skipProbe: false });
        const model = {
          ...{ ...task.model, limiter: probing },
          traits: new ModelTraits({ hasAnswered: () => false }),
        };
        await Promise.all([7, 8, 9].map((row) => makeCell({ ...task, row, model })));
        expect(sent(requests)).toEqual([true, false, false, false]);
        expect(limiter.stats().inFlight).toBe(0);
      });

      it('takes a second refusal for what it is: one call more for the model, not for each cell', async () => {
        const { task, requests } = cellOf([about, refused, about, about]);
        for (const row of [1, 2, 3])
          expect(await makeCell({ ...task, row })).toMatchObject({ status: 'failed' });
        expect(sent(requests)).toEqual([true, false, true, true]);
      });

      it('is denied after the second where nothing was answered before', async () => {
        const { task, requests, records } = cellOf([about, refused]);
        const model = { ...task.model, traits: new ModelTraits({ hasAnswered: () => false }) };
        await expect(makeCell({ ...task, model })).rejects.toMatchObject({ failure: 'denied' });
        expect(sent(requests)).toEqual([true, false]);
        expect(statuses(records)).toEqual(['retry', 'retry']);
      });

      it('learns nothing where the input is what the second is about', async () => {
        const { task, requests } = cellOf([about, failure('input'), about, GOOD, GOOD]);
        await makeCell(task);
        await makeCell(task);
        await makeCell(task);
        expect(sent(requests)).toEqual([true, false, true, false, false]);
      });

      it('does not ask without a schema that was taken before', async () => {
        const { task, requests } = cellOf([GOOD, about]);
        await makeCell(task);
        expect(await makeCell(task)).toMatchObject({ status: 'failed' });
        expect(sent(requests)).toEqual([true, true]);
      });

      it('waits as for any 5xx where the server fails over a schema that it took before', async () => {
        const { task, sleeps } = cellOf([GOOD, failure('schema', { status: 500 }), GOOD]);
        await makeCell(task);
        expect(await makeCell(task)).toMatchObject({ status: 'ok' });
        expect(sleeps).toEqual([1_000]);
      });

      it('asks again, as often as it may, where the endpoint found that the answer breaks a schema that it takes', async () => {
        const broken = new ModelError('Failed to generate JSON', { failure: 'schema', status: 400 });
        const { task, requests, sleeps, records } = cellOf([GOOD, broken, GOOD, broken, broken], {
          settings: { maxConversationRestarts: 1, maxConversationCorrectionSteps: 0 },
        });
        for (const status of ['ok', 'ok', 'failed']) expect(await makeCell(task)).toMatchObject({ status });
        expect(sent(requests)).toEqual([true, true, true, true, true]);
        expect(statuses(records)).toEqual(['ok', 'retry', 'ok', 'retry', 'failed']);
        expect(sleeps).toEqual([]);
      });

      it('makes no second call once the build stops', async () => {
        const stop = new AbortController();
        const { task, records, limiter } = cellOf([about], { stop: stop.signal });
        const append = async (record: CellRecord) => {
          records.push(record);
          stop.abort();
        };
        await expect(makeCell({ ...task, append })).rejects.toMatchObject({ failure: 'cancelled' });
        expect(limiter.stats().inFlight).toBe(0);
      });
    });

    describe('that an earlier start saw refused', () => {
      const before = { status: 'retry', kind: 'RefusedCall' } as const;
      /** What `openRowGroup` carries over. */
      async function carried(counts: boolean): Promise<readonly CellRecord[]> {
        const { task, records } = cellOf([failure('input', { status: 403 })]);
        await makeCell(task);
        const [{ counts: _, ...record }] = records as [CellRecord];
        return [{ ...record, ...before, status: 'retry', calls: [], ...(counts ? { counts } : {}) }];
      }

      it('lets another cell be the first to be asked', async () => {
        const history = await carried(false);
        const { task, requests } = cellOf([GOOD, GOOD]);
        const traits = new ModelTraits({ hasAnswered: () => false });
        const model = { ...task.model, traits };
        const sleep = () => new Promise<void>((resolve) => setImmediate(resolve));
        const again = makeCell({ ...task, model, history, sleep, row: 1 });
        await makeCell({ ...task, model, row: 2 });
        expect(await again).toMatchObject({ status: 'ok' });
        expect(requests.map(({ cell }) => cell.row)).toEqual([2, 1]);
      });

      it('is the first when no other comes, and denied again', async () => {
        const history = await carried(false);
        const { task, sleeps } = cellOf([failure('rejected', { status: 403 })]);
        const model = { ...task.model, traits: new ModelTraits({ hasAnswered: () => false }) };
        await expect(makeCell({ ...task, model, history })).rejects.toMatchObject({ failure: 'denied' });
        expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(1_000);
      });

      it('fails again without saying anything of others where it had failed for that', async () => {
        const history = await carried(true);
        const { task } = cellOf([failure('rejected', { status: 403 })]);
        const model = { ...task.model, traits: new ModelTraits({ hasAnswered: () => false }) };
        expect(await makeCell({ ...task, model, history })).toMatchObject({ status: 'failed' });
      });
    });

    it('throws when it is denied, with the call on record', async () => {
      const denied = failure('denied', { status: 401 });
      const { task, records } = cellOf([denied]);
      await expect(makeCell(task)).rejects.toBe(denied);
      expect(statuses(records)).toEqual(['retry']);
    });

    it('throws when it is called off, and has on record that its call was cut, which is no try', async () => {
      const { task, records } = cellOf([failure('cancelled'), GOOD]);
      await expect(makeCell(task)).rejects.toMatchObject({ failure: 'cancelled' });
      expect(records).toEqual([
        expect.objectContaining({
          status: 'retry',
          error: { kind: 'CutCall', message: 'Cut off before its answer came: it may have been paid for' },
          calls: [expect.objectContaining({ status: 0, promptTokens: 0, completionTokens: 0 })],
        }),
      ]);
      expect(records[0]).not.toHaveProperty('counts');
      expect(await makeCell({ ...task, history: records })).toMatchObject({ status: 'ok' });
      const stopped = cellOf([GOOD], { stop: AbortSignal.abort() });
      await expect(makeCell(stopped.task)).rejects.toMatchObject({ failure: 'cancelled' });
      expect(stopped.requests).toEqual([]);
    });

    it('gives its permit back whatever happens', async () => {
      const { task, limiter } = cellOf([failure('unavailable'), BAD, GOOD, failure('rejected')]);
      await makeCell(task);
      await makeCell(task);
      expect(limiter.stats()).toMatchObject({ inFlight: 0, waiting: 0 });
    });
  });

  describe('after an earlier attempt', () => {
    const settings = { maxConversationRestarts: 1, maxConversationCorrectionSteps: 2 };

    /** The records that a cell leaves when it is killed after `count` of them. */
    async function killedAfter(count: number, steps: readonly Step[]): Promise<readonly CellRecord[]> {
      const { task, records } = cellOf(steps, { settings });
      const append = async (record: CellRecord) => {
        records.push(record);
        if (records.length === count) throw new Error('killed');
      };
      await makeCell({ ...task, append }).catch(() => {});
      return records;
    }

    it.each([1, 2, 3, 4, 5])('goes on where it ended: killed after record %i', async (count) => {
      const steps = [BAD, failure('unavailable'), BAD, BAD, BAD, GOOD];
      const whole = cellOf(steps, { settings });
      await makeCell(whole.task);
      const history = await killedAfter(count, steps);
      const rest = cellOf(steps.slice(count), { settings, history });
      expect(await makeCell(rest.task)).toEqual({ status: 'ok', value: { level: 3n } });
      expect(rest.requests.map(({ messages }) => messages)).toEqual(
        whole.requests.slice(count).map(({ messages }) => messages),
      );
      const told = ({ status, turns }: CellRecord) => ({ status, turns });
      expect([...history, ...rest.records].map(told)).toEqual(whole.records.map(told));
    });

    it('puts the turns of several parts in their order, though the clock was set back in between', async () => {
      const corrections = { ...settings, maxConversationCorrectionSteps: 3 };
      const answers = ['first', 'second', 'third'];
      const killed = cellOf(answers.slice(0, 2), { settings: corrections, now: () => 20 });
      await expect(makeCell(killed.task)).rejects.toThrow('at its end');
      const history = killed.records;
      const again = cellOf(answers.slice(2), { settings: corrections, history, now: () => 10 });
      await expect(makeCell(again.task)).rejects.toThrow('at its end');
      const parts = [...again.records, ...killed.records];
      const { task, requests } = cellOf([GOOD], { settings: corrections, history: parts });
      await makeCell(task);
      expect(
        requests[0]!.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content),
      ).toEqual(answers);
    });

    it('counts the tries of all attempts together', async () => {
      const cut = failure('unavailable');
      // The first does not count: nothing was answered before it.
      const history = await killedAfter(4, [cut, cut, cut, cut]);
      const { task, requests } = cellOf([cut, cut, cut], { history });
      expect(await makeCell(task)).toMatchObject({ status: 'failed' });
      expect(requests).toHaveLength(3);
    });
  });
});
