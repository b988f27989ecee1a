// The names of the store's files, one function each, relative to the dataset's folder. Numbers have at least six digits
// (groups five) and are read and sorted as numbers: text order breaks at the next power of ten.

import { digestOf } from '../digest.ts';
import type { PartName, RowRange } from '../graph/types.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;
const MAX_LENGTH = 80;
const TELLING_DIGITS = 8;

/** Where the output without the dropped columns is. */
export const OUTPUT_FOLDER = 'parquet-files';
/** Where it is as it was generated, in plans with processors after generation: what those make of it is the output. */
export const GENERATED_FOLDER = 'generated-parquet-files';
/** Where the columns with `drop: true` are. */
export const DROPPED_FOLDER = 'dropped-columns-parquet-files';

/** Where pictures are. They are named by their content and stand in the dataset's folder, for all editions. */
export const IMAGES_FOLDER = 'images';

export function imageFolder(column: string): string {
  return `${IMAGES_FOLDER}/${columnFolder(column)}`;
}

export function imageName(of: {
  readonly column: string;
  readonly sha256: string;
  readonly format: string;
}): string {
  return `${imageFolder(of.column)}/${of.sha256}.${of.format}`;
}

/** Whether an output file stands in the dataset's folder, whatever edition it belongs to. */
export function isOfAllEditions(name: string): boolean {
  return name.startsWith(`${IMAGES_FOLDER}/`);
}

/** Where a file is that a group's record names. */
export function outputPath(epoch: number, name: string): string {
  return isOfAllEditions(name) ? name : `${editionFolder(epoch)}/${name}`;
}

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

/** One column of one row group. */
export interface CellPlace {
  readonly column: string;
  readonly rowGroup: number;
}

export function cellFolder({ column, rowGroup }: CellPlace): string {
  return `cells/${columnFolder(column)}/${pad(rowGroup, 5)}`;
}

/** What an activity of somebody else's worker is told and tells of one column of one row group. */
export function foreignFolder({ column, rowGroup }: CellPlace): string {
  return `elsewhere/${columnFolder(column)}/${pad(rowGroup, 5)}`;
}

export function partName(
  part: CellPlace & { readonly rows: RowRange; readonly epoch: number; readonly nonce: string },
): PartName {
  const { first, last } = part.rows;
  return `${cellFolder(part)}/r${pad(first, 6)}-${pad(last, 6)}.${pad(part.epoch, 6)}.${part.nonce}.jsonl`;
}

export function settledName(
  settled: CellPlace & { readonly epoch: number; readonly nonce: string },
): PartName {
  return `${cellFolder(settled)}/settled.${pad(settled.epoch, 6)}.${settled.nonce}.jsonl.gz`;
}

/** What the name of a file of cells says. */
export interface CellFileName {
  readonly kind: 'part' | 'settled';
  /** The start that wrote it. */
  readonly epoch: number;
  readonly nonce: string;
  /** The rows of a part; null for the settled file of a whole group. */
  readonly rows: RowRange | null;
}

/** Undefined for a file of another kind. */
export function parseCellFileName(name: string): CellFileName | undefined {
  const part = /^r(\d{6,})-(\d{6,})\.(\d{6,})\.([0-9a-f]+)\.jsonl$/.exec(name);
  if (part !== null) {
    const rows = { first: Number(part[1]), last: Number(part[2]) };
    return { kind: 'part', rows, epoch: Number(part[3]), nonce: part[4]! };
  }
  const settled = /^settled\.(\d{6,})\.([0-9a-f]+)\.jsonl\.gz$/.exec(name);
  return settled === null
    ? undefined
    : { kind: 'settled', rows: null, epoch: Number(settled[1]), nonce: settled[2]! };
}

export function editionFolder(epoch: number): string {
  return `editions/${pad(epoch, 6)}`;
}

export function groupRecordName(rowGroup: number): string {
  return `groups/${pad(rowGroup, 5)}.json`;
}

export function batchName(rowGroup: number): string {
  return `batch_${pad(rowGroup, 5)}.parquet`;
}

export function failuresName(of: { readonly rowGroup: number; readonly nonce: string }): string {
  return `failures/${pad(of.rowGroup, 5)}.${of.nonce}.jsonl`;
}

export function flightsName(of: { readonly epoch: number; readonly nonce: string }): string {
  return `${pad(of.epoch, 6)}.${of.nonce}.jsonl`;
}

export function publishedName(epoch: number): string {
  return `published/${pad(epoch, 6)}`;
}

/** Of a start: who builds what; how its build ended; that its process has let go of it. */
export function epochName(epoch: number, what: 'start' | 'end' | 'left' = 'start'): string {
  return `epochs/${pad(epoch, 6)}${what === 'start' ? '' : `.${what}`}.json`;
}

/** The numbers that names such as "000007.json" or "00042" stand for, ascending; other names are passed over. */
export function parseNumbers(names: readonly string[], ending = ''): number[] {
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, name.length - ending.length))
    .filter((digits) => /^\d{5,}$/.test(digits))
    .map(Number)
    .sort((left, right) => left - right);
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
