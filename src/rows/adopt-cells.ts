// Which cells of a row group exist. The read-only half of `openRowGroup`; the client counts calls with it.
//
//   A1. A cell exists if some `ok` record of (column, row) has the digest computed from the chosen upstream cells. One
//       that another version read is read again from its answer; it does not exist if that gives nothing.
//   A2. A kept cell is the one of the current output, whatever its digest; of a row that is not in the output the
//       right one, else the last one made. A cell that does not fit its column's type cannot be kept, and simulated
//       answers are not kept for a real provider.
//   A3. Of several right ones: the chosen one, else the one that more downstream cells were made from, else the
//       smallest (at, id).
//   A4. A cell whose upstream is to be made cannot be judged: it counts as "downstream", and is made again unless its
//       digest comes out the same.
//   A5. Where the definition of a column and all above it are what they were for the current output, its cells there are
//       right: they are taken as they are marked, and nothing is rendered. Not so in a row where a cell above is not the
//       one of the current output any more: it was lost, and what takes its place may say something else.
//   A6. A row with a cell that crashed the worker stays dropped for as long as that cell has this digest.

import { createBreather } from '../breathe.ts';
import { declarationOf } from '../columns/kinds.ts';
import { cellInput, readAgain } from '../columns/llm/by-kind.ts';
import type { ChatColumn } from '../columns/llm/declare-chat.ts';
import { CellError } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import { providerKindOf } from '../models/providers/kinds.ts';
import { SIMULATED_HOST } from '../models/providers/simulated/simulated-client.ts';
import { findOwn, setOwn } from '../own-keys.ts';
import { aliasesOf, includesRow, isKept, isMade, type Plan, type PlanColumn } from '../plan.ts';
import type { Drop } from '../store/groups.ts';
import { misfitOf } from '../store/parquet.ts';
import { type CellRecord, isCrash } from '../store/records.ts';
import { formatJson, type Value } from '../values.ts';
import type { RowFailure, RowValues } from './generator.ts';
import { type InlineRow, makeInline } from './inline.ts';
import type { RootRow } from './roots.ts';

/**
 * Why a cell of a model column is to be made.
 *   missing     never made
 *   lost        in the current output, and gone from the store
 *   stale       made from another input
 *   downstream  made, but from an upstream cell that is to be made again: it may turn out to be right
 *   retried     failed for good in an earlier start
 */
export type Want = 'missing' | 'lost' | 'stale' | 'downstream' | 'retried';

export interface AdoptedColumn {
  /** By row. Roots have one for every row that they were made for; a dropped row has those that its drop follows from. */
  readonly chosen: ReadonlyMap<number, CellRecord>;
  /** Of model columns: the cells to be made, by row. */
  readonly wanted: ReadonlyMap<number, Want>;
  /** Rows whose cell was made from another input and is kept. */
  readonly keptAsIs: ReadonlySet<number>;
}

export interface Adoption {
  readonly dropped: ReadonlyMap<number, RowFailure>;
  readonly columns: ReadonlyMap<string, AdoptedColumn>;
  /** Rows of the current output that take other seed data. */
  readonly changedSeedRows: number;
}

/** What earlier builds put out of these rows. */
export interface EarlierOutput {
  /** The rows in the files of the current output. */
  readonly rows: readonly RowRange[];
  /** The columns that those rows have cells of. */
  readonly columns: readonly string[];
  /** The cells that rows were dropped for. */
  readonly drops: readonly Pick<Drop, 'row' | 'column'>[];
}

export interface AdoptInput {
  readonly plan: Plan;
  /** Names in topological order, inline columns too. */
  readonly order: readonly string[];
  readonly rows: RowRange;
  /** The records that the roots of this plan have; a failed one drops its row. */
  readonly roots: ReadonlyMap<number, RootRow>;
  readonly records: ReadonlyMap<string, readonly CellRecord[]>;
  readonly output: EarlierOutput;
  /** Columns that are defined, with all above them, as they were for the current output. */
  readonly unchanged: ReadonlySet<string>;
  /** Those of them whose records were not read: every row is in the output and has its cell. */
  readonly unread: ReadonlySet<string>;
}

export async function adoptCells(input: AdoptInput): Promise<Adoption> {
  const adopter = new Adopter(input);
  const breathe = createBreather();
  for (let row = input.rows.first; row <= input.rows.last; row += 1) {
    await breathe();
    adopter.adoptRow(row);
  }
  return adopter.result();
}

interface MutableColumn {
  readonly chosen: Map<number, CellRecord>;
  readonly wanted: Map<number, Want>;
  readonly keptAsIs: Set<number>;
}

class Adopter {
  readonly #plan: Plan;
  readonly #input: AdoptInput;
  readonly #columns: readonly PlanColumn[];
  readonly #found = new Map<string, MutableColumn>();
  readonly #records: ReadonlyMap<string, ReadonlyMap<number, readonly CellRecord[]>>;
  readonly #failedBefore: ReadonlySet<string>;
  readonly #dropped = new Map<number, RowFailure>();
  readonly #inline: InlineRow;
  readonly #changedSeedRows = new Set<number>();

  constructor(input: AdoptInput) {
    this.#input = input;
    this.#plan = input.plan;
    this.#inline = makeInline(input.plan);
    const byName = new Map(input.plan.columns.map((column) => [column.name, column]));
    this.#columns = input.order.map((name) => byName.get(name) as PlanColumn);
    this.#records = new Map([...input.records].map(([column, records]) => [column, byRow(records)]));
    this.#failedBefore = new Set(input.output.drops.map(({ row, column }) => `${row} ${column}`));
    for (const column of this.#columns) {
      if (column.strategy === 'inline') continue;
      this.#found.set(column.name, { chosen: new Map(), wanted: new Map(), keptAsIs: new Set() });
    }
  }

  adoptRow(row: number): void {
    const failure = this.#adopt(row);
    if (failure === null) return;
    this.#dropped.set(row, failure);
    for (const { wanted, keptAsIs } of this.#found.values()) {
      wanted.delete(row);
      keptAsIs.delete(row);
    }
  }

  result(): Adoption {
    return { dropped: this.#dropped, columns: this.#found, changedSeedRows: this.#changedSeedRows.size };
  }

  /** Returns why the row is dropped. */
  #adopt(row: number): RowFailure | null {
    const roots = this.#input.roots.get(row);
    if (roots === undefined) throw new RangeError(`Row ${row} has no roots`);
    if (roots.failure !== null) return roots.failure;
    const values: Record<string, Value> = {};
    const asBefore = new Set(this.#input.unread);
    for (const column of this.#columns) {
      if (this.#input.unread.has(column.name)) {
        asBefore.add(column.name);
        continue;
      }
      const mayBeAsBefore =
        this.#input.unchanged.has(column.name) && column.needs.every((need) => asBefore.has(need));
      try {
        if (column.strategy === 'inline') {
          if (!hasAll(values, column.needs)) continue;
          setOwn(values, column.name, this.#inline.evaluate(column.name, row, values));
          if (mayBeAsBefore) asBefore.add(column.name);
          continue;
        }
        const record = isMade(column)
          ? this.#adoptCell(column as ChatColumn, row, { values, mayBeAsBefore })
          : this.#rootRecord(column, row, findOwn(roots.cells, column.name));
        if (mayBeAsBefore && this.#isAsBefore(column, row, record)) asBefore.add(column.name);
        if (seedsChange(column) && this.#isChange(column, row, record)) this.#changedSeedRows.add(row);
        if (record === undefined) continue;
        setOwn(values, column.name, record.value);
        this.#columnOf(column.name).chosen.set(row, record);
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        return { column: column.name, error };
      }
    }
    return null;
  }

  /** Whether a row of the output has another cell now. A column that it never had is no change of a value. */
  #isChange({ name }: PlanColumn, row: number, record: CellRecord | undefined): boolean {
    const before = this.#recordsOf(name, row).filter(({ status }) => status === 'ok');
    if (before.length === 0 || !includesRow(this.#input.output.rows, row)) return false;
    // The marks of a damaged settled file are lost.
    const current = before.find(isChosen);
    return current === undefined
      ? !before.some((other) => other.in === record?.in)
      : record === undefined || !isSameValue(current.value, record.value);
  }

  /** Whether the cell of an unchanged column is the one of the output. A root that is not kept follows from the plan. */
  #isAsBefore(column: PlanColumn, row: number, record: CellRecord | undefined): boolean {
    if (record === undefined) return false;
    return isChosen(record) || (!isMade(column) && !isKept(this.#plan, { column: column.name, row }));
  }

  /** Whether a row of the output has this cell, and the store has not: whatever it was, it cannot be told from another. */
  #isLost({ name }: PlanColumn, row: number): boolean {
    const { rows, columns } = this.#input.output;
    if (!columns.includes(name) || !includesRow(rows, row)) return false;
    return !this.#recordsOf(name, row).some(({ status }) => status === 'ok');
  }

  #rootRecord(column: PlanColumn, row: number, made: CellRecord | undefined): CellRecord {
    if (made === undefined) throw new RangeError(`Row ${row} has no root "${column.name}"`);
    if (!isKept(this.#plan, { column: column.name, row }) || !this.#isBegun(row)) return made;
    const recorded = this.#recordsOf(column.name, row).filter((record) => fits(column, record));
    return recorded.find(isChosen) ?? recorded.find((record) => record.in === made.in) ?? recorded[0] ?? made;
  }

  /** Whether a row has more than roots. Those were drawn when its group was opened, and nothing was made from them. */
  #isBegun(row: number): boolean {
    return (
      includesRow(this.#input.output.rows, row) ||
      this.#columns.some(
        (column) => isMade(column) && this.#recordsOf(column.name, row).some(({ status }) => status === 'ok'),
      )
    );
  }

  /** Throws `CellError` for a cell that crashed the worker: it is not tried again. */
  #adoptCell(
    column: ChatColumn,
    row: number,
    { values, mayBeAsBefore }: { readonly values: RowValues; readonly mayBeAsBefore: boolean },
  ): CellRecord | undefined {
    const { wanted, keptAsIs } = this.#columnOf(column.name);
    const records = this.#recordsOf(column.name, row);
    const current = mayBeAsBefore ? records.find(isChosen) : undefined;
    const unchanged = current === undefined ? null : readAgain(column, current);
    if (unchanged !== null) return unchanged;
    const accepted = records
      .filter(({ status }) => status === 'ok')
      .flatMap((record) => readAgain(column, record) ?? []);
    const canJudge = hasAll(values, column.needs);
    // Rendering is most of the cost here, and says nothing about a cell that was never tried.
    const isTried = records.length > 0 || this.#failedBefore.has(`${row} ${column.name}`);
    const digest = isTried && canJudge ? digestOfCell({ plan: this.#plan, column, row, values }) : undefined;
    const right = accepted.filter((record) => record.in === digest);
    if (isKept(this.#plan, { column: column.name, row })) {
      const kept = this.#keepable(column, accepted);
      const newest =
        right.length === 0 ? kept.toSorted(byAge).at(-1) : this.#choose(column, row, values, right);
      const record = kept.find(isChosen) ?? newest;
      if (record !== undefined) {
        if (record.in !== digest) keptAsIs.add(row);
        return record;
      }
    }
    if (right.length > 0) return this.#choose(column, row, values, right);
    const crash = records.find((record) => isCrash(record) && record.in === digest);
    if (crash?.error != null) throw new CellError(crash.error.kind, crash.error.message);
    const isImpossible = isTried && canJudge && digest === undefined;
    if (!isImpossible) wanted.set(row, this.#wantOf({ column, row, accepted, records, canJudge, digest }));
    return undefined;
  }

  #wantOf(of: {
    column: ChatColumn;
    row: number;
    accepted: readonly CellRecord[];
    records: readonly CellRecord[];
    canJudge: boolean;
    digest: string | undefined;
  }): Want {
    const { column, row, accepted, records, canJudge, digest } = of;
    if (this.#isLost(column, row)) return 'lost';
    if (accepted.length > 0 && !canJudge) return 'downstream';
    const hasFailed =
      this.#failedBefore.has(`${row} ${column.name}`) ||
      records.some((record) => record.status === 'failed' && (!canJudge || record.in === digest));
    if (hasFailed) return 'retried';
    return accepted.length > 0 ? 'stale' : 'missing';
  }

  #keepable(column: ChatColumn, accepted: readonly CellRecord[]): readonly CellRecord[] {
    const isReal = aliasesOf(column)
      .map((alias) => findOwn(this.#plan.models, alias))
      .some((model) => model === undefined || providerKindOf(model.providerType).isHosted);
    return accepted.filter((record) => fits(column, record) && !(isReal && record.host === SIMULATED_HOST));
  }

  #choose(column: ChatColumn, row: number, values: RowValues, right: readonly CellRecord[]): CellRecord {
    const [first, ...others] = right.toSorted(byAge);
    const chosen = right.find(isChosen);
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

  /** How many downstream cells were made from these values. */
  #countMadeFrom(upstream: ChatColumn, row: number, values: RowValues): number {
    let score = 0;
    const all: Record<string, Value> = { ...values };
    for (const column of this.#columns) {
      if (Object.hasOwn(all, column.name) || !hasAll(all, column.needs)) continue;
      try {
        if (column.strategy === 'inline')
          setOwn(all, column.name, this.#inline.evaluate(column.name, row, all));
        else if (isMade(column) && column !== upstream) {
          const digest = digestOfCell({ plan: this.#plan, column: column as ChatColumn, row, values: all });
          const made = this.#recordsOf(column.name, row).find(
            (record) => record.status === 'ok' && record.in === digest,
          );
          if (made === undefined) continue;
          score += 1;
          setOwn(all, column.name, made.value);
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
  column: ChatColumn;
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

function hasAll(values: RowValues, needs: readonly string[]): boolean {
  return needs.every((need) => Object.hasOwn(values, need));
}

function fits({ type }: PlanColumn, { value }: CellRecord): boolean {
  return misfitOf(value, type) === undefined;
}

function isChosen({ chosen }: CellRecord): boolean {
  return chosen === true;
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

function seedsChange({ kind }: PlanColumn): boolean {
  return declarationOf(kind).follows.seedSource !== undefined;
}
