// Which cells exist, rule by rule: two text columns over one root, `summary` made from `body`.

import { describe, expect, it } from 'vitest';
import { CHAT_READ_VERSION } from '../../../src/columns/llm/declare-chat.ts';
import type { TextColumn } from '../../../src/columns/llm-text/declare.ts';
import { CellError } from '../../../src/errors.ts';
import { SIMULATED_HOST } from '../../../src/models/providers/simulated/simulated-client.ts';
import type { Plan } from '../../../src/plan.ts';
import { adoptCells } from '../../../src/rows/adopt.ts';
import type { Adoption, EarlierOutput } from '../../../src/rows/adoption.ts';
import type { RootRow } from '../../../src/rows/roots.ts';
import { emptyRow } from '../../../src/rows/row.ts';
import { type CellRecord, RECORD_VERSION } from '../../../src/store/records.ts';
import type { Value } from '../../../src/values.ts';
import { cellInput } from '../../support/chat-columns.ts';
import { assemblerOf, customColumn, planWith, samplerColumn, textColumn } from '../../support/plans.ts';

function text(name: string, needs: string): TextColumn {
  return textColumn(name, { needs: [needs], prompt: `${name} of {{ ${needs} }}` });
}

const BODY = text('body', 'topic');
const SUMMARY = text('summary', 'body');

const PLAN = planWith([samplerColumn('topic', 'category'), BODY, SUMMARY], { rowGroupSize: 10 });

function record(value: Value, more: Partial<CellRecord> = {}): CellRecord {
  return {
    v: RECORD_VERSION,
    row: 0,
    in: 'other',
    read: CHAT_READ_VERSION,
    status: 'ok',
    turns: [{ by: 'model', text: String(value) }],
    value,
    finish: 'stop',
    calls: [],
    error: null,
    host: 'models.example',
    at: 1,
    ...more,
  };
}

/** A cell with the digest of what the plan makes it from. */
function right(column: TextColumn, from: string, value: string, more: Partial<CellRecord> = {}): CellRecord {
  const values = { [column.needs[0] ?? '']: from };
  return record(value, { in: cellInput({ plan: PLAN, column, row: 0, values }).digest, ...more });
}

const TOPIC = record('tents', { turns: [], read: 0 });

const NOTHING: EarlierOutput = { rows: [], columns: [], drops: [] };
const IN_PLACE: EarlierOutput = { rows: [{ first: 0, last: 0 }], columns: ['topic', 'body'], drops: [] };

async function adopt(
  records: { readonly body?: readonly CellRecord[]; readonly summary?: readonly CellRecord[] },
  {
    plan = PLAN,
    output = NOTHING,
    unchanged = [],
  }: {
    readonly plan?: Plan;
    readonly output?: EarlierOutput;
    readonly unchanged?: readonly string[];
  } = {},
): Promise<Adoption> {
  const root: RootRow = { cells: { topic: TOPIC }, failure: null };
  return adoptCells({
    plan,
    assembler: await assemblerOf(plan),
    rows: { first: 0, last: 0 },
    roots: new Map([[0, root]]),
    records: new Map(Object.entries({ topic: [TOPIC], ...records })),
    output,
    unchanged: new Set(unchanged),
    unread: new Set(),
  });
}

function cellOf(adoption: Adoption, column: string): Value | undefined {
  return adoption.columns.get(column)?.chosen.get(0)?.value;
}

function wantOf(adoption: Adoption, column: string): string | undefined {
  return adoption.columns.get(column)?.wanted.get(0);
}

describe('a cell', () => {
  it('exists when it was made from what the chosen upstream cells say', async () => {
    const adoption = await adopt({
      body: [right(BODY, 'tents', 'a body')],
      summary: [right(SUMMARY, 'a body', 'a summary')],
    });
    expect([cellOf(adoption, 'body'), cellOf(adoption, 'summary')]).toEqual(['a body', 'a summary']);
  });

  it('is stale when it was made from something else, and what was made from it cannot be judged', async () => {
    const adoption = await adopt({ body: [record('old')], summary: [right(SUMMARY, 'old', 'of the old')] });
    expect([wantOf(adoption, 'body'), wantOf(adoption, 'summary')]).toEqual(['stale', 'downstream']);
  });

  it('that was never made is missing, one that failed is tried again', async () => {
    const failed = right(BODY, 'tents', '', { status: 'failed', turns: [], value: null });
    expect(wantOf(await adopt({}), 'body')).toBe('missing');
    expect(wantOf(await adopt({ body: [failed] }), 'body')).toBe('retried');
    const output = { ...NOTHING, drops: [{ row: 0, column: 'body' }] };
    expect(wantOf(await adopt({}, { output }), 'body')).toBe('retried');
  });

  it('that crashed the worker drops its row, until it is made from something else or there is an answer', async () => {
    const error = { kind: 'CrashedWorker', message: 'It crashed the worker' } as const;
    const crash = right(BODY, 'tents', '', { status: 'failed', turns: [], value: null, error });
    const adoption = await adopt({ body: [crash] });
    expect(adoption.dropped.get(0)).toMatchObject({ column: 'body', error });
    expect(wantOf(adoption, 'body')).toBeUndefined();
    const others = await adopt({ body: [{ ...crash, in: 'other' }] });
    expect([others.dropped.size, wantOf(others, 'body')]).toEqual([0, 'missing']);
    const answered = await adopt({ body: [crash, right(BODY, 'tents', 'a body')] });
    expect([answered.dropped.size, cellOf(answered, 'body')]).toEqual([0, 'a body']);
  });

  it('that another version read is read again from its answer', async () => {
    const adoption = await adopt({
      body: [
        right(BODY, 'tents', 'misread', {
          read: CHAT_READ_VERSION - 1,
          turns: [{ by: 'model', text: 'the answer' }],
        }),
      ],
    });
    expect(cellOf(adoption, 'body')).toBe('the answer');
  });

  it('does not exist when this version can no longer read its answer', async () => {
    const adoption = await adopt({
      body: [right(BODY, 'tents', 'x', { read: CHAT_READ_VERSION - 1, turns: [{ by: 'model', text: '' }] })],
    });
    expect(wantOf(adoption, 'body')).toBe('missing');
  });
});

describe('of several right cells', () => {
  const early = right(BODY, 'tents', 'early', { at: 1 });
  const late = right(BODY, 'tents', 'late', { at: 2 });

  it('the one of the current output is taken', async () => {
    expect(cellOf(await adopt({ body: [early, { ...late, chosen: true }] }), 'body')).toBe('late');
  });

  it('else the one that more cells were made from', async () => {
    const adoption = await adopt({ body: [early, late], summary: [right(SUMMARY, 'late', 's')] });
    expect([cellOf(adoption, 'body'), cellOf(adoption, 'summary')]).toEqual(['late', 's']);
  });

  it('else the oldest, in whatever order they are found', async () => {
    expect(cellOf(await adopt({ body: [late, early] }), 'body')).toBe('early');
  });
});

describe('a kept cell', () => {
  const plan: Plan = { ...PLAN, keep: [{ column: 'body', rows: null }] };

  it('is the one of the current output, whatever it was made from', async () => {
    const body = [right(BODY, 'tents', 'right'), record('shown', { chosen: true })];
    const adoption = await adopt({ body }, { plan, output: IN_PLACE });
    expect(cellOf(adoption, 'body')).toBe('shown');
    expect(adoption.columns.get('body')?.keptAsIs).toEqual(new Set([0]));
  });

  it('has to fit the type of its column', async () => {
    const body = [record('no number', { chosen: true })];
    const columns = plan.columns.map((column) =>
      column.name === 'body' ? { ...column, type: { kind: 'int' } as const } : column,
    );
    const adoption = await adopt({ body }, { plan: { ...plan, columns }, output: IN_PLACE });
    expect(wantOf(adoption, 'body')).toBe('stale');
  });

  it('is never a simulated answer for a real provider', async () => {
    const body = [record('made up', { host: SIMULATED_HOST, chosen: true })];
    expect(wantOf(await adopt({ body }, { plan, output: IN_PLACE }), 'body')).toBe('stale');
  });
});

describe('a cell of the current output', () => {
  const shown = record('shown', { chosen: true });

  it('is right unread where its column is defined as it was, with all above it', async () => {
    const adoption = await adopt({ body: [shown] }, { output: IN_PLACE, unchanged: ['topic', 'body'] });
    expect(cellOf(adoption, 'body')).toBe('shown');
    const other = [right(BODY, 'tents', 'of another start')];
    const both = await adopt({ body: [...other, shown] }, { output: IN_PLACE, unchanged: ['topic', 'body'] });
    expect(cellOf(both, 'body')).toBe('shown');
  });

  it('is judged by what it was made from where its column changed', async () => {
    const adoption = await adopt({ body: [shown] }, { output: IN_PLACE, unchanged: ['topic'] });
    expect(wantOf(adoption, 'body')).toBe('stale');
  });

  it('is judged where the cell above it is another one now', async () => {
    const unchanged = ['topic', 'body', 'summary'];
    const summary = [right(SUMMARY, 'shown', 'of the shown', { chosen: true })];
    const gone = await adopt({ summary }, { output: IN_PLACE, unchanged });
    expect([wantOf(gone, 'body'), wantOf(gone, 'summary')]).toEqual(['lost', 'downstream']);
    const body = [right(BODY, 'tents', 'of another start')];
    const replaced = await adopt({ body, summary }, { output: IN_PLACE, unchanged });
    expect([cellOf(replaced, 'body'), wantOf(replaced, 'summary')]).toEqual(['of another start', 'stale']);
  });

  it('is judged where nothing marks it: another start made it, and nobody saw it', async () => {
    const adoption = await adopt({ body: [record('made')] }, { output: IN_PLACE, unchanged: ['body'] });
    expect(wantOf(adoption, 'body')).toBe('stale');
  });

  it('is lost when it is gone from the store, even one that is to be kept', async () => {
    for (const keep of [[], [{ column: null, rows: null }]]) {
      const adoption = await adopt({}, { plan: { ...PLAN, keep }, output: IN_PLACE });
      expect([wantOf(adoption, 'body'), wantOf(adoption, 'summary')]).toEqual(['lost', 'missing']);
    }
  });

  it('is missing, not lost, in a column that the output never had', async () => {
    const adoption = await adopt(
      { body: [right(BODY, 'tents', 'shown', { chosen: true })] },
      { output: IN_PLACE },
    );
    expect(wantOf(adoption, 'summary')).toBe('missing');
  });
});

describe('a column made as a whole', () => {
  it('does not wait for cells that failed for good before its child went on as a new run', async () => {
    const rank = customColumn('rank', { calling: 'column', reads: ['body'], needs: ['body'] });
    const plan = { ...PLAN, columns: [...PLAN.columns, rank] };
    const assembler = await assemblerOf(plan);
    const open = assembler.columns.find(({ column }) => column.name === 'rank')!;
    if (open.shape !== 'cells') throw new TypeError('It has cells');
    const row = { ...emptyRow(0), values: { topic: 'tents', body: 'a body' } };
    const [keyed] = open.maker.inputs([assembler.viewOf(rank, row)]);
    if (keyed === undefined || keyed instanceof CellError) throw new TypeError('It has an input');
    const made = record('first', { in: keyed.digest, turns: [], read: 1 });
    const root: RootRow = { cells: { topic: TOPIC }, failure: null };
    const adoptWith = (lost: (column: string, row: number) => boolean) =>
      adoptCells({
        ...{ plan, assembler, rows: { first: 0, last: 1 }, output: NOTHING, lost },
        roots: new Map([0, 1].map((number) => [number, root])),
        records: new Map([
          ['body', [right(BODY, 'tents', 'a body')]],
          ['rank', [made]],
        ]),
        ...{ unchanged: new Set(), unread: new Set() },
      });
    const waiting = await adoptWith(() => false);
    expect(wantOf(waiting, 'rank')).toBe('downstream');
    const goingOn = await adoptWith((column, number) => column === 'body' && number === 1);
    expect([cellOf(goingOn, 'rank'), wantOf(goingOn, 'rank')]).toEqual(['first', undefined]);
  });
});
