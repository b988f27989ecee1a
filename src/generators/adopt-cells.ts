// Which cells of a row group exist. The read-only half of `openRowGroup`; the client counts calls with it.
//
//   A1. A cell exists if some `ok` record of (column, row) has the digest computed from the chosen upstream cells.
//   A2. A kept cell is the one of the current output, whatever its digest.
//   A3. Of several right ones: the chosen one, else the one that more downstream cells were made from, else the
//       smallest (at, id).
//   A4. A cell whose upstream is to be made cannot be judged: it counts as "downstream", and is made again unless its
//       digest comes out the same.

import { CellError } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import { isKept, isModelColumn, type ModelColumn, type Plan, type PlanColumn, strategyOf } from '../plan.ts';
import type { CellRecord } from '../store/records.ts';
import { formatJson, type Value } from '../values.ts';
import type { RowFailure, RowValues } from './generator.ts';
import { type InlineRow, makeInline } from './inline.ts';
import { cellInput } from './llm/cell-input.ts';
import type { RootRow } from './roots.ts';

/** How many cells of one model column are there and how many are to be made, and why. */
export interface ColumnCount {
  readonly kept: number;
  /** Never made. */
  readonly missing: number;
  /** Made from another input. */
  readonly stale: number;
  /** Made, but from an upstream cell that is to be made again: at most this many. */
  readonly downstream: number;
  /** Failed for good in an earlier start, and tried again. */
  readonly retried: number;
}

export interface AdoptedColumn {
  /** By row. Roots have one for every row that is not dropped. */
  readonly chosen: ReadonlyMap<number, CellRecord>;
  readonly count: ColumnCount;
}

export interface Adoption {
  readonly dropped: ReadonlyMap<number, RowFailure>;
  readonly columns: ReadonlyMap<string, AdoptedColumn>;
  /** Rows of the current output in which an existing value changes or has to be made again. */
  readonly changedRows: number;
}

export interface AdoptInput {
  readonly plan: Plan;
  /** Names in topological order, inline columns too. */
  readonly order: readonly string[];
  readonly rows: RowRange;
  /** The records that the roots of this plan have; a failed one drops its row. */
  readonly roots: ReadonlyMap<number, RootRow>;
  readonly records: ReadonlyMap<string, readonly CellRecord[]>;
}

/** Rows between two turns of the event loop: rendering a row's prompts takes about 0.1 ms. */
const ROWS_A_TURN = 50;

export async function adoptCells(input: AdoptInput): Promise<Adoption> {
  const adopter = new Adopter(input);
  for (let row = input.rows.first; row <= input.rows.last; row += 1) {
    if ((row - input.rows.first) % ROWS_A_TURN === ROWS_A_TURN - 1) await new Promise(setImmediate);
    adopter.adoptRow(row);
  }
  return adopter.result();
}

interface MutableColumn {
  readonly chosen: Map<number, CellRecord>;
  readonly count: { -readonly [Key in keyof ColumnCount]: number };
}

class Adopter {
  readonly #input: AdoptInput;
  readonly #columns: readonly PlanColumn[];
  readonly #found = new Map<string, MutableColumn>();
  readonly #records: ReadonlyMap<string, ReadonlyMap<number, readonly CellRecord[]>>;
  readonly #dropped = new Map<number, RowFailure>();
  readonly #inline: InlineRow;
  #changedRows = 0;

  constructor(input: AdoptInput) {
    this.#input = input;
    this.#inline = makeInline(input.plan);
    const byName = new Map(input.plan.columns.map((column) => [column.name, column]));
    this.#columns = input.order.map((name) => byName.get(name) as PlanColumn);
    this.#records = new Map([...input.records].map(([column, records]) => [column, byRow(records)]));
    for (const column of this.#columns) {
      if (strategyOf(column) === 'inline') continue;
      this.#found.set(column.name, {
        chosen: new Map(),
        count: { kept: 0, missing: 0, stale: 0, downstream: 0, retried: 0 },
      });
    }
  }

  adoptRow(row: number): void {
    const roots = this.#input.roots.get(row);
    if (roots === undefined) throw new RangeError(`Row ${row} has no roots`);
    if (roots.failure !== null) {
      this.#dropped.set(row, roots.failure);
      return;
    }
    const values: Record<string, Value> = {};
    let isChanged = false;
    for (const column of this.#columns) {
      if (column.kind === 'expression') {
        if (!column.needs.every((need) => Object.hasOwn(values, need))) continue;
        try {
          values[column.name] = this.#inline.evaluate(column.name, row, values);
        } catch (error) {
          if (!(error instanceof CellError)) throw error;
          this.#dropped.set(row, { column: column.name, error });
          return;
        }
        continue;
      }
      const before = this.#recordsOf(column.name, row).find((record) => record.chosen === true);
      const record = isModelColumn(column)
        ? this.#adoptCell(column, row, values)
        : this.#rootRecord(column.name, row, roots.cells[column.name]);
      if (before !== undefined && (record === undefined || !isSameValue(record.value, before.value)))
        isChanged = true;
      if (record === undefined) continue;
      values[column.name] = record.value;
      this.#columnOf(column.name).chosen.set(row, record);
    }
    if (isChanged) this.#changedRows += 1;
  }

  result(): Adoption {
    for (const { chosen } of this.#found.values()) {
      for (const row of this.#dropped.keys()) chosen.delete(row);
    }
    return { dropped: this.#dropped, columns: this.#found, changedRows: this.#changedRows };
  }

  #rootRecord(column: string, row: number, made: CellRecord | undefined): CellRecord {
    if (made === undefined) throw new RangeError(`Row ${row} has no root "${column}"`);
    if (!isKept(this.#input.plan, { column, row })) return made;
    return currentOf(this.#recordsOf(column, row)) ?? made;
  }

  #adoptCell(column: ModelColumn, row: number, values: RowValues): CellRecord | undefined {
    const { count } = this.#columnOf(column.name);
    const records = this.#recordsOf(column.name, row);
    const accepted = records.filter(({ status }) => status === 'ok');
    if (accepted.length > 0 && isKept(this.#input.plan, { column: column.name, row })) {
      count.kept += 1;
      return currentOf(accepted);
    }
    const canJudge = column.needs.every((need) => Object.hasOwn(values, need));
    if (accepted.length === 0) {
      if (records.some(({ status }) => status === 'failed')) count.retried += 1;
      else count.missing += 1;
      return undefined;
    }
    if (!canJudge) {
      count.downstream += 1;
      return undefined;
    }
    const digest = digestOfCell({ plan: this.#input.plan, column, row, values });
    const right = accepted.filter((record) => record.in === digest);
    if (right.length === 0) {
      count.stale += 1;
      return undefined;
    }
    count.kept += 1;
    return this.#choose(column, row, values, right);
  }

  #choose(column: ModelColumn, row: number, values: RowValues, right: readonly CellRecord[]): CellRecord {
    const [first, ...others] = [...right].sort(byAge);
    const chosen = right.find((record) => record.chosen === true);
    if (chosen !== undefined) return chosen;
    if (first === undefined) throw new RangeError('Nothing to choose from');
    if (others.every((record) => isSameValue(record.value, first.value))) return first;
    let best = first;
    let bestScore = -1;
    for (const record of [first, ...others]) {
      const score = this.#countMadeFrom(column, row, { ...values, [column.name]: record.value });
      if (score > bestScore) [best, bestScore] = [record, score];
    }
    return best;
  }

  /** How many cells directly downstream were made from these values. */
  #countMadeFrom(upstream: ModelColumn, row: number, values: RowValues): number {
    let score = 0;
    const all: Record<string, Value> = { ...values };
    for (const column of this.#columns) {
      if (Object.hasOwn(all, column.name) || !column.needs.every((need) => Object.hasOwn(all, need)))
        continue;
      try {
        if (column.kind === 'expression') all[column.name] = this.#inline.evaluate(column.name, row, all);
        else if (isModelColumn(column) && column !== upstream) {
          const digest = digestOfCell({ plan: this.#input.plan, column, row, values: all });
          const made = this.#recordsOf(column.name, row).find(
            (record) => record.status === 'ok' && record.in === digest,
          );
          if (made === undefined) continue;
          score += 1;
          all[column.name] = made.value;
        }
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
      }
    }
    return score;
  }

  #recordsOf(column: string, row: number): readonly CellRecord[] {
    return this.#records.get(column)?.get(row) ?? [];
  }

  #columnOf(name: string): MutableColumn {
    const found = this.#found.get(name);
    if (found === undefined) throw new RangeError(`No column "${name}" to adopt`);
    return found;
  }
}

/** Undefined for an input that cannot be made: the slice that tries it records why. */
function digestOfCell(place: {
  plan: Plan;
  column: ModelColumn;
  row: number;
  values: RowValues;
}): string | undefined {
  try {
    return cellInput(place).digest;
  } catch (error) {
    if (error instanceof CellError) return undefined;
    throw error;
  }
}

/** The cell of the current output, else the last one made. */
function currentOf(records: readonly CellRecord[]): CellRecord | undefined {
  const accepted = records.filter(({ status }) => status === 'ok');
  return accepted.find((record) => record.chosen === true) ?? [...accepted].sort(byAge).at(-1);
}

function byRow(records: readonly CellRecord[]): ReadonlyMap<number, readonly CellRecord[]> {
  const rows = new Map<number, CellRecord[]>();
  for (const record of records) {
    const row = rows.get(record.row);
    if (row === undefined) rows.set(record.row, [record]);
    else row.push(record);
  }
  return rows;
}

function byAge(left: CellRecord, right: CellRecord): number {
  return left.at - right.at || (idOf(left) < idOf(right) ? -1 : 1);
}

function idOf(record: CellRecord): string {
  return record.calls[0]?.id ?? '';
}

function isSameValue(left: Value, right: Value): boolean {
  return left === right || formatJson(left) === formatJson(right);
}
