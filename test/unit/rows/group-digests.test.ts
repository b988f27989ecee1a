// What of a plan is about which row group: three groups of ten rows, columns `topic` → `body` → `label` → `summary`, and
// `note` beside them.

import { describe, expect, it } from 'vitest';
import type { KeepRule, Plan, PlanColumn, RedoRule } from '../../../src/plan.ts';
import { makeGroupDigests } from '../../../src/rows/group-digests.ts';
import {
  expressionColumn,
  planWith,
  samplerColumn,
  seedColumn,
  textColumn,
  withForm,
} from '../../support/plans.ts';

const COLUMNS: readonly PlanColumn[] = [
  seedColumn('city'),
  samplerColumn('topic', 'category', { params: { values: ['tents', 'boots'] } }),
  textColumn('body', { needs: ['topic'], prompt: 'A body of {{ topic }}' }),
  expressionColumn('label', '{{ body }}!', { needs: ['body'] }),
  textColumn('summary', { needs: ['label'], prompt: 'Sum up {{ label }}' }),
  textColumn('note', { needs: ['city'], prompt: 'A note from {{ city }}' }),
];
const NAMES = COLUMNS.map(({ name }) => name);

const PLAN = planWith(COLUMNS, {
  rowGroupSize: 10,
  seedSource: {
    ...{ contentHash: 'hash', sourceRows: 25, selection: { first: 0, count: 25 }, sampling: 'ordered' },
  },
});

const GROUPS = [0, 1, 2].map((group) => ({ first: group * 10, last: group * 10 + 9 }));

interface Change extends Partial<Plan> {
  /** By group. */
  readonly seeds?: readonly string[];
}

function digestsOf({ seeds = ['a', 'b', 'c'], ...change }: Change = {}) {
  const seedKeyOf = ({ first }: { readonly first: number }) => seeds[first / 10] ?? null;
  return makeGroupDigests({ plan: { ...PLAN, ...change }, order: NAMES, seedKeyOf });
}

/** The groups whose digest a change of the plan changes. */
function changedGroups(change: Change, before: Change = {}): number[] {
  const [old, now] = [digestsOf(before), digestsOf(change)];
  return [0, 1, 2].filter((group) => {
    const rows = GROUPS[group]!;
    return old.groupDigest(rows) !== now.groupDigest(rows);
  });
}

/** The columns whose definition it changes, in the first group unless another is named. */
function changedColumns(change: Change, group = 0): string[] {
  const rows = GROUPS[group]!;
  const [old, now] = [digestsOf().definitions(rows), digestsOf(change).definitions(rows)];
  return NAMES.filter((name) => old[name] !== now[name]);
}

function edited(
  name: string,
  { drop, ...form }: { readonly drop?: boolean; readonly [field: string]: unknown },
) {
  const change = drop === undefined ? {} : { drop };
  return COLUMNS.map((column) => (column.name === name ? withForm({ ...column, ...change }, form) : column));
}

const redo = (column: string, first: number, last: number): RedoRule => ({
  column,
  rows: [{ first, last }],
  counter: 1,
});

describe('the digest of a row group', () => {
  it('is another one only where its rows are made again', () => {
    expect(changedGroups({ redo: [redo('body', 14, 14)] })).toEqual([1]);
    expect(changedGroups({ redo: [redo('body', 9, 10)] })).toEqual([0, 1]);
    expect(changedGroups({ redo: [{ column: 'body', rows: null, counter: 1 }] })).toEqual([0, 1, 2]);
    const twice = { ...redo('body', 14, 14), counter: 2 };
    expect(changedGroups({ redo: [twice] }, { redo: [redo('body', 14, 14)] })).toEqual([1]);
  });

  it('is another one only where its rows are kept', () => {
    const keep: readonly KeepRule[] = [{ column: 'body', rows: [{ first: 20, last: 24 }] }];
    expect(changedGroups({ keep })).toEqual([2]);
    expect(changedGroups({ keep: [{ column: null, rows: null }] })).toEqual([0, 1, 2]);
  });

  it('is the same for a rule of all of its rows and for one of all rows', () => {
    const all = { redo: [{ column: 'body', rows: null, counter: 1 }] };
    expect(changedGroups({ redo: [redo('body', 0, 19)] }, all)).toEqual([2]);
  });

  it('is another one only where other seed rows are taken: what is added to a file touches its last ones', () => {
    const seedSource = { ...PLAN.seedSource!, contentHash: 'longer', sourceRows: 30 };
    expect(changedGroups({ seedSource, seeds: ['a', 'b', 'longer'] })).toEqual([2]);
  });

  it('is another one for other rows of the group: the last one grew', () => {
    const digests = digestsOf();
    expect(digests.groupDigest({ first: 20, last: 24 })).not.toBe(digests.groupDigest(GROUPS[2]!));
  });

  it.each<[string, Change]>([
    ['another prompt', { columns: edited('note', { prompt: 'Another note from {{ city }}' }) }],
    ['another order of the columns', { columns: COLUMNS.toReversed() }],
    ['a column that is dropped from the files', { columns: edited('note', { drop: true }) }],
    ['a column less', { columns: COLUMNS.slice(0, -1) }],
    ['another model', { models: { writer: { ...PLAN.models.writer!, model: 'other' } } }],
    ['another seed of the dataset', { seed: 'other' }],
  ])('is another one everywhere for %s', (_, change) => {
    expect(changedGroups(change)).toEqual([0, 1, 2]);
  });

  it('is the same for the same plan', () => {
    expect(changedGroups({})).toEqual([]);
  });
});

describe('the definition of a column', () => {
  it.each<[string, Change, readonly string[]]>([
    ['its prompt', { columns: edited('body', { prompt: 'Other' }) }, ['body', 'label', 'summary']],
    ['an expression', { columns: edited('label', { expr: '{{ body }}?' }) }, ['label', 'summary']],
    ['the last column', { columns: edited('summary', { prompt: 'Shorter' }) }, ['summary']],
    [
      'a sampler',
      { columns: edited('topic', { params: { values: ['tents'] } }) },
      ['topic', 'body', 'label', 'summary'],
    ],
    ['the seed rows', { seeds: ['other', 'b', 'c'] }, ['city', 'note']],
    [
      'a model',
      { models: { writer: { ...PLAN.models.writer!, temperature: 1 } } },
      ['body', 'label', 'summary', 'note'],
    ],
    ['a redo of its row', { redo: [redo('body', 3, 3)] }, ['body', 'label', 'summary']],
    ['a redo of a row of another group', { redo: [redo('body', 13, 13)] }, []],
    ['its being kept', { keep: [{ column: 'summary', rows: null }] }, ['summary']],
    ['its being left out of the files', { columns: edited('body', { drop: true }) }, []],
    ['another order of the columns', { columns: COLUMNS.toReversed() }, []],
  ])('changes with %s, and so do those below it and no others', (_, change, columns) => {
    expect(changedColumns(change)).toEqual(columns);
  });

  it('is the same in all groups that the rules do not tell apart', () => {
    const digests = digestsOf({ seeds: [], redo: [redo('body', 3, 3)] });
    const [first, second, third] = GROUPS.map((rows) => digests.definitions(rows));
    expect(third).toEqual(second);
    expect(first!.note).toBe(second!.note);
    expect(first!.body).not.toBe(second!.body);
  });
});
