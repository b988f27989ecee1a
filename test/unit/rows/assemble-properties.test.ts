// Any document over any rows: what a row comes to follows from the rules alone, however much of it was there before.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellError } from '../../../src/errors.ts';
import { adoptCells } from '../../../src/rows/adopt.ts';
import { type Assembler, makeAssembler } from '../../../src/rows/assemble.ts';
import type { RootRow } from '../../../src/rows/roots.ts';
import { type AssembledRow, foundIn, type Source } from '../../../src/rows/row.ts';
import type { CellRecord } from '../../../src/store/records.ts';
import {
  anyDocument,
  anyEdit,
  type DraftColumn,
  digestsOf,
  expectedRows,
  openDocument,
  planOf,
  recordOf,
} from '../../support/any-document.ts';

const ROWS = [0, 1, 2, 3, 4, 5];

type Records = Map<string, CellRecord[]>;

interface Made {
  readonly rows: readonly AssembledRow[];
  /** All that there were and those that were made. */
  readonly records: Records;
  /** `column/row` of those that were made. */
  readonly made: readonly string[];
}

function assemblerOf(document: readonly DraftColumn[]): Assembler {
  const plan = planOf(document);
  return makeAssembler(plan, openDocument(document, plan));
}

const isRight = (digest: string) => (record: CellRecord) => record.in === digest && record.status === 'ok';

/** Makes what is not there, in graph order. */
async function make(document: readonly DraftColumn[], earlier: Records = new Map()): Promise<Made> {
  const records: Records = new Map([...earlier].map(([column, list]) => [column, [...list]]));
  const made: string[] = [];
  const find: Source['find'] = (open, { row }, input) => {
    const draft = document.find(({ name }) => name === open.column.name)!;
    const own = records.get(draft.name) ?? [];
    records.set(draft.name, own);
    const keyed = open.shape === 'root' ? { digest: digestsOf(draft, [{ row, values: {} }])[0]! } : input?.();
    if (keyed === undefined || keyed instanceof CellError) return undefined;
    const { digest } = keyed;
    const known = own.find((record) => record.row === row && isRight(digest)(record));
    if (known !== undefined) return foundIn(open, known);
    const record = recordOf(draft, digest, row);
    own.push(record);
    made.push(`${draft.name}/${row}`);
    return foundIn(open, record);
  };
  const source = { decides: true, find };
  const rows = await assemblerOf(document).assemble({ rows: ROWS, source, hasAllSides: true });
  return { rows, records, made };
}

function adopt(document: readonly DraftColumn[], records: Records, roots: Records) {
  const cellsIn = (row: number) =>
    document
      .filter(({ strategy }) => strategy === 'root')
      .map(({ name }) => [name, roots.get(name)!.findLast((record) => record.row === row)!] as const);
  return adoptCells({
    plan: planOf(document),
    assembler: assemblerOf(document),
    rows: { first: 0, last: ROWS.length - 1 },
    roots: new Map(
      ROWS.map((row): [number, RootRow] => [row, { cells: Object.fromEntries(cellsIn(row)), failure: null }]),
    ),
    records,
    output: { rows: [], columns: [], drops: [] },
    ...{ unchanged: new Set<string>(), unread: new Set<string>() },
  });
}

function told({ values, skipped, impossible, failure }: AssembledRow) {
  return { values, skipped, impossible, failure: failure?.column ?? null };
}

const anyEdited = anyDocument().chain((before) => anyEdit(before).map((after) => ({ before, after })));

describe('the rows of a document', () => {
  it('are what the rules say: values, side effects, skips, drops', async () => {
    await fc.assert(
      fc.asyncProperty(anyDocument(), async (document) => {
        const { rows } = await make(document);
        expect(rows.map(told)).toEqual(expectedRows(document, ROWS));
      }),
      { numRuns: 100 },
    );
  });

  it('are after an edit what they are from scratch, and what is taken over is right', async () => {
    await fc.assert(
      fc.asyncProperty(anyEdited, async ({ before, after }) => {
        const [first, scratch] = [await make(before), await make(after)];
        const { columns } = await adopt(after, first.records, scratch.records);
        for (const [name, { chosen }] of columns) {
          const own = scratch.records.get(name) ?? [];
          for (const [row, record] of chosen)
            expect(own.some((one) => one.row === row && isRight(record.in)(one))).toBe(true);
        }
        const adopted: Records = new Map(
          [...columns].map(([name, { chosen }]) => [name, [...chosen.values()]]),
        );
        const goesOn = await make(after, adopted);
        expect(goesOn.rows.map(told)).toEqual(scratch.rows.map(told));
      }),
      { numRuns: 100 },
    );
  });

  it('are all found again by a start that changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anyDocument({ failing: 0 }), async (document) => {
        const { rows, records } = await make(document);
        const { columns, dropped } = await adopt(document, records, records);
        expect([...columns.values()].flatMap(({ wanted }) => [...wanted])).toEqual([]);
        expect(dropped.size).toBe(0);
        for (const [name, { chosen, skipped }] of columns) {
          const skips = rows.filter((row) => row.skipped.has(name)).map(({ row }) => row);
          expect([...skipped]).toEqual(skips);
          expect(chosen.size).toBe(ROWS.length - skips.length);
        }
      }),
      { numRuns: 100 },
    );
  });
});
