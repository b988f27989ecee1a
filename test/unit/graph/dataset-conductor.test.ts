import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DatasetConductor,
  type DatasetState,
  type GroupStart,
  type PreparedDataset,
} from '../../../src/graph/dataset-conductor.ts';
import type { RowGroupResult, RowRange } from '../../../src/graph/types.ts';

interface Sketch {
  readonly groups?: readonly RowRange[];
  readonly rows?: number;
  readonly rowGroupSize?: number;
  /** Null for what follows from the models. */
  readonly window?: number | null;
  readonly inOrder?: readonly string[];
}

/** Groups of two rows, two of them open at once. */
function datasetOf({
  groups,
  rows = 10,
  rowGroupSize = 2,
  window = 2,
  inOrder = [],
}: Sketch): PreparedDataset {
  return {
    groups: groups ?? [{ first: 0, last: Math.ceil(rows / rowGroupSize) - 1 }],
    sizing: { rows, rowGroupSize, cellColumns: 1, window, sliceSize: 5 },
    limiters: {
      'local/a': { kind: 'model', caps: { writer: 4, critic: 3 } },
      'local/b': { kind: 'model', caps: { judge: 8 } },
    },
    inOrder,
    trustedRows: 0,
    trustedDrops: 0,
  };
}

function conductorOf(sketch: Sketch = {}): DatasetConductor {
  const conductor = new DatasetConductor();
  conductor.prepare(datasetOf(sketch));
  return conductor;
}

function numbersOf(starts: readonly GroupStart[]): readonly number[] {
  return starts.map(({ rowGroup }) => rowGroup);
}

function endOf(
  rowGroup: number,
  end: { isComplete?: boolean; rows?: number; made?: number } = {},
): RowGroupResult {
  const { isComplete = true, rows = 2, made = rows } = end;
  const body = { made, failed: 0, calls: made, failedCalls: 0, promptTokens: 0, completionTokens: 0 };
  return { rowGroup, isComplete, totals: { rows, dropped: 0, columns: { body } } };
}

/** What a run of the parent hears of the run before, as it travels. */
function carried(conductor: DatasetConductor): DatasetState {
  return JSON.parse(JSON.stringify(conductor.state()));
}

describe('the conductor of a dataset', () => {
  it('opens groups in order, as many as the window holds, each with its rows and limits', () => {
    const conductor = conductorOf({ rows: 9 });
    expect(conductor.next()).toMatchObject([
      { rowGroup: 0, rows: { first: 0, last: 1 }, limits: { sliceRows: 5 } },
      { rowGroup: 1, rows: { first: 2, last: 3 } },
    ]);
    expect(conductor.next()).toEqual([]);
    conductor.finished(endOf(1));
    conductor.finished(endOf(0));
    expect(numbersOf(conductor.next())).toEqual([2, 3]);
    conductor.finished(endOf(2));
    expect(conductor.next()).toMatchObject([{ rowGroup: 4, rows: { first: 8, last: 8 } }]);
    for (const rowGroup of [3, 4]) conductor.finished(endOf(rowGroup));
    expect([conductor.isDone, conductor.isComplete]).toEqual([true, true]);
    expect(conductor.progress()).toMatchObject({ doneGroups: 5, totals: { rows: 10 } });
  });

  it('leaves the groups closed that need nothing, and counts their rows', () => {
    const groups = [
      { first: 1, last: 1 },
      { first: 3, last: 4 },
    ];
    const conductor = new DatasetConductor();
    conductor.prepare({ ...datasetOf({ groups, window: 3 }), trustedRows: 3, trustedDrops: 1 });
    expect(numbersOf(conductor.next())).toEqual([1, 3, 4]);
    expect(conductor.progress().totals).toEqual({ rows: 3, dropped: 1, columns: {} });
  });

  it('is done at once when nothing lacks anything', () => {
    const conductor = conductorOf({ groups: [] });
    expect(conductor.next()).toEqual([]);
    expect([conductor.isDone, conductor.isComplete]).toEqual([true, true]);
  });

  it('starts no more groups at once than the server takes, and the others when it is asked again', () => {
    const conductor = conductorOf({ rows: 200, window: 64 });
    expect(conductor.next()).toHaveLength(48);
    expect(numbersOf(conductor.next())).toEqual(Array.from({ length: 16 }, (_, index) => 48 + index));
    expect(conductor.next()).toEqual([]);
  });

  it('puts a group back in its place that ended incomplete, and counts its rows when it is whole', () => {
    const conductor = conductorOf();
    conductor.next();
    conductor.finished(endOf(1, { isComplete: false, made: 1 }));
    conductor.finished(endOf(0));
    expect(conductor.progress()).toMatchObject({
      waiting: [
        { first: 1, last: 1 },
        { first: 2, last: 4 },
      ],
      ...{ doneGroups: 1, totals: { rows: 2, columns: { body: { made: 3, calls: 3 } } } },
    });
    expect(numbersOf(conductor.next())).toEqual([1, 2]);
    conductor.finished(endOf(1, { made: 1 }));
    expect(conductor.progress().totals).toMatchObject({ rows: 4, columns: { body: { made: 4 } } });
  });

  it('opens nothing while it is paused, and the same groups again when it goes on', () => {
    const conductor = conductorOf();
    conductor.next();
    expect([conductor.pause(), conductor.pause()]).toEqual([true, false]);
    for (const rowGroup of [1, 0]) conductor.finished(endOf(rowGroup, { isComplete: false, made: 0 }));
    expect([conductor.next(), conductor.isDone]).toEqual([[], false]);
    expect([conductor.unpause(), conductor.unpause()]).toEqual([true, false]);
    expect(numbersOf(conductor.next())).toEqual([0, 1]);
  });

  it('that stops is done when no group is open any more, for the first reason, and does not go on', () => {
    const conductor = conductorOf();
    conductor.next();
    expect([conductor.stop('enough'), conductor.stop('too much'), conductor.unpause()]).toEqual([
      ...[true, false, false],
    ]);
    for (const check of [
      () => conductor.checkSteering(),
      () => conductor.checkLimits({ maxParallelRequests: {} }),
    ]) {
      expect(check).toThrow('Cannot change how the build goes on: it is stopping · enough');
    }
    conductor.finished(endOf(0));
    expect([conductor.next(), conductor.isDone]).toEqual([[], false]);
    conductor.finished(endOf(1, { isComplete: false }));
    expect([conductor.isDone, conductor.isComplete]).toEqual([true, false]);
    expect(conductor.progress()).toMatchObject({ phase: 'stopping', reason: 'enough' });
  });

  it('that stops after a pause opens the groups once more that the pause had ended, to write what they have', () => {
    const conductor = conductorOf({ window: 1 });
    conductor.next();
    conductor.pause();
    conductor.finished(endOf(0, { isComplete: false }));
    conductor.unpause();
    conductor.next();
    conductor.pause();
    conductor.finished(endOf(0, { isComplete: false }));
    conductor.drain();
    conductor.stop('enough');
    expect(conductor.isDone).toBe(false);
    expect(numbersOf(conductor.next())).toEqual([0]);
    expect(conductor.progress()).toMatchObject({ openGroups: [0], waiting: [{ first: 1, last: 4 }] });
    conductor.finished(endOf(0, { isComplete: false }));
    expect([conductor.next(), conductor.isDone, conductor.isComplete]).toEqual([[], true, false]);
    expect(conductor.progress().waiting).toEqual([
      { first: 0, last: 0 },
      { first: 1, last: 4 },
    ]);
  });

  it('stops for a group that failed, which still waits', () => {
    const conductor = conductorOf();
    conductor.next();
    expect(conductor.failed(1, 'the disk is full')).toBe(true);
    expect(conductor.failed(0, 'the disk is still full')).toBe(false);
    expect(conductor.progress()).toMatchObject({
      ...{ phase: 'stopping', reason: 'the disk is full', openGroups: [], doneGroups: 0 },
      waiting: [
        { first: 0, last: 0 },
        { first: 1, last: 1 },
        { first: 2, last: 4 },
      ],
    });
  });

  it('was told to stop before it was prepared: it opens nothing', () => {
    const conductor = new DatasetConductor();
    conductor.stop('at once');
    conductor.prepare(datasetOf({}));
    expect([conductor.next(), conductor.isDone, conductor.isComplete]).toEqual([[], true, false]);
  });

  it('gives aliases of one model the lowest of their caps, and follows new limits', () => {
    const conductor = conductorOf({ window: null, rows: 100 });
    const starts = conductor.next();
    expect(starts).toHaveLength(23);
    expect(starts[0]!.limits.maxCells).toEqual({ 'local/a': 12, 'local/b': 32 });
    expect(conductor.takeNews(0)).toBeUndefined();
    conductor.setLimits({ maxParallelRequests: { judge: 10 } });
    conductor.setLimits({ maxParallelRequests: { critic: 2 } });
    const maxCells = { 'local/a': 8, 'local/b': 40 };
    expect([conductor.takeNews(0), conductor.takeNews(0)]).toEqual([maxCells, undefined]);
    expect(conductor.next()).toMatchObject([{ limits: { maxCells } }, {}]);
    // A window that shrinks closes nothing.
    conductor.setLimits({ maxParallelRequests: { judge: 1 } });
    conductor.finished(endOf(0));
    expect(conductor.next()).toEqual([]);
  });

  it('lets one group after the other make a column in order', () => {
    const conductor = conductorOf({ window: 3, rows: 10, inOrder: ['story'] });
    const placeOf = ({ limits }: GroupStart) => limits.maxCells['in order: story'];
    const newsOf = (rowGroup: number) => conductor.takeNews(rowGroup)?.['in order: story'];
    expect(conductor.next().map(placeOf)).toEqual([1, 0, 0]);
    conductor.passOn(0, ['story']);
    expect([0, 1, 2].map(newsOf)).toEqual([0, 1, undefined]);
    // One that ends without having passed it on gives it back.
    conductor.finished(endOf(1, { isComplete: false }));
    expect(newsOf(2)).toBe(1);
    // The group that comes again waits until the one that has it is done: two would make the column at once.
    const [again] = conductor.next();
    expect([again!.rowGroup, placeOf(again!)]).toEqual([1, 0]);
    conductor.passOn(2, ['story']);
    expect([newsOf(1), newsOf(2)]).toEqual([1, 0]);
  });

  it('refuses limits that cannot be', () => {
    const unprepared = new DatasetConductor();
    const set = (conductor: DatasetConductor, maxParallelRequests: Record<string, number>) => () =>
      conductor.checkLimits({ maxParallelRequests });
    expect(set(unprepared, { writer: 1 })).toThrow('Cannot change limits now: the build is being prepared');
    const conductor = conductorOf();
    expect(set(conductor, { writer: 1 })).not.toThrow();
    expect(set(conductor, { constructor: 1 })).toThrow(
      'Cannot change the limit of the model "constructor": the build uses "writer", "critic", "judge"',
    );
    expect(set(conductor, { writer: 0 })).toThrow(
      'Cannot change the limit of the model "writer" to 0: it is a whole number from 1',
    );
  });

  it('goes on in the next run as if it were the same, once it is drained', () => {
    const conductor = conductorOf();
    conductor.setLimits({ maxParallelRequests: { judge: 5 } });
    conductor.next();
    conductor.drain();
    conductor.finished(endOf(0));
    expect([conductor.next(), conductor.isDrained]).toEqual([[], false]);
    expect(() => conductor.state()).toThrow('Cannot go on later: 1 row groups are open');
    conductor.finished(endOf(1, { isComplete: false, made: 1 }));
    expect([conductor.isDrained, conductor.isDone]).toEqual([true, false]);
    const next = new DatasetConductor(carried(conductor));
    expect(next.progress()).toEqual(conductor.progress());
    const starts = next.next();
    expect(numbersOf(starts)).toEqual([1, 2]);
    expect(starts[0]!.limits.maxCells).toEqual({ 'local/a': 12, 'local/b': 20 });
  });

  it('that is paused or has nothing left does not ask for another run', () => {
    const paused = conductorOf();
    paused.drain();
    paused.pause();
    expect(paused.isDrained).toBe(false);
    paused.unpause();
    expect(paused.isDrained).toBe(true);
    const whole = conductorOf({ groups: [] });
    whole.drain();
    expect([whole.isDrained, whole.isDone]).toEqual([false, true]);
  });

  it('refuses a group that is not open, and to conduct or be prepared out of turn', () => {
    const conductor = conductorOf();
    expect(() => conductor.finished(endOf(0))).toThrow('Cannot end row group 0: it is not open');
    expect(() => conductor.failed(7, 'lost')).toThrow('Cannot end row group 7: it is not open');
    expect(() => conductor.prepare(datasetOf({}))).toThrow('Cannot prepare a dataset twice');
    expect(() => new DatasetConductor().next()).toThrow('Cannot conduct a dataset that is not prepared');
  });
});

/** A dataset with an outside view of it: which groups wait, are open, are done. */
class Watched {
  conductor = new DatasetConductor();
  readonly open: number[] = [];
  readonly done = new Set<number>();
  readonly #waiting: Set<number>;
  /** Ended incomplete in this run of the parent, while nothing had stopped it. */
  readonly #unwritten = new Set<number>();
  #judgeCap = 8;
  #isDraining = false;

  constructor(lacking: readonly number[]) {
    this.#waiting = new Set(lacking);
    const groups = lacking.map((rowGroup) => ({ first: rowGroup, last: rowGroup }));
    this.conductor.prepare(datasetOf({ groups, rows: 61 * 8, rowGroupSize: 8, window: null }));
  }

  /** Opens what there is to open. */
  proceed(): void {
    const isOpening = this.conductor.phase === 'running' && !this.#isDraining;
    for (const { rowGroup } of this.conductor.next()) {
      assert.ok(this.open.length < this.#window, `group ${rowGroup} is one too many`);
      if (this.conductor.phase === 'stopping') assert.ok(this.#unwritten.has(rowGroup));
      else {
        assert.ok(isOpening);
        assert.equal(rowGroup, Math.min(...this.#waiting));
      }
      this.#waiting.delete(rowGroup);
      this.#unwritten.delete(rowGroup);
      this.open.push(rowGroup);
    }
    if (isOpening) assert.ok(this.open.length >= this.#window || this.#waiting.size === 0);
    this.#check();
    if (this.conductor.isDrained) this.#continueAsNew();
  }

  end(which: number, how: 'whole' | 'incomplete' | 'failed'): void {
    if (this.open.length === 0) return;
    const [rowGroup] = this.open.splice(which % this.open.length, 1);
    (how === 'whole' ? this.done : this.#waiting).add(rowGroup!);
    if (how === 'incomplete' && this.conductor.phase !== 'stopping') this.#unwritten.add(rowGroup!);
    if (how === 'failed') this.conductor.failed(rowGroup!, 'failed');
    else this.conductor.finished(endOf(rowGroup!, { isComplete: how === 'whole', rows: 8, made: 1 }));
    this.#check();
  }

  setCap(cap: number): void {
    this.#judgeCap = cap;
    this.conductor.setLimits({ maxParallelRequests: { judge: cap } });
  }

  /** What a full history comes to: the open groups end, and the next run goes on. */
  drain(): void {
    this.#isDraining = true;
    this.conductor.drain();
  }

  #continueAsNew(): void {
    this.#isDraining = false;
    this.#unwritten.clear();
    this.conductor = new DatasetConductor(carried(this.conductor));
    this.proceed();
  }

  /** Four cells for each request of both models, and a group more. */
  get #window(): number {
    return Math.ceil((4 * (3 + this.#judgeCap)) / 8) + 1;
  }

  #check(): void {
    const { openGroups, waiting, doneGroups, totals } = this.conductor.progress();
    assert.deepEqual(openGroups, this.open);
    const numbers = waiting.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, at) => first + at),
    );
    assert.deepEqual(
      numbers,
      [...this.#waiting].sort((one, other) => one - other),
    );
    assert.deepEqual([doneGroups, totals.rows], [this.done.size, 8 * this.done.size]);
  }
}

it('opens no group twice or beyond the window, loses none and keeps their order, whatever happens', () => {
  const anyStep = fc.constantFrom(
    ...(['whole', 'whole', 'incomplete', 'pause', 'unpause', 'cap', 'full history'] as const),
  );
  const anyGroups = fc.uniqueArray(fc.nat(60), { maxLength: 30 });
  const anySteps = fc.array(fc.tuple(anyStep, fc.nat(12)), { maxLength: 100 });
  fc.assert(
    fc.property(anyGroups, anySteps, fc.boolean(), (groups, steps, isFailing) => {
      const lacking = groups.sort((one, other) => one - other);
      const watched = new Watched(lacking);
      watched.proceed();
      for (const [step, number] of steps) {
        if (step === 'pause') watched.conductor.pause();
        else if (step === 'unpause') watched.conductor.unpause();
        else if (step === 'cap') watched.setCap(1 + number);
        else if (step === 'full history') watched.drain();
        else watched.end(number, step);
        watched.proceed();
      }
      watched.conductor.unpause();
      if (isFailing) watched.end(0, 'failed');
      for (watched.proceed(); !watched.conductor.isDone; watched.proceed()) watched.end(0, 'whole');
      const isStopped = watched.conductor.phase === 'stopping';
      assert.deepEqual(watched.open, []);
      if (!isStopped)
        assert.deepEqual(
          [...watched.done].sort((one, other) => one - other),
          lacking,
        );
      assert.equal(watched.conductor.isComplete, watched.done.size === lacking.length);
    }),
  );
});
