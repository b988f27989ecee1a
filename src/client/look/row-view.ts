// `show`: rows with what made each of their cells, from the store alone. A prompt is in no file: it is rendered again from
// the cells of its row, and is the one that was sent if the digest of that input is the cell's.

import { isKept } from '../../cell-rules.ts';
import { declarationOf } from '../../columns/kinds.ts';
import type { ChatInput } from '../../columns/llm/chat-input.ts';
import type { Keyed } from '../../columns/maker.ts';
import { openColumns } from '../../columns/open-columns.ts';
import { columnOrder } from '../../config/graph-columns.ts';
import { CellError, RefusedError } from '../../errors.ts';
import type { RowRange } from '../../graph/types.ts';
import { findOwn } from '../../own-keys.ts';
import { aliasesOf, type Plan, type PlanColumn, shownColumns } from '../../plan.ts';
import { makeAssembler } from '../../rows/assemble.ts';
import { localMediaOf } from '../../rows/open-rows.ts';
import { type AssembledRow, foundIn, type Source } from '../../rows/row.ts';
import { makeSeedOrder } from '../../seeds/seed-rows.ts';
import type { DatasetStore } from '../../store/dataset-store.ts';
import type { Drop } from '../../store/groups.ts';
import { findRows, type RowLook } from '../../store/look.ts';
import type { CellRecord } from '../../store/records.ts';
import { lastAnswer } from '../../turns.ts';
import type { ValueObject } from '../../values.ts';
import { type DatasetPlace, findDatasetVersion } from '../wish/find-dataset.ts';

export interface RowView {
  readonly dataset: string;
  readonly row: number;
  readonly state: RowLook['state'];
  /** Why it is not in the output. */
  readonly drop: Drop | null;
  /** In the order of the output, dropped columns too; of a row that is not complete the cells that there are. */
  readonly values: ValueObject;
  readonly columns: readonly ColumnView[];
}

export interface ColumnView {
  readonly name: string;
  readonly kind: PlanColumn['kind'];
  /** The column whose cells it is read out of, or the processor that adds it; null for one with cells of its own. */
  readonly madeWith: string | null;
  /** Its cell was not to be made in this row. */
  readonly isSkipped: boolean;
  /** The language of the code in it; null for what is no code. */
  readonly language: string | null;
  /** Left out of `parquet-files/`. */
  readonly isDropped: boolean;
  /** Where the values of a column that asks no model come from, for people. */
  readonly source: string | null;
  /** The name of the model that makes it. */
  readonly model: string | null;
  /** What made its value, or the last failure; null for expressions and for cells that are not made yet. */
  readonly cell: CellRecord | null;
  /** What the model was sent for it: with it the conversation begins. Null where that is not known, and without a model. */
  readonly prompt: PromptView | null;
  /** What the model thought before its last answer, in a field of its own or in the answer's text. */
  readonly reasoning: string | null;
  /** Every call on the way to the cell, in order; the last one is the cell. */
  readonly tries: readonly CellRecord[];
}

/** The messages, and what the request held beside them and the model's name; a schema only where the endpoint takes one. */
export type PromptView = ChatInput;

/** One row with what made it. Throws `StoreError`, and `RefusedError` for a row that was never asked for. */
export async function readRow(place: DatasetPlace, row: number): Promise<RowView> {
  const { value } = await readRows(place, [{ first: row, last: row }]).next();
  return value as RowView;
}

/** The first rows, whatever their state. Throws `StoreError`. */
export async function readFirstRows(place: DatasetPlace, count: number): Promise<RowView[]> {
  const { rows } = (await findDatasetVersion(place)).version;
  const last = Math.min(count, rows) - 1;
  const views: RowView[] = [];
  if (last >= 0) for await (const view of readRows(place, [{ first: 0, last }])) views.push(view);
  return views;
}

/** Rows with what made them, one row group in memory at a time. Throws as `readRow`. */
export async function* readRows(
  place: DatasetPlace,
  ranges: readonly RowRange[],
): AsyncGenerator<RowView, void> {
  const { dataset, version } = await findDatasetVersion(place);
  const { rows } = version;
  for (const row of ranges.flatMap(({ first, last }) => [first, last])) {
    if (Number.isInteger(row) && row >= 0 && row < rows) continue;
    throw new RefusedError(`Cannot show row ${row} of "${dataset.name}": it has rows 0 to ${rows - 1}`);
  }
  let viewed: { readonly plan: Plan; readonly viewOf: ViewOf } | undefined;
  for await (const look of findRows(dataset, ranges, version)) {
    const { row, state, drop, plan, values } = look;
    if (plan !== null && viewed?.plan !== plan) viewed = { plan, viewOf: await openRowViews(plan, dataset) };
    yield (await viewed?.viewOf(look)) ?? { dataset: dataset.name, row, state, drop, values, columns: [] };
  }
}

type ViewOf = (look: RowLook) => Promise<RowView>;

/** How rows of a plan are told, with what made them. Parses its templates once. */
export async function openRowViews(
  plan: Plan,
  { name: dataset, files }: Pick<DatasetStore, 'name' | 'files'>,
): Promise<ViewOf> {
  const local = localMediaOf(files);
  const { columns } = await openColumns({ plan, order: columnOrder(plan), local });
  const assembler = makeAssembler(plan, columns);
  const sourceOf = makeSources(plan);
  const languageOf = languagesOf(plan);
  return async ({ row, state, drop, values: known, cells, tries }) => {
    const find: Source['find'] = (open) => {
      const cell = findOwn(cells, open.column.name);
      return cell === undefined ? undefined : foundIn(open, cell);
    };
    const source: Source = { decides: true, find };
    const [assembled] = await assembler.assemble({ rows: [row], source, hasAllSides: true });
    const { values, skipped } = assembled!;
    const views = shownColumns(plan).flatMap((column): ColumnView[] => {
      const { name, kind, sideEffects } = column;
      const open = columns.find((other) => other.column === column)!;
      const maker = open.shape === 'cells' ? open.maker : null;
      const cell = findOwn(cells, name) ?? null;
      const answer = cell === null ? undefined : lastAnswer(cell.turns);
      const isSkipped = skipped.has(name);
      const view = {
        name,
        kind,
        ...{ madeWith: null, isSkipped, isDropped: column.drop, language: languageOf.get(name) ?? null },
        source: sourceOf(column, row),
        model: modelOf(plan, column),
        cell,
        prompt:
          cell !== null && maker !== null && modelOf(plan, column) !== null && hasNeeds(column, assembled!)
            ? promptOf(cell, maker.inputs([assembler.viewOf(column, assembled!)])[0]!)
            : null,
        reasoning: answer === undefined ? null : (maker?.reasoningOf?.(answer) ?? null),
        tries: findOwn(tries, name) ?? [],
      };
      const beside = sideEffects.map((side) => ({
        ...{ ...BESIDE, name: side.name, kind, madeWith: name, isSkipped },
      }));
      return [view, ...beside];
    });
    const added = plan.processors.flatMap(({ name: processor, kind, adds = [] }) =>
      adds.map(
        ({ name, drop = false }): ColumnView => ({
          ...{ ...BESIDE, name, kind, madeWith: `processor ${processor}`, isDropped: drop },
        }),
      ),
    );
    const shown = [...views, ...added];
    // What no record says in so many words is computed: skipped cells, side effects, expressions.
    const all = state === 'complete' ? known : inOrder(shown, { ...values, ...known });
    return { dataset, row, state, drop, values: all, columns: shown };
  };
}

/** A column that another one, or a processor, makes. */
const BESIDE = {
  ...{ isSkipped: false, isDropped: false, language: null, source: null },
  ...{ model: null, cell: null, prompt: null, reasoning: null, tries: [] },
};

/** Of the columns that hold code. */
function languagesOf({ columns }: Plan): ReadonlyMap<string, string> {
  const codes = columns.flatMap(({ name, kind, form }) => {
    const code = declarationOf(kind).code?.(form) ?? null;
    return code === null ? [] : (code.columns ?? [name]).map((column) => [column, code.language] as const);
  });
  return new Map(codes);
}

function inOrder(columns: readonly { readonly name: string }[], values: ValueObject): ValueObject {
  const there = columns.filter(({ name }) => Object.hasOwn(values, name));
  return Object.fromEntries(there.map(({ name }) => [name, findOwn(values, name) ?? null]));
}

function hasNeeds({ needs }: PlanColumn, { values }: AssembledRow): boolean {
  return needs.every((need) => Object.hasOwn(values, need));
}

/** Null where what is there now is not what the cell was made from. */
function promptOf(cell: CellRecord, keyed: Keyed<unknown> | CellError): PromptView | null {
  if (keyed instanceof CellError || keyed.digest !== cell.in) return null;
  return hasMessages(keyed.input) ? keyed.input : null;
}

function makeSources(plan: Plan): (column: PlanColumn, row: number) => string | null {
  const { seedSource } = plan;
  const seedRowOf = seedSource === null ? undefined : makeSeedOrder(seedSource, plan.seed);
  return (column, row) => {
    const { source, follows } = declarationOf(column.kind);
    // A seed value that is kept was drawn by an earlier start, which may have read another row of the seed data.
    const isKnown = seedRowOf !== undefined && !isKept(plan, { column: column.name, row });
    const seedRow =
      isKnown && follows.seedSource !== undefined
        ? `seed row ${seedRowOf(row)} of ${seedSource?.sourceRows}, counted from 0`
        : null;
    return source(column.form, { seedRow });
  };
}

function modelOf(plan: Plan, column: PlanColumn): string | null {
  const [alias] = aliasesOf(column);
  return alias === undefined ? null : (findOwn(plan.models, alias)?.model ?? null);
}

/** Whether a model was sent messages for a cell. */
function hasMessages(input: unknown): input is PromptView {
  return typeof input === 'object' && input !== null && 'messages' in input;
}
