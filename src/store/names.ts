// The names of the store's files, one function each. Numbers have at least six digits (groups five) and are read and
// sorted as numbers: text order breaks at the next power of ten.

import { digestOf } from '../digest.ts';
import type { PartName, RowRange } from '../graph/types.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;
const MAX_LENGTH = 80;
const TELLING_DIGITS = 8;

export function isDatasetName(name: string): boolean {
  return NAME.test(name);
}

/** A name with an ending. One too long for that is cut, and told by a digest from others that are cut alike. */
export function datasetNameWith(ending: string, name: string): string {
  if (name.length + ending.length <= MAX_LENGTH) return `${name}${ending}`;
  const telling = `-${digestOf(name).slice(0, TELLING_DIGITS)}${ending}`;
  return `${name.slice(0, MAX_LENGTH - telling.length)}${telling}`;
}

/** The folder of a column's cells: its name percent-encoded. */
export function columnFolder(column: string): string {
  return encodeURIComponent(column).replace(/^\./, '%2E').replace(/[*]/g, '%2A');
}

export function partName(part: { column: string; rows: RowRange; nonce: string }): PartName {
  const { first, last } = part.rows;
  return `cells/${columnFolder(part.column)}/r${pad(first, 6)}-${pad(last, 6)}.${part.nonce}.jsonl`;
}

export function settledName(settled: { column: string; rowGroup: number; epoch: number }): PartName {
  return `cells/${columnFolder(settled.column)}/${groupName(settled.rowGroup)}.${pad(settled.epoch, 6)}.jsonl.gz`;
}

export function groupName(rowGroup: number): string {
  return `rg-${pad(rowGroup, 5)}`;
}

export function batchName(rowGroup: number): string {
  return `batch_${pad(rowGroup, 5)}.parquet`;
}

export function usageName(usage: { rowGroup: number; epoch: number }): string {
  return `${groupName(usage.rowGroup)}.${pad(usage.epoch, 6)}.json`;
}

export function flightsName(of: { epoch: number; nonce: string }): string {
  return `${pad(of.epoch, 6)}.${of.nonce}.jsonl`;
}

export function epochName(epoch: number): string {
  return `${pad(epoch, 6)}.json`;
}

/** What the name of a file of cells says. */
export type CellFileName =
  | { readonly kind: 'part'; readonly rows: RowRange; readonly nonce: string }
  | { readonly kind: 'settled'; readonly rowGroup: number; readonly epoch: number };

/** Undefined for a file of another kind. */
export function parseCellFileName(name: string): CellFileName | undefined {
  const part = /^r(\d{6,})-(\d{6,})\.([0-9a-f]+)\.jsonl$/.exec(name);
  if (part !== null) {
    return {
      kind: 'part',
      rows: { first: Number(part[1]), last: Number(part[2]) },
      nonce: part[3] as string,
    };
  }
  const settled = /^rg-(\d{5,})\.(\d{6,})\.jsonl\.gz$/.exec(name);
  if (settled !== null) return { kind: 'settled', rowGroup: Number(settled[1]), epoch: Number(settled[2]) };
  return undefined;
}

/** The number of `rg-00042.json`, `rg-00042.jsonl`, `batch_00042.parquet`; undefined for another file. */
export function parseGroupFileName(name: string): number | undefined {
  const match = /^(?:rg-|batch_)(\d{5,})\.(?:jsonl?|parquet)$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

export function parseUsageName(name: string): { rowGroup: number; epoch: number } | undefined {
  const match = /^rg-(\d{5,})\.(\d{6,})\.json$/.exec(name);
  return match === null ? undefined : { rowGroup: Number(match[1]), epoch: Number(match[2]) };
}

export function parseEpochName(name: string): number | undefined {
  const match = /^(\d{6,})\.json$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
