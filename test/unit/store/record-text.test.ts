import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLine } from '../../../src/store/lines.ts';
import { formatHeader, formatRecord, isHeader, parseRecord } from '../../../src/store/record-text.ts';
import { type CellRecord, type PartHeader, RECORD_VERSION } from '../../../src/store/records.ts';
import type { Turn } from '../../../src/turns.ts';
import { formatJson, type Value } from '../../../src/values.ts';
import { answerTurn, call, cellRecord } from './records.ts';

const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('__proto__', 'value', 'kind', 'from'));
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ',"value":',
    '","value":1',
    '{"kind":',
    '\n',
    '"',
    '\u2028',
    '9007199254740993',
    '12.0',
  ),
);
const anyValue = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(12, -0, 1e21),
    anyText,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const toolCall = fc.record({ id: anyText, name: anyText, args: anyText }, { noNullPrototype: true });
const modelTurn = fc.record(
  {
    by: fc.constant('model' as const),
    text: anyText,
    reasoning: anyText,
    problem: anyText,
    toolCalls: fc.array(toolCall, { maxLength: 2 }),
  },
  { requiredKeys: ['by', 'text'], noNullPrototype: true },
);
const otherTurn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({ by: fc.constant('tool' as const), call: anyText, text: anyText }, { noNullPrototype: true }),
  fc.record(
    { by: fc.constant('vectors' as const), base64: fc.array(fc.base64String(), { maxLength: 2 }) },
    { noNullPrototype: true },
  ),
  fc.record({ by: fc.constant('http' as const), body: anyText }, { noNullPrototype: true }),
  fc.record({ by: fc.constant('inner' as const), ask: anyText, turn: modelTurn }, { noNullPrototype: true }),
);
const anyTurn = fc.oneof(modelTurn, otherTurn);
const anyCall = fc.record(
  {
    id: fc.string(),
    promptTokens: fc.nat(),
    completionTokens: fc.nat(),
    status: fc.nat(),
    ms: fc.nat(),
    model: anyText,
  },
  { requiredKeys: ['id', 'promptTokens', 'completionTokens', 'status', 'ms'], noNullPrototype: true },
);
const anyError = fc.record(
  { kind: fc.constant('UnusableAnswer' as const), message: anyText },
  { noNullPrototype: true },
);
const anyFields = fc.record(
  {
    read: fc.nat(2),
    status: fc.constantFrom('call', 'retry', 'ok', 'failed', 'skip'),
    turns: fc.array(anyTurn, { maxLength: 3 }),
    value: anyValue,
    state: anyValue,
    finish: fc.option(fc.string()),
    calls: fc.array(fc.oneof(anyCall, fc.constant(call('n:1'))), { maxLength: 3 }),
    error: fc.option(anyError),
    host: fc.option(fc.string()),
    at: fc.nat(2),
    counts: fc.constant(true as const),
  },
  { requiredKeys: [], noNullPrototype: true },
);
/** In most of them the model's last turn says the value, in one way or another. */
const anyRecord = fc
  .record({
    row: fc.nat(),
    fields: anyFields,
    said: fc.constantFrom('no', 'text', 'json', 'spaced', 'quoted'),
    text: anyText,
    later: fc.array(otherTurn, { maxLength: 1 }),
  })
  .map(({ row, fields, said, text, later }): CellRecord => {
    const record = cellRecord({ row, ...fields });
    const saying = (answer: string) => [...record.turns, answerTurn(answer), ...later];
    if (said === 'no') return record;
    if (said === 'text') return { ...record, turns: saying(text), value: text };
    if (said === 'quoted') return { ...record, turns: saying(JSON.stringify(text)), value: text };
    return { ...record, turns: saying(formatJson(record.value, said === 'spaced' ? 2 : undefined)) };
  });

const TEXT = 'A tent that stands in wind and rain, for two who travel light. '.repeat(4).slice(0, 220);
const JUDGED: Value = {
  realism: { reasoning: 'It reads like something that a tired traveller would write', score: '3' },
  tone: { reasoning: 'Calm, though the zip of the inner tent broke on the second night', score: 'Calm' },
  length: 12n,
};

function typical(more: Partial<CellRecord>): CellRecord {
  return cellRecord({
    row: 175,
    in: '0123456789abcdef0123456789abcdef',
    read: 4,
    calls: [
      { id: '0123456789abcdef:17', promptTokens: 1_240, completionTokens: 312, status: 200, ms: 12_345 },
    ],
    host: '127.0.0.1:8080',
    at: 1_796_000_000_000,
    ...more,
  });
}

describe('a record as text', () => {
  it('gives back any record as it was', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const text = formatRecord(record);
        expect(isHeader(text)).toBe(false);
        expect(parseRecord(text)).toStrictEqual(record);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves out what is at its default', () => {
    const nothing = { value: null, finish: null, host: null, read: 0, at: 0 };
    expect(JSON.parse(formatRecord(cellRecord({ row: 3, ...nothing })))).toEqual({
      ...{ v: RECORD_VERSION, row: 3, in: 'digest', status: 'ok' },
    });
  });

  it('keeps the marks of a settled file, and no mark of who reads', () => {
    const marked = { ...cellRecord({ row: 3, chosen: true }), plans: ['plan'] };
    expect(parseRecord(formatRecord(marked))).toEqual({ ...cellRecord({ row: 3 }), plans: ['plan'] });
  });

  it('takes at most 500 bytes for a cell whose answer has 220 characters', () => {
    expect(TEXT).toHaveLength(220);
    const judged = formatJson(JUDGED);
    expect(judged.length).toBeGreaterThan(210);
    for (const cell of [
      typical({ turns: [{ by: 'model', text: TEXT }], value: TEXT }),
      typical({ turns: [{ by: 'model', text: judged }], value: JUDGED }),
    ]) {
      expect(Buffer.byteLength(formatLine(formatRecord(cell)))).toBeLessThanOrEqual(500);
    }
  });

  it('holds a value once where the last turn says it, and never takes one number for another', () => {
    const fieldsOf = (text: string, value: Value) =>
      JSON.parse(
        formatRecord(
          cellRecord({
            row: 0,
            turns: [
              { by: 'model', text: '1', problem: 'no' },
              { by: 'model', text },
            ],
            value,
          }),
        ),
      );
    expect(fieldsOf('Hello', 'Hello')).toMatchObject({ from: 'text' });
    expect(fieldsOf(' {"a": 12.0}\n', { a: 12 })).toMatchObject({ from: 'json' });
    expect(fieldsOf('9007199254740993', 9_007_199_254_740_993n)).toMatchObject({ from: 'json' });
    const once = [fieldsOf('Hello', 'Hello'), fieldsOf('{"a": 12.0}', { a: 12 })];
    expect(once.map((fields) => 'value' in fields)).toEqual([false, false]);
    for (const [text, value] of [
      ['Hello ', 'Hello'],
      ['{"a": 12}', { a: 12 }],
      ['{"a": 1, "b": 2}', { b: 2n, a: 1n }],
      ['1', '1.0'],
      ['```json\n{"a": 1}\n```', { a: 1n }],
    ] as const) {
      const fields = fieldsOf(text, value);
      expect(['from' in fields, Object.keys(fields).at(-1)]).toEqual([false, 'value']);
    }
  });
});

it('tells a header from a record by how its text starts', () => {
  const header: PartHeader = {
    ...{ v: RECORD_VERSION, kind: 'part', column: 'value', epoch: 1, rowGroup: 0, nonce: 'n' },
    rows: { first: 0, last: 9 },
  };
  expect(isHeader(formatHeader(header))).toBe(true);
  expect(JSON.parse(formatHeader(header))).toEqual(header);
});
