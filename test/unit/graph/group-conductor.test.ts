import { describe, expect, it } from 'vitest';
import type { ExecutionGraph } from '../../../src/graph/execution-graph.ts';
import { GroupConductor } from '../../../src/graph/group-conductor.ts';
import { RowMask } from '../../../src/graph/row-mask.ts';
import type { ConductorLimits, RowRange, SliceResult, SliceTask } from '../../../src/graph/types.ts';
import { graphOf, openedOf } from '../../support/graph.ts';

const LIMITS: ConductorLimits = {
  sliceRows: 4,
  maxSlicesInFlight: 40,
  maxSlicesWithLeftovers: 48,
  maxCells: {},
};
const TEN: RowRange = { first: 100, last: 109 };
const MODEL = 'local/model';

function conductorOf(
  graph: ExecutionGraph,
  options: Partial<ConductorLimits> & Partial<Parameters<typeof openedOf>[1]> = {},
): GroupConductor {
  const { rows = TEN, made = {}, dropped = [], ...limits } = options;
  const opened = openedOf(graph, { rows, made, dropped });
  return new GroupConductor({ graph, opened, limits: { ...LIMITS, ...limits } });
}

function rowsOf({ rows, mask }: SliceTask): readonly number[] {
  return RowMask.fromHex(rows, mask).rows();
}

/** `text 100-103: 100 101`: column, range, cells. */
function show(task: SliceTask): string {
  const { column, rows, isLeftover } = task;
  return `${column} ${rows.first}-${rows.last}: ${rowsOf(task).join(' ')}${isLeftover ? ' again' : ''}`;
}

function showNext(conductor: GroupConductor): readonly string[] {
  return conductor.next().map(show);
}

/** A result that names all cells: those given as dropped or left over, the others as made. */
function resultOf(
  task: SliceTask,
  options: { part?: string | null; dropped?: readonly number[]; leftover?: readonly number[] } = {},
): SliceResult {
  const { part = `${task.column}/${task.rows.first}`, dropped = [], leftover = [] } = options;
  const made = rowsOf(task).filter((row) => !dropped.includes(row) && !leftover.includes(row));
  const hexOf = (rows: readonly number[]) => RowMask.of(task.rows, rows).toHex();
  return { part, made: hexOf(made), dropped: hexOf(dropped), leftover: hexOf(leftover), afterMs: null };
}

function findTask(tasks: readonly SliceTask[], column: string, first: number): SliceTask {
  return tasks.find((task) => task.column === column && task.rows.first === first)!;
}

describe('slices', () => {
  const chain = graphOf({ seed: [], text: ['seed'], note: ['text'] });

  it('share their ranges over all columns', () => {
    const conductor = conductorOf(chain);
    const tasks = conductor.next();
    expect(tasks.map(show)).toEqual([
      'text 100-103: 100 101 102 103',
      'text 104-107: 104 105 106 107',
      'text 108-109: 108 109',
    ]);
    conductor.finished(tasks[1]!, resultOf(tasks[1]!));
    expect(showNext(conductor)).toEqual(['note 104-107: 104 105 106 107']);
  });

  it('are offered once', () => {
    const conductor = conductorOf(chain);
    expect(conductor.next()).toHaveLength(3);
    expect(conductor.next()).toEqual([]);
  });

  it('name the cells that do not exist', () => {
    const conductor = conductorOf(chain, { made: { text: [100, 101, 105], note: [100] }, dropped: [103] });
    expect(showNext(conductor)).toEqual([
      ...['note 100-103: 101', 'text 100-103: 102', 'note 104-107: 105', 'text 104-107: 104 106 107'],
      'text 108-109: 108 109',
    ]);
  });

  it('do not wait for other cells of their range', () => {
    const conductor = conductorOf(chain, { rows: { first: 0, last: 3 } });
    const [text] = conductor.next();
    conductor.finished(text!, resultOf(text!, { leftover: [1] }));
    expect(showNext(conductor)).toEqual(['text 0-3: 1 again', 'note 0-3: 0 2 3']);
  });

  it('of a column made as a whole are the row group', () => {
    const graph = graphOf({
      seed: [],
      text: ['seed'],
      ranks: { needs: ['text'], strategy: 'column' },
      note: ['ranks'],
    });
    const conductor = conductorOf(graph, { made: { text: [100, 101, 102, 103, 104, 105, 106, 107] } });
    const [text] = conductor.next();
    expect(show(text!)).toBe('text 108-109: 108 109');
    conductor.finished(text!, resultOf(text!, { dropped: [109] }));
    const [ranks] = conductor.next();
    expect(show(ranks!)).toBe('ranks 100-109: 100 101 102 103 104 105 106 107 108');
    expect(ranks!.parts).toEqual({ text: ['text/base', 'text/108'] });
    conductor.finished(ranks!, resultOf(ranks!));
    const notes = conductor.next();
    expect(notes.map(({ parts }) => parts)).toEqual(notes.map(() => ({ ranks: ['ranks/100'] })));
    expect(notes).toHaveLength(3);
  });
});

describe('the order of slices', () => {
  it('is early rows first, and of those the deepest column', () => {
    const graph = graphOf({ seed: [], text: ['seed'], note: ['text'], trivia: ['seed'] });
    const conductor = conductorOf(graph, { maxSlicesInFlight: 3 });
    const [first] = conductor.next();
    expect(show(first!)).toBe('text 100-103: 100 101 102 103');
    conductor.finished(first!, resultOf(first!));
    expect(showNext(conductor)).toEqual(['note 100-103: 100 101 102 103']);
  });

  it('completes rows from the first on, so that a stopped group has whole rows', () => {
    const graph = graphOf({ seed: [], a: ['seed'], b: ['seed'], c: ['seed'] });
    expect(showNext(conductorOf(graph, { maxSlicesInFlight: 4 }))).toEqual([
      'a 100-103: 100 101 102 103',
      'b 100-103: 100 101 102 103',
      'c 100-103: 100 101 102 103',
      'a 104-107: 104 105 106 107',
    ]);
  });
});

describe('limits', () => {
  const graph = graphOf({ seed: [], text: { needs: ['seed'], limiters: [MODEL] }, code: ['seed'] });

  it('hold back slices when the places are taken', () => {
    const conductor = conductorOf(graph, { maxSlicesInFlight: 2 });
    const tasks = conductor.next();
    expect(tasks).toHaveLength(2);
    conductor.finished(tasks[0]!, resultOf(tasks[0]!));
    expect(conductor.next()).toHaveLength(1);
  });

  it('give leftovers places of their own, up to a total', () => {
    const conductor = conductorOf(graph, { sliceRows: 1, maxSlicesInFlight: 2, maxSlicesWithLeftovers: 3 });
    const first = conductor.next();
    for (const task of first) conductor.finished(task, resultOf(task, { leftover: rowsOf(task) }));
    expect(showNext(conductor)).toEqual([
      'text 100-100: 100 again',
      'code 100-100: 100 again',
      'text 101-101: 101',
    ]);
    expect(conductor.inFlight).toBe(3);
  });

  it('count the cells of a model, not those of other columns', () => {
    const conductor = conductorOf(graph, { maxCells: { [MODEL]: 8 } });
    expect(showNext(conductor)).toEqual([
      ...['text 100-103: 100 101 102 103', 'code 100-103: 100 101 102 103'],
      ...['text 104-107: 104 105 106 107', 'code 104-107: 104 105 106 107', 'code 108-109: 108 109'],
    ]);
  });

  it('follow the number of cells that a model was last given', () => {
    const conductor = conductorOf(graph, { maxCells: { [MODEL]: 4 } });
    conductor.next();
    conductor.setMaxCells({ [MODEL]: 8 });
    expect(showNext(conductor)).toEqual(['text 104-107: 104 105 106 107']);
    conductor.setMaxCells({ [MODEL]: 4 });
    expect(conductor.next()).toEqual([]);
  });

  it('let one slice of a model run even when it is larger than its share', () => {
    const conductor = conductorOf(graph, { maxCells: { [MODEL]: 1 } });
    expect(conductor.next().filter(({ column }) => column === 'text')).toHaveLength(1);
  });
});

describe('leftovers', () => {
  const chain = graphOf({ seed: [], text: ['seed'], note: ['text'] });

  it('are new slices of the same range, while the finished rows go on', () => {
    const conductor = conductorOf(chain, { rows: { first: 0, last: 3 } });
    const [text] = conductor.next();
    conductor.finished(text!, resultOf(text!, { part: 'text/1', leftover: [2, 3] }));
    const [again, note] = conductor.next();
    expect([show(again!), show(note!)]).toEqual(['text 0-3: 2 3 again', 'note 0-3: 0 1']);
    conductor.finished(again!, resultOf(again!, { part: 'text/2', leftover: [3] }));
    expect(showNext(conductor)).toEqual(['text 0-3: 3 again', 'note 0-3: 2']);
    expect(conductor.parts.for('note', { first: 0, last: 3 })).toEqual({ text: ['text/1', 'text/2'] });
  });

  it('of dropped rows are not sent', () => {
    const graph = graphOf({ seed: [], text: ['seed'], code: ['seed'] });
    const conductor = conductorOf(graph, {
      rows: { first: 0, last: 3 },
      maxSlicesInFlight: 1,
      maxSlicesWithLeftovers: 1,
    });
    const [text] = conductor.next();
    conductor.finished(text!, resultOf(text!, { leftover: [1] }));
    const [again] = conductor.next();
    conductor.cancelled(again!);
    const [next] = conductor.next();
    expect(show(next!)).toBe('text 0-3: 1 again');
    conductor.finished(next!, resultOf(next!, { dropped: [1] }));
    expect(showNext(conductor)).toEqual(['code 0-3: 0 2 3']);
  });

  it('that wait are forgotten when another column drops their row', () => {
    const graph = graphOf({ seed: [], text: ['seed'], code: ['seed'] });
    const conductor = conductorOf(graph, { rows: { first: 0, last: 3 }, maxSlicesWithLeftovers: 2 });
    const [text, code] = conductor.next();
    conductor.finished(text!, resultOf(text!, { leftover: [1, 2] }));
    conductor.finished(code!, resultOf(code!, { dropped: [1] }));
    expect(showNext(conductor)).toEqual(['text 0-3: 2 again']);
  });
});

describe('leftovers of a column made as a whole', () => {
  const graph = graphOf({ seed: [], ranks: { needs: ['seed'], strategy: 'column' }, text: ['seed'] });

  it('keep the rows that other columns drop', () => {
    const conductor = conductorOf(graph, { rows: { first: 0, last: 3 } });
    const [ranks, text] = conductor.next();
    conductor.finished(ranks!, resultOf(ranks!, { leftover: [0, 1, 2, 3] }));
    conductor.finished(text!, resultOf(text!, { dropped: [1] }));
    expect(showNext(conductor)).toEqual(['ranks 0-3: 0 1 2 3 again']);
  });

  it('are forgotten when no row is left', () => {
    const conductor = conductorOf(graph, { rows: { first: 0, last: 3 } });
    const [ranks, text] = conductor.next();
    conductor.finished(ranks!, resultOf(ranks!, { leftover: [0, 1, 2, 3] }));
    conductor.finished(text!, resultOf(text!, { dropped: [0, 1, 2, 3] }));
    expect([conductor.next(), conductor.isDone, conductor.isComplete]).toEqual([[], true, true]);
  });
});

describe('dropped rows', () => {
  it('leave every column at once, also those in flight', () => {
    const graph = graphOf({ seed: [], text: ['seed'], code: ['seed'], note: ['code'] });
    const conductor = conductorOf(graph, { rows: { first: 0, last: 3 } });
    const [text, code] = conductor.next();
    conductor.finished(text!, resultOf(text!, { dropped: [0, 2] }));
    conductor.finished(code!, resultOf(code!));
    const [note] = conductor.next();
    expect(show(note!)).toBe('note 0-3: 1 3');
    conductor.finished(note!, resultOf(note!));
    expect(conductor.dropped).toBe(RowMask.of({ first: 0, last: 3 }, [0, 2]).toHex());
    expect([conductor.isDone, conductor.isComplete]).toEqual([true, true]);
  });
});

describe('parts', () => {
  const graph = graphOf({
    seed: [],
    text: ['seed'],
    heading: { needs: ['text', 'seed'], strategy: 'inline' },
    note: ['heading'],
  });

  it('are named for what is behind inline columns, where they hold cells of the range', () => {
    const conductor = conductorOf(graph, { made: { text: [100] } });
    const tasks = conductor.next();
    const text = findTask(tasks, 'text', 100);
    expect(text.parts).toEqual({ seed: ['seed/base'] });
    conductor.finished(text, resultOf(text));
    const later = findTask(tasks, 'text', 104);
    conductor.finished(later, resultOf(later));
    const notes = conductor.next();
    expect(findTask(notes, 'note', 100).parts).toEqual({
      seed: ['seed/base'],
      text: ['text/base', 'text/100'],
    });
    expect(findTask(notes, 'note', 104).parts).toEqual({ seed: ['seed/base'], text: ['text/104'] });
  });

  it('are all named at the end, with those that hold failures alone', () => {
    const conductor = conductorOf(graph, { made: { text: [100, 101, 102, 103, 104, 105, 106, 107] } });
    const tasks = conductor.next();
    const text = findTask(tasks, 'text', 108);
    conductor.finished(text, resultOf(text, { dropped: [108, 109] }));
    expect(conductor.parts.all()).toEqual({ seed: ['seed/base'], text: ['text/base', 'text/108'], note: [] });
    expect(conductor.parts.for('note', { first: 108, last: 109 })).toEqual({ seed: ['seed/base'], text: [] });
  });

  it('are not named when nothing was written', () => {
    const conductor = conductorOf(graph);
    const [text] = conductor.next();
    conductor.cancelled(text!);
    expect(conductor.parts.all().text).toEqual([]);
  });
});

describe('the life of a conductor', () => {
  const graph = graphOf({ seed: [], text: ['seed'] });

  it('is done and complete at once when everything exists', () => {
    const conductor = conductorOf(graph, { rows: { first: 0, last: 1 }, made: { text: [0, 1] } });
    expect([conductor.next(), conductor.isDone, conductor.isComplete]).toEqual([[], true, true]);
  });

  it('starts nothing once stopped, and is done when the last slice ended', () => {
    const conductor = conductorOf(graph, { maxSlicesInFlight: 1 });
    const [text] = conductor.next();
    conductor.stop();
    expect([conductor.next(), conductor.isDone]).toEqual([[], false]);
    conductor.finished(text!, resultOf(text!));
    expect([conductor.next(), conductor.isDone, conductor.isComplete]).toEqual([[], true, false]);
  });

  it('tells its progress', () => {
    const conductor = conductorOf(graph, { maxSlicesInFlight: 2, made: { text: [109] } });
    const [text] = conductor.next();
    conductor.finished(text!, resultOf(text!, { dropped: [100], leftover: [101] }));
    expect(conductor.progress()).toEqual({
      ...{ rows: 10, completeRows: 3, droppedRows: 1 },
      columns: {
        seed: { made: 10, inFlight: 0, pending: 0, dropped: 0 },
        text: { made: 3, inFlight: 4, pending: 2, dropped: 1 },
      },
    });
  });

  it('refuses rows whose root cells are not there', () => {
    const opened = openedOf(graph, { rows: TEN });
    const columns = { ...opened.columns, seed: { made: '000', part: null } };
    expect(() => new GroupConductor({ graph, opened: { ...opened, columns }, limits: LIMITS })).toThrow(
      'Cannot conduct rows 100-109: root column "seed" is not made',
    );
  });

  it('refuses a result twice, and one that does not say of each cell what became of it', () => {
    const conductor = conductorOf(graph);
    const [text, other] = conductor.next();
    conductor.finished(text!, resultOf(text!));
    expect(() => conductor.finished(text!, resultOf(text!))).toThrow(
      'Cannot finish a slice of column "text" that is not in flight',
    );
    const result = resultOf(other!);
    const none = RowMask.empty(other!.rows).toHex();
    const message =
      'Cannot take the result for column "text", rows 104-107: it does not say of each cell what became of it';
    expect(() => conductor.finished(other!, { ...result, made: none })).toThrow(message);
    expect(() => conductor.finished(other!, { ...result, leftover: result.made })).toThrow(message);
    conductor.finished(other!, result);
  });
});
