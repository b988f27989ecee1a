// Random documents for property tests of the assembler: columns of every strategy with skips, failures and side effects,
// whose cells are texts that follow from what they are made from, and the rows that such a document has by the rules alone.

import fc from 'fast-check';
import type { OpenColumn } from '../../src/columns/open-columns.ts';
import { digestOf } from '../../src/digest.ts';
import { CellError } from '../../src/errors.ts';
import type { Plan, PlanColumn } from '../../src/plan.ts';
import { type CellRecord, RECORD_DEFAULTS, RECORD_VERSION } from '../../src/store/records.ts';
import type { Value } from '../../src/values.ts';
import { customColumn, expressionColumn, planWith, samplerColumn } from './plans.ts';

type Values = { readonly [column: string]: Value };

export interface DraftColumn {
  readonly name: string;
  readonly strategy: PlanColumn['strategy'];
  /** What its cells are made from. */
  readonly from: readonly string[];
  /** A column whose cells of an odd length have those of this one skipped. */
  readonly when: string | null;
  readonly propagateSkip: boolean;
  readonly onError: 'drop' | 'null';
  readonly side: string | null;
  /** Of ten cells, how many fail. */
  readonly failing: number;
  /** Raised by an edit. */
  readonly version: number;
}

/** 1 to 7 columns, each from columns before it. */
export function anyDocument({ failing = 2 } = {}): fc.Arbitrary<readonly DraftColumn[]> {
  const draft = fc.record({
    strategy: fc.constantFrom('root', 'inline', 'cell', 'cell', 'column'),
    from: fc.array(fc.nat(20), { maxLength: 3 }),
    when: fc.option(fc.nat(20)),
    propagateSkip: fc.boolean(),
    onError: fc.constantFrom('drop', 'null'),
    hasSide: fc.boolean(),
    failing: fc.nat(failing),
  });
  return fc.array(draft, { minLength: 1, maxLength: 7 }).map((drafts) => {
    const names: string[] = [];
    return drafts.map(({ strategy, from, when, onError, hasSide, ...more }, index): DraftColumn => {
      const name = `c${index}`;
      const pick = (place: number) => names[place % names.length]!;
      const isRoot = strategy === 'root' || names.length === 0;
      const isMade = !isRoot && strategy !== 'inline';
      const column: DraftColumn = {
        ...more,
        ...{ name, strategy: isRoot ? 'root' : strategy, version: 0 },
        from: isRoot ? [] : [...new Set(from.map(pick))],
        when: isRoot || when === null ? null : pick(when),
        onError: isMade ? onError : 'drop',
        side: isMade && hasSide ? `${name}_side` : null,
        failing: isRoot ? 0 : more.failing,
      };
      names.push(name, ...(column.side === null ? [] : [column.side]));
      return column;
    });
  });
}

/** The document with some of its columns edited. */
export function anyEdit(document: readonly DraftColumn[]): fc.Arbitrary<readonly DraftColumn[]> {
  const edit = fc.record({
    version: fc.constantFrom(0, 0, 1),
    isSkipGone: fc.constantFrom(false, false, true),
    isPassed: fc.constantFrom(false, false, true),
  });
  const { length } = document;
  return fc.array(edit, { minLength: length, maxLength: length }).map((edits) =>
    document.map((column, index) => ({
      ...column,
      version: edits[index]!.version,
      when: edits[index]!.isSkipGone ? null : column.when,
      propagateSkip: column.propagateSkip !== edits[index]!.isPassed,
    })),
  );
}

export function planOf(document: readonly DraftColumn[]): Plan {
  return planWith(document.map(planColumn));
}

function planColumn({ name, strategy, from, when, propagateSkip, onError, side }: DraftColumn): PlanColumn {
  const common = {
    needs: [...new Set([...from, ...(when === null ? [] : [when])])],
    skip:
      when === null
        ? null
        : {
            when: `{{ (${when} ~ '') | length is odd }}`,
            value: 'skipped',
            reads: from.includes(when) ? [] : [when],
          },
    ...{ propagateSkip, onError },
    sideEffects: side === null ? [] : [{ name: side, type: { kind: 'text' } as const }],
  };
  if (strategy === 'root') return samplerColumn(name, 'category', common);
  if (strategy === 'inline') return expressionColumn(name, '', common);
  return customColumn(name, { calling: strategy === 'column' ? 'column' : 'row', ...common });
}

interface Of {
  readonly row: number;
  readonly values: Values;
}

/** What the cells of these rows are made from, as their digests name it. */
export function digestsOf(
  { name, strategy, from, version }: DraftColumn,
  rows: readonly Of[],
): readonly string[] {
  const inputs = rows.map(({ row, values }) => ({ row, values: from.map((need) => values[need]!) }));
  const of = { name, version };
  if (strategy !== 'column') return inputs.map((input) => digestOf({ ...of, ...input }));
  const digest = digestOf({ ...of, inputs });
  return rows.map(() => digest);
}

/** The cell that this digest and row have: text of some length, or a failure. */
export function cellOf({ name, failing }: DraftColumn, digest: string, row: number): string | CellError {
  const chance = digestOf({ digest, row });
  if (Number.parseInt(chance.slice(0, 6), 16) % 10 < failing)
    return new CellError('FunctionError', `No ${name} ${row}`);
  return `${name}:${chance.slice(6, 7 + (Number.parseInt(chance.slice(7, 9), 16) % 4))}`;
}

const sideOf = (cell: string) => `side of ${cell}`;

/** Columns as if opened: cells are read from their records, inline ones are computed as cells are made. */
export function openDocument(document: readonly DraftColumn[], plan: Plan): readonly OpenColumn[] {
  return document.map((draft, index): OpenColumn => {
    const column = plan.columns[index]!;
    if (draft.strategy === 'root') return { column, shape: 'root' };
    if (draft.strategy === 'inline') {
      const compute = (view: Of) => {
        const cell = cellOf(draft, digestsOf(draft, [view])[0]!, view.row);
        if (cell instanceof CellError) throw cell;
        return cell;
      };
      return { column, shape: 'inline', compute };
    }
    const maker = {
      batch: 1,
      inputs: (rows: readonly Of[]) => digestsOf(draft, rows).map((digest) => ({ digest, input: null })),
      make: async () => undefined,
      read: ({ value }: CellRecord) => value,
      sides: ({ value }: CellRecord) => (draft.side === null ? {} : { [draft.side]: sideOf(String(value)) }),
    };
    return { column, shape: 'cells', maker };
  });
}

/** The record of a cell that is made. */
export function recordOf(draft: DraftColumn, digest: string, row: number): CellRecord {
  const cell = cellOf(draft, digest, row);
  const end =
    cell instanceof CellError
      ? { status: 'failed' as const, error: { kind: cell.kind, message: cell.message } }
      : { status: 'ok' as const, value: cell };
  return { ...RECORD_DEFAULTS, v: RECORD_VERSION, row, in: digest, ...end };
}

export interface ExpectedRow {
  readonly values: { [column: string]: Value };
  readonly skipped: Set<string>;
  readonly impossible: Set<string>;
  /** The first column that drops it. */
  failure: string | null;
}

/** What each row comes to by the rules, column by column. */
export function expectedRows(
  document: readonly DraftColumn[],
  rows: readonly number[],
): readonly ExpectedRow[] {
  const expected = rows.map(
    (): ExpectedRow => ({ values: {}, skipped: new Set(), impossible: new Set(), failure: null }),
  );
  const producerOf = (name: string) => document.find(({ side }) => side === name)?.name ?? name;
  for (const draft of document) {
    const { name, from, when, side, propagateSkip, onError } = draft;
    const needs = when === null ? from : [...from, when];
    const ready = expected.flatMap((at, index) => {
      if (needs.some((need) => at.impossible.has(producerOf(need)))) {
        at.impossible.add(name);
        return [];
      }
      const isPassedOn = propagateSkip && from.some((need) => at.skipped.has(producerOf(need)));
      const holds = when !== null && String(at.values[when] ?? 'None').length % 2 === 1;
      if (!isPassedOn && !holds) return [{ row: rows[index]!, values: at.values, at }];
      at.skipped.add(name);
      at.values[name] = when === null ? null : 'skipped';
      if (side !== null) at.values[side] = null;
      return [];
    });
    const digests = digestsOf(draft, ready);
    for (const [index, { row, at }] of ready.entries()) {
      const cell = cellOf(draft, digests[index]!, row);
      if (cell instanceof CellError && onError === 'drop') {
        at.impossible.add(name);
        at.failure ??= name;
        continue;
      }
      at.values[name] = cell instanceof CellError ? null : cell;
      if (side !== null) at.values[side] = cell instanceof CellError ? null : sideOf(cell);
    }
  }
  return expected;
}
