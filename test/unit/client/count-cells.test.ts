// What a start would make, counted before it: as much is read as an edit can have touched, and the counts are those of
// reading all of it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKept } from '../../../src/cell-rules.ts';
import { type CellCounts, sumCounts } from '../../../src/client/wish/count-cells.ts';
import type { ChatForm, Trace } from '../../../src/columns/llm/declare-chat.ts';
import type { TextColumn } from '../../../src/columns/llm-text/declare.ts';
import type { Plan, PlanColumn, RowRanges } from '../../../src/plan.ts';
import { findRows, findVersion } from '../../../src/store/look.ts';
import type { Value } from '../../../src/values.ts';
import { hooked } from '../../support/hooked-files.ts';
import { expressionColumn, planWith, samplerColumn, textColumn, withForm } from '../../support/plans.ts';
import { type Asked, type SmallBuild, SmallBuilds } from '../../support/small-builds.ts';

function text(name: string, ...needs: readonly string[]): TextColumn {
  const prompt = [`Write ${name}`, ...needs.map((need) => `{{ ${need} }}`)].join(' ');
  return textColumn(name, { needs, prompt });
}

const TOPIC = samplerColumn('topic', 'category', { params: { values: ['tents', 'boots', 'maps'] } });
const LABEL = expressionColumn('label', '{{ body }}!', { needs: ['body'] });

const PLAN = planWith(
  [TOPIC, text('body', 'topic'), LABEL, text('summary', 'label'), text('note'), text('reply', 'note')],
  { rowGroupSize: 3 },
);

/** Few different answers, so that one that is made again often says the same. */
const ANSWER = (digest: string) => ['yes', 'no', 'perhaps'][Number.parseInt(digest.slice(0, 6), 16) % 3];
/** Refuses some inputs. */
const CHOOSY = (digest: string) => (digest.startsWith('0') ? undefined : ANSWER(digest));

const isText = (column: PlanColumn): column is TextColumn => column.kind === 'llm-text';

function edit(plan: Plan, name: string): Plan {
  const columns = plan.columns.map((column) =>
    column.name === name && isText(column)
      ? withForm(column, { prompt: `${column.form.prompt}, please` })
      : column,
  );
  return { ...plan, columns };
}

describe('the count of an edit of the last column', () => {
  it('reads that column and what it needs, and no other', async () => {
    const read = new Set<string>();
    const builds = await SmallBuilds.create(ANSWER, (files) =>
      hooked(files, (operation, path) => {
        const column = /^cells\/([^/]+)\/.+\.jsonl/.exec(path)?.[1];
        if (operation === 'find' && column !== undefined) read.add(column);
      }),
    );
    await builds.build({ plan: PLAN, rows: 9 });
    read.clear();
    const counts = await builds.count({ plan: edit(PLAN, 'reply'), rows: 9 }, { readsAll: false });
    expect([...read].sort()).toEqual(['note', 'reply']);
    expect(sumCounts(counts)).toMatchObject({ kept: 27, again: 9, calls: 9 });
    expect(counts.columns.reply).toMatchObject({ stale: 9 });
  });
});

describe('cells that are gone', () => {
  it('are counted with those below them, though an edit touches another column', async () => {
    const builds = await SmallBuilds.create(ANSWER);
    await builds.build({ plan: PLAN, rows: 6 });
    await builds.dataset.files.removeFolder('cells/body/00001');
    const asked = { plan: edit(PLAN, 'reply'), rows: 6 };
    const { columns } = await builds.count(asked, { readsAll: false });
    expect(columns).toMatchObject({
      body: { kept: 3, lost: 3 },
      summary: { kept: 3, downstream: 3 },
      note: { kept: 6 },
      reply: { stale: 6 },
    });
    expect((await builds.build(asked)).calls).toMatchObject({ body: 3, reply: 6 });
  });
});

describe('one redone row', () => {
  it('is counted and made by opening its group only, and leaves the files of all others', async () => {
    const opened = new Set<string>();
    const builds = await SmallBuilds.create(ANSWER, (files) =>
      hooked(files, (operation, path) => {
        const [, group] = /^cells\/[^/]+\/(\d+)\/.+\.jsonl/.exec(path) ?? [];
        if (operation === 'find' && group !== undefined) opened.add(group);
      }),
    );
    await builds.build({ plan: PLAN, rows: 60 });
    const redone = { ...PLAN, redo: [{ column: 'body', rows: [{ first: 31, last: 31 }], counter: 1 }] };
    opened.clear();
    const counts = await builds.count({ plan: redone, rows: 60 }, { readsAll: false });
    expect([...opened]).toEqual(['00010']);
    expect(counts.columns.body).toMatchObject({ stale: 1, kept: 59 });
    const before = await filesOf(builds, 1);
    opened.clear();
    const build = await builds.build({ plan: redone, rows: 60 });
    expect(build.opened).toEqual([10]);
    expect(build.calls.body).toBe(1);
    expect([...opened]).toEqual(['00010']);
    const after = await filesOf(builds, 2);
    const changed = [...after].filter(([name, identity]) => before.get(name) !== identity);
    expect(changed.map(([name]) => name)).toEqual(['groups/00010.json', 'parquet-files/batch_00010.parquet']);
  });
});

describe('what is kept', () => {
  it('is what people see now, not what they saw when the same plan was built before', async () => {
    const builds = await SmallBuilds.create((digest) => digest);
    await builds.build({ plan: PLAN, rows: 6 });
    const kept = { ...edit(PLAN, 'note'), keep: [{ column: null, rows: null }] };
    await builds.build({ plan: kept, rows: 6 });
    await builds.build({ plan: edit(edit(PLAN, 'note'), 'note'), rows: 6 });
    const before = await valuesOf(builds);
    const { calls } = await builds.build({ plan: kept, rows: 6 });
    expect(calls).toEqual({});
    expect(await valuesOf(builds)).toEqual(before);
  });

  it('is taken over from a build of the same plan that was killed', async () => {
    const builds = await SmallBuilds.create(ANSWER);
    await builds.build({ plan: PLAN, rows: 6 });
    const asked = { plan: { ...edit(PLAN, 'note'), keep: [{ column: null, rows: null }] }, rows: 6 };
    await builds.build(asked, { stopsAfter: 1 });
    expect((await builds.build(asked)).opened).toEqual([1]);
    expect((await builds.count(asked, { readsAll: false })).isDone).toBe(true);
  });
});

describe('what a cell makes beside its value', () => {
  const told = (trace: Trace, more: Partial<ChatForm> = {}) =>
    textColumn('body', {
      ...{ needs: ['topic'], prompt: 'Write of {{ topic }}', trace, showsReasoning: true, ...more },
      sideEffects: ['body__trace', 'body__reasoning_content'].map((name) => ({
        name,
        type: { kind: 'json' },
      })),
    });
  const planOf = (body: TextColumn, more: Partial<Plan> = {}) =>
    planWith([TOPIC, body, text('critique', 'body__trace'), text('reply', 'body')], {
      rowGroupSize: 3,
      ...more,
    });
  const traceIn = async (builds: SmallBuilds) => (await valuesOf(builds)).get('body__trace 0')?.value;

  /** Says how many calls the next build is said to make, and makes. */
  async function callsOf(builds: SmallBuilds, plan: Plan): Promise<readonly [number, SmallBuild['calls']]> {
    const asked = { plan, rows: 6 };
    const { calls } = sumCounts(await builds.count(asked, { readsAll: false }));
    return [calls, (await builds.build(asked)).calls];
  }

  it('is there for cells that were made before it was asked for, without a call', async () => {
    const builds = await SmallBuilds.create(ANSWER);
    const before = planWith([TOPIC, text('body', 'topic')], { rowGroupSize: 3 });
    await builds.build({ plan: before, rows: 6 });
    const { prompt } = text('body', 'topic').form;
    const plan = planWith([TOPIC, told('all_messages', { prompt })], { rowGroupSize: 3 });
    expect(await callsOf(builds, plan)).toEqual([0, {}]);
    expect(await traceIn(builds)).toMatchObject([{ role: 'user' }, { role: 'assistant' }]);
  });

  it('makes what stands on it anew when it is another one, and nothing else', async () => {
    const builds = await SmallBuilds.create((digest) => digest);
    await builds.build({ plan: planOf(told('all_messages')), rows: 6 });
    expect(await callsOf(builds, planOf(told('last_message')))).toEqual([6, { critique: 6 }]);
    expect(await traceIn(builds)).toMatchObject([{ role: 'assistant' }]);
    // What there was before is found again.
    expect(await callsOf(builds, planOf(told('all_messages')))).toEqual([0, {}]);
  });

  it('is redone with its cell', async () => {
    const builds = await SmallBuilds.create((digest) => digest);
    await builds.build({ plan: planOf(told('all_messages')), rows: 6 });
    const redo = [{ column: 'body', rows: [{ first: 4, last: 4 }], counter: 1 }];
    const again = { body: 1, critique: 1, reply: 1 };
    expect(await callsOf(builds, planOf(told('all_messages'), { redo }))).toEqual([3, again]);
  });

  it('of a kept cell says nothing that the cell was never asked', async () => {
    const builds = await SmallBuilds.create((digest) => digest);
    await builds.build({ plan: planOf(told('all_messages')), rows: 6 });
    const edited = told('all_messages', { prompt: 'Now write of {{ topic }}' });
    const keepsBody = planOf(edited, { keep: [{ column: 'body', rows: null }] });
    expect(await callsOf(builds, keepsBody)).toEqual([6, { critique: 6 }]);
    expect(await traceIn(builds)).toMatchObject([{ role: 'assistant' }]);
    const keepsAll = planOf(edited, { keep: [{ column: null, rows: null }] });
    expect(await callsOf(builds, keepsAll)).toEqual([0, {}]);
  });
});

/** By file of an edition: which one it is. */
async function filesOf({ dataset: { files } }: SmallBuilds, epoch: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of ['groups', 'parquet-files']) {
    for (const name of (await files.list(`editions/00000${epoch}/${folder}`)).sort()) {
      const stat = await files.findStat(`editions/00000${epoch}/${folder}/${name}`);
      found.set(`${folder}/${name}`, stat!.identity);
    }
  }
  return found;
}

const COLUMN = fc.constantFrom('body', 'summary', 'note', 'reply');
const ROWS: fc.Arbitrary<RowRanges> = fc.option(
  fc.tuple(fc.nat(7), fc.nat(3)).map(([first, size]) => [{ first, last: Math.min(first + size, 7) }]),
);

type Edit = (asked: Asked, first: Asked) => Asked;

const change =
  (of: (plan: Plan) => Plan): Edit =>
  (asked) => ({ ...asked, plan: of(asked.plan) });

const EDIT: fc.Arbitrary<Edit> = fc.oneof(
  COLUMN.map((name) => change((plan) => edit(plan, name))),
  COLUMN.map((name) =>
    change((plan) => ({
      ...plan,
      columns: plan.columns.map((column) =>
        column.name === name ? { ...column, drop: !column.drop } : column,
      ),
    })),
  ),
  fc.constant(
    change((plan) => ({
      ...plan,
      columns: plan.columns.map((column) =>
        column.name === 'topic' && column.kind === 'sampler'
          ? { ...column, params: { values: ['tents', 'huts', 'maps'] } }
          : column,
      ),
    })),
  ),
  fc.constant(
    change((plan) => ({
      ...plan,
      columns: plan.columns.some(({ name }) => name === 'extra')
        ? plan.columns.filter(({ name }) => name !== 'extra')
        : [...plan.columns, text('extra', 'summary')],
    })),
  ),
  fc.tuple(COLUMN, ROWS).map(([column, rows]) =>
    change((plan) => {
      const counter = 1 + Math.max(0, ...plan.redo.map((rule) => rule.counter));
      return { ...plan, redo: [...plan.redo, { column, rows, counter }] };
    }),
  ),
  fc
    .tuple(fc.option(COLUMN), ROWS)
    .map(([column, rows]) => change((plan) => ({ ...plan, keep: [{ column, rows }] }))),
  fc.constant(change((plan) => ({ ...plan, keep: [] }))),
  fc.integer({ min: 1, max: 3 }).map(
    (more): Edit =>
      (asked) => ({ ...asked, rows: asked.rows + more }),
  ),
  // An undone edit: what was there at first is found again.
  fc.constant<Edit>(({ rows }, first) => ({ plan: first.plan, rows })),
);

describe('a count that reads only what an edit can have touched', () => {
  it('is the count of reading everything, and what the build then makes; what is kept stays', async () => {
    const steps = fc.array(fc.record({ edit: EDIT, stopsAfter: fc.option(fc.nat(2), { nil: undefined }) }), {
      minLength: 1,
      maxLength: 5,
    });
    const property = fc.asyncProperty(steps, fc.boolean(), async (edits, isChoosy) => {
      const builds = await SmallBuilds.create(isChoosy ? CHOOSY : ANSWER);
      const first: Asked = { plan: PLAN, rows: 8 };
      let asked = first;
      await builds.build(asked);
      for (const { edit, stopsAfter } of edits) {
        asked = edit(asked, first);
        const counts = await builds.count(asked, { readsAll: false });
        const all = await builds.count(asked, { readsAll: true });
        expect(wantedOf(counts)).toEqual(wantedOf(all));
        const before = await valuesOf(builds);
        const { calls } = await builds.build(asked, stopsAfter === undefined ? {} : { stopsAfter });
        if (stopsAfter !== undefined) continue;
        for (const [name, { missing, lost, stale, downstream, retried }] of Object.entries(counts.columns)) {
          const made = calls[name] ?? 0;
          // A row may be dropped before it comes to a cell.
          if (!isChoosy) expect(made).toBeGreaterThanOrEqual(missing + lost + stale + retried);
          expect(made).toBeLessThanOrEqual(missing + lost + stale + downstream + retried);
        }
        const after = await valuesOf(builds);
        for (const [cell, { column, row, value }] of before) {
          if (!isKept(asked.plan, { column, row }) || !after.has(cell)) continue;
          expect([cell, after.get(cell)!.value]).toEqual([cell, value]);
        }
        const again = await builds.count(asked, { readsAll: false });
        if (!isChoosy) expect([sumCounts(again).calls, again.isDone]).toEqual([0, true]);
      }
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

interface SeenCell {
  readonly column: string;
  readonly row: number;
  readonly value: Value;
}

/** The cells that people see, of rows that are in the files. */
async function valuesOf({ dataset }: SmallBuilds): Promise<Map<string, SeenCell>> {
  const version = await findVersion(dataset);
  const cells = new Map<string, SeenCell>();
  for await (const { row, state, values } of findRows(dataset, [{ first: 0, last: 99 }], version)) {
    if (state !== 'complete') continue;
    for (const [column, value] of Object.entries(values)) {
      if (column !== 'label') cells.set(`${column} ${row}`, { column, row, value });
    }
  }
  return cells;
}

/** What people are asked about and told, but for cells that they kept in an earlier build. */
function wantedOf({ columns, changedSeedRows, crashed, rowsInOutput, isDone }: CellCounts): object {
  const counts = Object.entries(columns).map(([name, { keptAsIs: _, ...count }]) => [name, count]);
  return { columns: Object.fromEntries(counts), changedSeedRows, crashed, rowsInOutput, isDone };
}
