// What depends on what: one node a column, whatever the rows.
// Loaded in the workflow sandbox: no Node imports, no clock, no randomness.
//
//   G1. Order is a function of the columns as they are listed: every column comes after all that it needs, and among
//       those that could come next the one listed first does.
//   G2. A need names a column or a side effect of one (`x__trace`); a column of that name wins over a side effect.
//   G3. Inline columns are never stored. Whoever needs one needs, in its place, the stored columns behind it:
//       "upstream" and "downstream" are what the document says, "stored" is what has to be there first.

import { GraphError } from '../errors.ts';
import type { Strategy } from '../plan.ts';
import { groupCount, rowsOfGroup, sliceCount } from './row-groups.ts';
import type { CellRef, GraphColumn, RowRange } from './types.ts';

interface Node {
  readonly column: GraphColumn;
  readonly upstream: readonly string[];
  readonly downstream: string[];
  readonly storedUpstream: readonly string[];
  readonly storedDownstream: string[];
  /** The longest chain of needs that ends here, this column included. */
  readonly chain: readonly string[];
}

/** Cells of one column that have to be there: `rows` of `column`. */
export interface Dependency {
  readonly column: string;
  readonly rows: RowRange;
}

/** The columns of a dataset and what they need of each other. Immutable. */
export class ExecutionGraph {
  /** All columns, each after all it needs; deterministic. */
  readonly order: readonly string[];
  /** The columns that are kept in parts, in the same order: all but the inline ones. */
  readonly storedColumns: readonly string[];
  /** Side-effect column → the column that makes it, without those hidden by a column of that name. */
  readonly sideEffects: ReadonlyMap<string, string>;
  readonly #nodes: ReadonlyMap<string, Node>;

  private constructor(nodes: ReadonlyMap<string, Node>, sideEffects: ReadonlyMap<string, string>) {
    this.#nodes = nodes;
    this.order = [...nodes.keys()];
    this.storedColumns = this.order.filter((name) => this.strategyOf(name) !== 'inline');
    this.sideEffects = sideEffects;
  }

  /**
   * Throws `GraphError` naming the cycle when columns need each other, and `RangeError` for what no valid document
   * leads to: a need that nothing makes, two columns of one name, two producers of one side effect, a root column
   * that needs a later one.
   */
  static create(columns: readonly GraphColumn[]): ExecutionGraph {
    const sideEffects = sideEffectsOf(columns);
    const upstream = new Map(
      columns.map((column) => [column.name, resolveNeeds(column, { columns, sideEffects })]),
    );
    const nodes = new Map<string, Node>();
    for (const column of sort(columns, upstream)) {
      const needed = upstream.get(column.name)!.map((name) => nodes.get(name)!);
      const stored = needed.flatMap((node) =>
        node.column.strategy === 'inline' ? node.storedUpstream : [node.column.name],
      );
      const later = stored.find((name) => nodes.get(name)!.column.strategy !== 'root');
      if (column.strategy === 'root' && later !== undefined) {
        throw new RangeError(`Cannot make column "${column.name}" when rows are opened: it needs "${later}"`);
      }
      const longest = needed.reduce<readonly string[]>(
        (best, { chain }) => (chain.length > best.length ? chain : best),
        [],
      );
      nodes.set(column.name, {
        column,
        upstream: upstream.get(column.name)!,
        downstream: [],
        storedUpstream: [...nodes.keys()].filter((name) => stored.includes(name)),
        storedDownstream: [],
        chain: [...longest, column.name],
      });
    }
    for (const [name, node] of nodes) {
      for (const needed of node.upstream) nodes.get(needed)!.downstream.push(name);
      if (node.column.strategy === 'inline') continue;
      for (const needed of node.storedUpstream) nodes.get(needed)!.storedDownstream.push(name);
    }
    return new ExecutionGraph(nodes, sideEffects);
  }

  /** Throws `RangeError` for a name that is no column, as all methods here do. */
  column(name: string): GraphColumn {
    return this.#node(name).column;
  }

  strategyOf(name: string): Strategy {
    return this.#node(name).column.strategy;
  }

  /** Whether its ready cells wait for each other and go as one slice of the row group. */
  gathers(name: string): boolean {
    const { strategy, gathers } = this.column(name);
    return strategy === 'column' || gathers === true;
  }

  /** The column that makes what `name` names: the column itself or the producer of a side effect. */
  findProducer(name: string): string | undefined {
    return this.#nodes.has(name) ? name : this.sideEffects.get(name);
  }

  /** The columns it names, side effects resolved, in order of mention. */
  upstreamOf(name: string): readonly string[] {
    return this.#node(name).upstream;
  }

  /** The columns that name it, in graph order. */
  downstreamOf(name: string): readonly string[] {
    return this.#node(name).downstream;
  }

  upstreamByStrategy(name: string): { readonly [S in Strategy]: readonly string[] } {
    const upstream = this.upstreamOf(name);
    const of = (strategy: Strategy) => upstream.filter((needed) => this.strategyOf(needed) === strategy);
    return { root: of('root'), inline: of('inline'), cell: of('cell'), column: of('column') };
  }

  /** The stored columns whose cells have to be there before one of its own is made, in graph order. */
  storedUpstreamOf(name: string): readonly string[] {
    return this.#node(name).storedUpstream;
  }

  /** The stored columns whose cells wait for those of this stored column, in graph order. */
  storedDownstreamOf(name: string): readonly string[] {
    return this.#node(name).storedDownstream;
  }

  /** How many columns stand in the longest chain of needs that ends here, itself included. */
  depthOf(name: string): number {
    return this.#node(name).chain.length;
  }

  /** The longest chain of needs; of several the first in graph order. Empty for no columns. */
  longestDependencyChain(): readonly string[] {
    let longest: readonly string[] = [];
    for (const { chain } of this.#nodes.values()) if (chain.length > longest.length) longest = chain;
    return longest;
  }

  /** Activities of each column in an undisturbed build: none for what is made when rows are opened or inline. */
  taskCounts(shape: { rows: number; rowGroupSize: number; sliceRows: number }): ReadonlyMap<string, number> {
    const groups = groupCount(shape);
    let slices = 0;
    for (let group = 0; group < groups; group += 1)
      slices += sliceCount(rowsOfGroup(group, shape), shape.sliceRows);
    const counts = { root: 0, inline: 0, cell: slices, column: groups };
    return new Map(this.order.map((name) => [name, counts[this.strategyOf(name)]]));
  }

  /**
   * The stored cells that have to be there before this one is made, `rows` being those of its group: the same row of
   * each column it needs; the column as a whole where that one is, or this one is, made as a whole.
   */
  cellDependencies(cell: CellRef, rows: RowRange): readonly Dependency[] {
    const isWhole = this.strategyOf(cell.column) === 'column';
    return this.storedUpstreamOf(cell.column).map((column) => ({
      column,
      rows: isWhole || this.strategyOf(column) === 'column' ? rows : { first: cell.row, last: cell.row },
    }));
  }

  /** Columns as Mermaid text, each with a word on it: an arrow points from what is needed to what needs it. */
  toMermaid(columns: readonly string[], wordOf: (name: string) => string): string {
    const idOf = new Map(columns.map((name, index) => [name, `c${index}`]));
    const lines = columns.map((name) => {
      return `  ${idOf.get(name)}["${name.replaceAll('"', '#quot;')}<br/>${wordOf(name)}"]`;
    });
    for (const name of columns) {
      for (const needed of this.upstreamOf(name)) lines.push(`  ${idOf.get(needed)} --> ${idOf.get(name)}`);
    }
    return ['flowchart TD', ...lines, ''].join('\n');
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`Cannot find column "${name}" in the graph`);
    return node;
  }
}

function sideEffectsOf(columns: readonly GraphColumn[]): ReadonlyMap<string, string> {
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name)) throw new RangeError(`Cannot use the column name "${name}" twice`);
    names.add(name);
  }
  const producers = new Map<string, string>();
  for (const { name, sideEffects = [] } of columns) {
    for (const sideEffect of sideEffects) {
      if (names.has(sideEffect)) continue;
      const other = producers.get(sideEffect);
      if (other !== undefined) {
        throw new RangeError(`Cannot tell who makes "${sideEffect}": both "${other}" and "${name}" do`);
      }
      producers.set(sideEffect, name);
    }
  }
  return producers;
}

function resolveNeeds(
  { name, needs }: GraphColumn,
  known: { columns: readonly GraphColumn[]; sideEffects: ReadonlyMap<string, string> },
): readonly string[] {
  const resolved = needs.map((need) => {
    const column = known.columns.some((other) => other.name === need) ? need : known.sideEffects.get(need);
    if (column === undefined) throw new RangeError(`Cannot find "${need}", which column "${name}" needs`);
    return column;
  });
  return [...new Set(resolved)];
}

/** Kahn's algorithm, taking the first listed of those that could come next. */
function sort(
  columns: readonly GraphColumn[],
  upstream: ReadonlyMap<string, readonly string[]>,
): readonly GraphColumn[] {
  const sorted: GraphColumn[] = [];
  const waiting = new Map(columns.map((column) => [column.name, column]));
  while (waiting.size > 0) {
    const next = [...waiting.values()].find(
      ({ name }) => !upstream.get(name)!.some((need) => waiting.has(need)),
    );
    if (next === undefined) throw new GraphError(findCycle([...waiting.keys()], upstream));
    waiting.delete(next.name);
    sorted.push(next);
  }
  return sorted;
}

/** `names`: columns of which each needs another. The cycle reads in the direction of the data, first listed first. */
function findCycle(
  names: readonly string[],
  upstream: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const walked: string[] = [];
  let name = names[0]!;
  while (!walked.includes(name)) {
    walked.push(name);
    name = upstream.get(name)!.find((need) => names.includes(need))!;
  }
  const cycle = walked.slice(walked.indexOf(name)).reverse();
  const start = cycle.indexOf(names.find((listed) => cycle.includes(listed))!);
  const rotated = [...cycle.slice(start), ...cycle.slice(0, start)];
  return [...rotated, rotated[0]!];
}
