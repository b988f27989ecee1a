import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../../src/errors.ts';
import { ExecutionGraph } from '../../../src/graph/execution-graph.ts';
import type { GraphColumn } from '../../../src/graph/types.ts';
import { anyGraph } from '../../support/any-graph.ts';
import { cell, graphOf } from '../../support/graph.ts';

const INLINE = 'inline';

describe('order', () => {
  it('puts every column after all it needs, and keeps the listed order where it may', () => {
    expect(graphOf({ d: ['b', 'c'], c: ['a'], b: ['a'], a: [], e: [] }).order).toEqual([
      'a',
      'c',
      'b',
      'd',
      'e',
    ]);
  });

  it('holds for any graph and depends on the listed order alone', () => {
    fc.assert(
      fc.property(anyGraph(), (graph) => {
        for (const [place, name] of graph.order.entries()) {
          for (const needed of graph.upstreamOf(name))
            expect(graph.order.indexOf(needed)).toBeLessThan(place);
        }
        expect(ExecutionGraph.create(graph.order.map((name) => graph.column(name))).order).toEqual(
          graph.order,
        );
      }),
    );
  });

  it('is empty for no columns', () => {
    const graph = graphOf({});
    expect(graph.order).toEqual([]);
    expect(graph.longestDependencyChain()).toEqual([]);
  });
});

describe('cycles', () => {
  function cycleOf(sketches: Parameters<typeof graphOf>[0]): readonly string[] {
    try {
      graphOf(sketches);
    } catch (error) {
      if (error instanceof GraphError) return error.cycle;
      throw error;
    }
    return [];
  }

  it('names a cycle whole, in the direction of the data', () => {
    expect(() => graphOf({ a: ['c'], b: ['a'], c: ['b'] })).toThrow(
      'Cannot order the columns: a → b → c → a need each other',
    );
  });

  it('begins with the column that is listed first, wherever the cycle is entered', () => {
    expect(cycleOf({ z: ['y'], y: ['m', 'z'], m: [] })).toEqual(['z', 'y', 'z']);
    expect(cycleOf({ last: ['c'], b: ['a'], c: ['b'], a: ['c'] })).toEqual(['b', 'c', 'a', 'b']);
  });

  it('leaves out columns that merely hang on the cycle', () => {
    expect(cycleOf({ root: [], tail: ['b'], a: ['root', 'b'], b: ['a'] })).toEqual(['a', 'b', 'a']);
  });

  it('names a column that needs itself', () => {
    expect(cycleOf({ a: ['a'] })).toEqual(['a', 'a']);
  });

  it('sees a cycle through a side effect', () => {
    expect(cycleOf({ a: { needs: ['b'], sideEffects: ['a__trace'] }, b: ['a__trace'] })).toEqual([
      'a',
      'b',
      'a',
    ]);
    expect(cycleOf({ a: { needs: ['a__trace'], sideEffects: ['a__trace'] } })).toEqual(['a', 'a']);
  });

  it('sees a cycle through inline columns', () => {
    expect(cycleOf({ a: ['b'], b: { needs: ['a'], strategy: INLINE } })).toEqual(['a', 'b', 'a']);
  });
});

describe('side effects', () => {
  it('leads a need to the column that makes it', () => {
    const graph = graphOf({ x: { strategy: 'cell', sideEffects: ['x__trace'] }, y: ['x__trace', 'x'] });
    expect(graph.upstreamOf('y')).toEqual(['x']);
    expect([...graph.sideEffects]).toEqual([['x__trace', 'x']]);
    expect(['x__trace', 'x', 'z'].map((name) => graph.findProducer(name))).toEqual(['x', 'x', undefined]);
  });

  it('gives way to a column of that name', () => {
    const graph = graphOf({
      x: { strategy: 'cell', sideEffects: ['x__trace'] },
      x__trace: [],
      y: ['x__trace'],
    });
    expect(graph.upstreamOf('y')).toEqual(['x__trace']);
    expect(graph.sideEffects.size).toBe(0);
  });

  it('has one producer', () => {
    const columns = {
      a: { strategy: 'cell', sideEffects: ['t'] },
      b: { strategy: 'cell', sideEffects: ['t'] },
    } as const;
    expect(() => graphOf(columns)).toThrow('Cannot tell who makes "t": both "a" and "b" do');
  });
});

describe('wrong columns', () => {
  it('refuses a need that nothing makes', () => {
    expect(() => graphOf({ a: ['b'] })).toThrow(new RangeError('Cannot find "b", which column "a" needs'));
  });

  it('refuses a name used twice', () => {
    const column: GraphColumn = { name: 'a', strategy: 'root', needs: [], limiters: [] };
    expect(() => ExecutionGraph.create([column, column])).toThrow(RangeError);
  });

  it('refuses a root column that needs what is made later', () => {
    const inline = { needs: ['text'], strategy: INLINE } as const;
    expect(() =>
      graphOf({ text: { strategy: 'cell' }, inline, root: { needs: ['inline'], strategy: 'root' } }),
    ).toThrow('Cannot make column "root" when rows are opened: it needs "text"');
  });

  it('refuses to answer for a column that is not there', () => {
    expect(() => graphOf({ a: [] }).upstreamOf('b')).toThrow('Cannot find column "b" in the graph');
  });
});

describe('dependencies', () => {
  const graph = graphOf({
    seed: [],
    tone: [],
    title: { needs: ['seed', 'tone'], strategy: INLINE },
    text: ['title'],
    heading: { needs: ['text', 'title'], strategy: INLINE },
    verdict: ['heading', 'seed'],
    ranks: { needs: ['verdict'], strategy: 'column' },
    note: ['ranks', 'tone'],
  });

  it('tells what is named', () => {
    expect(graph.upstreamOf('verdict')).toEqual(['heading', 'seed']);
    expect(graph.downstreamOf('seed')).toEqual(['title', 'verdict']);
    expect(graph.downstreamOf('title')).toEqual(['text', 'heading']);
  });

  it('tells what has to be stored first, with inline columns contracted', () => {
    expect(graph.storedColumns).toEqual(['seed', 'tone', 'text', 'verdict', 'ranks', 'note']);
    expect(graph.storedUpstreamOf('text')).toEqual(['seed', 'tone']);
    expect(graph.storedUpstreamOf('verdict')).toEqual(['seed', 'tone', 'text']);
    expect(graph.storedUpstreamOf('heading')).toEqual(['seed', 'tone', 'text']);
    expect(graph.storedDownstreamOf('seed')).toEqual(['text', 'verdict']);
    expect(graph.storedDownstreamOf('text')).toEqual(['verdict']);
  });

  it('tells upstream columns by strategy', () => {
    expect(graph.upstreamByStrategy('verdict')).toEqual({
      root: ['seed'],
      inline: ['heading'],
      cell: [],
      column: [],
    });
  });

  it('tells the longest chain, the first of several', () => {
    expect(graph.longestDependencyChain()).toEqual([
      'seed',
      'title',
      'text',
      'heading',
      'verdict',
      'ranks',
      'note',
    ]);
    expect(graphOf({ b: [], a: [] }).longestDependencyChain()).toEqual(['b']);
    expect([graph.depthOf('seed'), graph.depthOf('note')]).toEqual([1, 7]);
  });

  it('names each cell that a cell needs: its own row, or a whole column where one is made as a whole', () => {
    const rows = { first: 10, last: 19 };
    const ownRow = { first: 12, last: 12 };
    expect(graph.cellDependencies(cell('text', 12), rows)).toEqual([
      { column: 'seed', rows: ownRow },
      { column: 'tone', rows: ownRow },
    ]);
    expect(graph.cellDependencies(cell('ranks', 12), rows)).toEqual([{ column: 'verdict', rows }]);
    expect(graph.cellDependencies(cell('note', 12), rows)).toEqual([
      { column: 'tone', rows: ownRow },
      { column: 'ranks', rows },
    ]);
  });

  it('counts activities: none when rows are opened or inline, one a slice, one a group for a whole column', () => {
    expect([...graph.taskCounts({ rows: 2_500, rowGroupSize: 1_000, sliceRows: 64 })]).toEqual([
      ...[['seed', 0] as const, ['tone', 0] as const, ['title', 0] as const, ['text', 40] as const],
      ...[['heading', 0] as const, ['verdict', 40] as const, ['ranks', 3] as const, ['note', 40] as const],
    ]);
  });
});

it('prints as Mermaid text', () => {
  const graph = graphOf({ 'the "seed"': [], text: ['the "seed"'] });
  expect(graph.toMermaid(graph.order, (name) => `word of ${name.length}`)).toBe(
    [
      'flowchart TD',
      '  c0["the #quot;seed#quot;<br/>word of 10"]',
      '  c1["text<br/>word of 4"]',
      '  c0 --> c1',
      '',
    ].join('\n'),
  );
});
