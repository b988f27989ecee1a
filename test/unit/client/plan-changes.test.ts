import { describe, expect, it } from 'vitest';
import { describeSeedChange, findChanges, findOutputChanges } from '../../../src/client/wish/plan-changes.ts';
import type { Plan, PlanSeedSource } from '../../../src/plan.ts';
import { MODEL, planWith, textColumn } from '../../support/plans.ts';

const WRITER = { ...MODEL, temperature: 0.5 };
const SEEDS: PlanSeedSource = {
  contentHash: 'a',
  sourceRows: 40,
  selection: { first: 0, count: 40 },
  sampling: 'ordered',
};

function planOf(columns: Plan['columns'], more: Partial<Plan> = {}): Plan {
  return planWith(columns, { models: { writer: WRITER }, ...more });
}

function changes(before: Plan, after: Plan) {
  return Object.fromEntries(findChanges(before, after));
}

describe('why cells are made again', () => {
  const before = planOf([textColumn('body')]);

  it('is the first field that changed, with its name in the document', () => {
    const after = planOf([textColumn('body', { prompt: 'Write more', systemPrompt: 'Be kind' })]);
    expect(changes(before, after)).toEqual({ body: { what: 'prompt changed', field: 'prompt' } });
  });

  it('is a parameter of the model, by its alias', () => {
    const models = { writer: { ...WRITER, temperature: 0.6 } };
    expect(changes(before, planOf([textColumn('body')], { models }))).toEqual({
      body: { what: 'temperature of writer changed', field: 'model_alias' },
    });
  });

  it('is a redo', () => {
    const redo = [{ column: 'body', rows: null, counter: 1 }];
    expect(changes(before, planOf([textColumn('body')], { redo }))).toEqual({
      body: { what: 'redo', field: null },
    });
  });

  it('is nothing for another alias of the same model, or another place in the output', () => {
    const after = planOf([textColumn('note'), textColumn('body', { alias: 'author', drop: true })], {
      models: { author: WRITER },
    });
    expect(changes(before, after)).toEqual({ note: { what: 'new column', field: null } });
  });
});

describe('what becomes of the output', () => {
  it('is said of columns that are new, gone, dropped and back', () => {
    const before = planOf([textColumn('gone'), textColumn('hidden'), textColumn('shown', { drop: true })]);
    const after = planOf([textColumn('hidden', { drop: true }), textColumn('shown'), textColumn('added')]);
    expect(findOutputChanges(before, after)).toEqual([
      'hidden: dropped from the output',
      'shown: back in the output',
      'added: new column',
      'gone: no longer there',
    ]);
    expect(findOutputChanges(after, { ...after, preservesDropped: false })).toEqual([
      'dropped columns: no longer kept in files',
    ]);
  });
});

describe('why rows take other seed rows', () => {
  it.each([
    [{ ...SEEDS, selection: { first: 0, count: 45 }, sourceRows: 45 }, '45 rows instead of 40, cycled'],
    [{ ...SEEDS, selection: { first: 7, count: 1 } }, '1 row instead of 40, cycled'],
    [{ ...SEEDS, sampling: 'shuffle' as const }, 'sampling is shuffle now'],
    [{ ...SEEDS, contentHash: 'b' }, 'edited rows'],
    [{ ...SEEDS, sourceRows: 80, selection: { first: 40, count: 40 } }, 'other rows selected'],
  ])('%#: %j', (after, why) => {
    expect(describeSeedChange(SEEDS, after)).toBe(why);
  });
});
