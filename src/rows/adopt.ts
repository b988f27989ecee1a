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

import { includesRow, isKept } from '../cell-rules.ts';
import { declarationOf } from '../columns/kinds.ts';
import type { RowFailure } from '../columns/maker.ts';
import type { OpenColumn } from '../columns/open-columns.ts';
import { CellError } from '../errors.ts';
import type { RowRange } from '../graph/types.ts';
import { providerKindOf } from '../models/providers/kinds.ts';
import { SIMULATED_HOST } from '../models/providers/simulated/simulated-client.ts';
import { findOwn } from '../own-keys.ts';
import { aliasesOf, type Plan, type PlanColumn } from '../plan.ts';
import { type CellRecord, isCrash } from '../store/records.ts';
import type { AdoptedColumn, Adoption, EarlierOutput, Want } from './adoption.ts';
import type { Assembler } from './assemble.ts';
import { type Accepted, acceptedIn, byAge, byRow, fits, isChosen, isSameValue } from './earlier-records.ts';
import type { RootRow } from './roots.ts';
import { type AssembledRow, type Found, foundIn, type InputOf, type Source } from './row.ts';

export interface AdoptInput {
  readonly plan: Plan;
  readonly assembler: Assembler;
  readonly rows: RowRange;
  /** The records that the roots of this plan have; a failed one drops its row. */
  readonly roots: ReadonlyMap<number, RootRow>;
  readonly records: ReadonlyMap<string, readonly CellRecord[]>;
  readonly output: EarlierOutput;
  /** Columns that are defined, with all above them, as they were for the current output. */
  readonly unchanged: ReadonlySet<string>;
  /** Those of them whose records were not read: every row is in the output and has its cell. */
  readonly unread: ReadonlySet<string>;
  /** Cells that failed for good earlier in this start, by column: a column made as a whole does not wait for them. */
  readonly lost?: (column: string, row: number) => boolean;
}

export async function adoptCells(input: AdoptInput): Promise<Adoption> {
  const { assembler, rows, unread } = input;
  const adopter = new Adopter(input);
  const numbers = Array.from({ length: rows.last - rows.first + 1 }, (_, index) => rows.first + index);
  const names = assembler.columns.map(({ column }) => column.name);
  const columns = new Set(names.filter((name) => !unread.has(name)));
  const assembled = await assembler.assemble({ rows: numbers, source: adopter, columns });
  return adopter.result(assembled);
}

interface MutableColumn extends AdoptedColumn {
  readonly chosen: Map<number, CellRecord>;
  readonly skipped: Set<number>;
  readonly crashed: Map<number, CellRecord>;
  readonly wanted: Map<number, Want>;
  readonly keptAsIs: Set<number>;
  /** Rows whose cell is the one of the current output. */
  readonly asBefore: Set<number>;
}

/** The cells that an earlier start made. */
class Adopter implements Source {
  readonly decides = true;
  readonly #plan: Plan;
  readonly #input: AdoptInput;
  readonly #assembler: Assembler;
  readonly #found = new Map<string, MutableColumn>();
  readonly #columns: ReadonlyMap<string, PlanColumn>;
  readonly #records: ReadonlyMap<string, ReadonlyMap<number, readonly CellRecord[]>>;
  readonly #failedBefore: ReadonlySet<string>;
  readonly #changedSeedRows = new Set<number>();

  constructor(input: AdoptInput) {
    this.#input = input;
    this.#plan = input.plan;
    this.#assembler = input.assembler;
    this.#columns = new Map(input.assembler.columns.map(({ column }) => [column.name, column]));
    this.#records = new Map([...input.records].map(([column, records]) => [column, byRow(records)]));
    this.#failedBefore = new Set(input.output.drops.map(({ row, column }) => `${row} ${column}`));
    for (const { column, shape } of input.assembler.columns) {
      if (shape === 'inline') continue;
      this.#found.set(column.name, {
        isWhole: column.strategy === 'column',
        chosen: new Map(),
        skipped: new Set(),
        crashed: new Map(),
        wanted: new Map(),
        keptAsIs: new Set(),
        asBefore: new Set(),
      });
    }
  }

  find(open: OpenColumn, row: AssembledRow, input: InputOf | null): Found {
    const { column } = open;
    const mayBeAsBefore = this.#mayBeAsBefore(column, row);
    const found =
      open.shape === 'root'
        ? this.#findRoot(open, row.row)
        : this.#findCell(open, row, { input, mayBeAsBefore });
    const record = typeof found === 'object' && !(found instanceof CellError) ? found.record : null;
    const { chosen, asBefore } = this.#columnOf(column.name);
    if (mayBeAsBefore && this.#isAsBefore(open, row.row, record)) asBefore.add(row.row);
    if (seedsChange(column) && this.#isChange(open, row.row, found)) this.#changedSeedRows.add(row.row);
    if (record !== null) chosen.set(row.row, record);
    return found;
  }

  refuse({ column }: OpenColumn, { row }: AssembledRow, why: 'missing' | 'downstream'): void {
    const { chosen, wanted, keptAsIs } = this.#columnOf(column.name);
    chosen.delete(row);
    keptAsIs.delete(row);
    wanted.set(row, why);
  }

  result(rows: readonly AssembledRow[]): Adoption {
    const dropped = new Map<number, RowFailure>();
    const stillMade = this.#columnsForWholeOnes();
    for (const { row, failure, skipped } of rows) {
      if (failure !== null) dropped.set(row, failure);
      for (const [name, column] of this.#found) {
        if (skipped.has(name)) column.skipped.add(row);
        if (failure === null) continue;
        column.keptAsIs.delete(row);
        if (!stillMade.has(name)) column.wanted.delete(row);
      }
    }
    return { dropped, columns: this.#found, changedSeedRows: this.#changedSeedRows.size };
  }

  /** Whole columns and what they are made from: their cells are made in dropped rows, too. */
  #columnsForWholeOnes(): ReadonlySet<string> {
    const found = new Set<string>();
    for (const { column } of this.#assembler.columns.toReversed()) {
      if (column.strategy !== 'column' && !found.has(column.name)) continue;
      found.add(column.name);
      for (const need of column.needs) found.add(this.#assembler.producerOf(need));
    }
    return found;
  }

  /** Whether the cell has the definition of the current output, and so have all above it in this row. */
  #mayBeAsBefore({ name, needs }: PlanColumn, row: AssembledRow): boolean {
    return (
      this.#input.unchanged.has(name) &&
      needs.every((need) => this.#isUnchanged(this.#assembler.producerOf(need), row))
    );
  }

  #isUnchanged(name: string, row: AssembledRow): boolean {
    if (this.#input.unread.has(name)) return true;
    const found = this.#found.get(name);
    // What is skipped or computed follows from what is above it.
    if (found !== undefined && !row.skipped.has(name)) return found.asBefore.has(row.row);
    const column = this.#columns.get(name);
    return column !== undefined && this.#mayBeAsBefore(column, row);
  }

  /** Whether a row of the output has another cell now. A column that it never had is no change of a value. */
  #isChange({ column: { name } }: OpenColumn, row: number, found: Found): boolean {
    const before = this.#recordsOf(name, row).filter(({ status }) => status === 'ok');
    if (before.length === 0 || !includesRow(this.#input.output.rows, row)) return false;
    const record = typeof found === 'object' && !(found instanceof CellError) ? found.record : null;
    // The marks of a damaged settled file are lost.
    const current = before.find(isChosen);
    return current === undefined
      ? !before.some((other) => other.in === record?.in)
      : record === null || !isSameValue(current.value, record.value);
  }

  /** Whether the cell of an unchanged column is the one of the output. A root that is not kept follows from the plan. */
  #isAsBefore({ column, shape }: OpenColumn, row: number, record: CellRecord | null): boolean {
    if (record === null) return false;
    return isChosen(record) || (shape === 'root' && !isKept(this.#plan, { column: column.name, row }));
  }

  /** Whether a row of the output has this cell, and the store has not: whatever it was, it cannot be told from another. */
  #isLost({ name }: PlanColumn, row: number): boolean {
    const { rows, columns } = this.#input.output;
    if (!columns.includes(name) || !includesRow(rows, row)) return false;
    return !this.#recordsOf(name, row).some(({ status }) => status === 'ok');
  }

  #findRoot(open: OpenColumn, row: number): Found {
    const { column } = open;
    const root = this.#input.roots.get(row);
    const made = findOwn(root?.cells, column.name);
    if (made === undefined) {
      if (root?.failure == null) throw new RangeError(`Row ${row} has no root "${column.name}"`);
      return root.failure.column === column.name ? root.failure.error : 'impossible';
    }
    if (!isKept(this.#plan, { column: column.name, row }) || !this.#isBegun(row)) return foundIn(open, made);
    const recorded = this.#recordsOf(column.name, row).filter(({ value }) => fits(column, value));
    const kept = recorded.find(isChosen) ?? recorded.find((record) => record.in === made.in) ?? recorded[0];
    return foundIn(open, kept ?? made);
  }

  /** Whether a row has more than roots. Those were drawn when its group was opened, and nothing was made from them. */
  #isBegun(row: number): boolean {
    return (
      includesRow(this.#input.output.rows, row) ||
      this.#assembler.columns.some(
        ({ column, shape }) =>
          shape === 'cells' && this.#recordsOf(column.name, row).some(({ status }) => status === 'ok'),
      )
    );
  }

  /** A `CellError` for a cell that crashed the worker: it is not tried again. */
  #findCell(
    open: OpenColumn,
    row: AssembledRow,
    { input, mayBeAsBefore }: { readonly input: InputOf | null; readonly mayBeAsBefore: boolean },
  ): Found {
    const { column } = open;
    const { wanted, keptAsIs, crashed } = this.#columnOf(column.name);
    const records = this.#recordsOf(column.name, row.row);
    const current = mayBeAsBefore ? records.find(isChosen) : undefined;
    const unchanged = current === undefined ? undefined : foundIn(open, current);
    if (unchanged !== undefined) return unchanged;
    const accepted = records.flatMap((record) => acceptedIn(open, record));
    // Rendering is most of the cost here, and says nothing about a cell that was never tried.
    const isTried = records.length > 0 || this.#failedBefore.has(`${row.row} ${column.name}`);
    const keyed = isTried ? input?.() : undefined;
    const digest = keyed instanceof CellError ? undefined : keyed?.digest;
    const right = accepted.filter(({ record }) => record.in === digest);
    if (isKept(this.#plan, { column: column.name, row: row.row })) {
      const kept = this.#keepable(column, accepted);
      const newest = right.length === 0 ? kept.toSorted(byAge).at(-1) : this.#choose(column, row, right);
      const cell = kept.find(({ record }) => isChosen(record)) ?? newest;
      if (cell !== undefined) {
        if (cell.record.in !== digest) keptAsIs.add(row.row);
        return cell;
      }
    }
    if (right.length > 0) return this.#choose(column, row, right);
    const crash = records.find((record) => isCrash(record) && record.in === digest);
    if (crash !== undefined) {
      crashed.set(row.row, crash);
      return foundIn(open, crash);
    }
    // The slice that tries it records why.
    if (keyed instanceof CellError || this.#input.lost?.(column.name, row.row)) return 'impossible';
    wanted.set(
      row.row,
      this.#wantOf({ column, row: row.row, accepted, records, canJudge: input !== null, digest }),
    );
    return undefined;
  }

  #wantOf(of: {
    column: PlanColumn;
    row: number;
    accepted: readonly Accepted[];
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

  #keepable(column: PlanColumn, accepted: readonly Accepted[]): readonly Accepted[] {
    const isReal = aliasesOf(column)
      .map((alias) => findOwn(this.#plan.models, alias))
      .some((model) => model === undefined || providerKindOf(model.providerType).isHosted);
    return accepted.filter(
      ({ record, value }) => fits(column, value) && !(isReal && record.host === SIMULATED_HOST),
    );
  }

  #choose(column: PlanColumn, row: AssembledRow, right: readonly Accepted[]): Accepted {
    const [first, ...others] = right.toSorted(byAge);
    const chosen = right.find(({ record }) => isChosen(record));
    if (chosen !== undefined) return chosen;
    if (first === undefined) throw new RangeError('Nothing to choose from');
    if (others.every(({ value }) => isSameValue(value, first.value))) return first;
    let best = first;
    let bestScore = -1;
    for (const cell of [first, ...others]) {
      const score = this.#countMadeFrom(column, row, cell);
      if (score > bestScore) [best, bestScore] = [cell, score];
    }
    return best;
  }

  /** How many cells below a column were made from one of its cells. */
  #countMadeFrom(column: PlanColumn, row: AssembledRow, cell: Accepted): number {
    let score = 0;
    const find: Source['find'] = (open, { row: number }, input) => {
      const keyed = input?.();
      if (keyed === undefined || keyed instanceof CellError) return undefined;
      const made = this.#recordsOf(open.column.name, number).find(
        ({ status, in: digest }) => status === 'ok' && digest === keyed.digest,
      );
      if (made !== undefined) score += 1;
      return made === undefined ? undefined : foundIn(open, made);
    };
    this.#assembler.assembleBelow(column.name, row, { cell, source: { decides: true, find } });
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

function seedsChange({ kind }: PlanColumn): boolean {
  return declarationOf(kind).follows.seedSource !== undefined;
}
