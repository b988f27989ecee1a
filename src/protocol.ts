// Every value that crosses a process boundary, and every wire name. A change to what a workflow schedules raises
// PROTOCOL_VERSION. Imported by workflows: types and constants only.

import type { DatasetState, LimitChanges } from './graph/dataset-conductor.ts';
import type {
  ColumnTotals,
  ConductorLimits,
  RowGroupProgress as ConductorProgress,
  GraphColumn,
  Mask,
  OpenedRowGroup,
  PartName,
  Phase,
  RowRange,
  SliceResult,
  SliceTask,
  Totals,
} from './graph/types.ts';

export type {
  BuildProgress,
  LimitChanges,
  PreparedDataset,
} from './graph/dataset-conductor.ts';
export type { ColumnTotals, Phase, RowGroupResult, Totals } from './graph/types.ts';

export const PROTOCOL_VERSION = 3;

/** Names a build: which dataset, which start of it, which plan. Every activity gets it. */
export interface BuildRef {
  readonly storeId: string;
  readonly dataset: string;
  readonly datasetId: string;
  readonly epoch: number;
  readonly planDigest: string;
}

export interface GenerateDatasetInput {
  readonly build: BuildRef;
  readonly taskQueue: string;
  /** Set when the parent continued as new. */
  readonly resume?: DatasetState;
}

export interface BuildRowGroupInput {
  readonly build: BuildRef;
  readonly taskQueue: string;
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly limits: ConductorLimits;
  /** When it continued as new: what earlier runs of this child made, and what the last one leaves to the next. */
  readonly totals?: Totals['columns'];
  readonly continues?: ContinuedRowGroup;
}

/** The answer of an open child's `progress` query. */
export interface RowGroupProgress {
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly columns: Totals['columns'];
  /** Null until the group is opened. */
  readonly cells: ConductorProgress | null;
}

/** How the reason of a build ends that something has to be done about first. */
export const SAME_COMMAND = 'then the same command goes on';

export interface DatasetResult {
  readonly isComplete: boolean;
  /** For people; null for a build that was not stopped and has rows. */
  readonly reason: string | null;
  readonly rows: number;
  readonly dropped: number;
}

export interface OpenRowGroupInput {
  readonly build: BuildRef;
  readonly rowGroup: number;
  readonly rows: RowRange;
  readonly continues?: ContinuedRowGroup;
}
/** A run of a child that continued as new. */
export interface ContinuedRowGroup {
  /** The base parts that it was opened with: nobody reads them any more. */
  readonly bases: readonly PartName[];
  /** Its drops hold for this start: the other cells of these rows are not asked for. */
  readonly dropped: Mask;
  /** The cells that failed for good, by column. */
  readonly lost: { readonly [column: string]: Mask };
}
export interface OpenRowGroupResult extends OpenedRowGroup {
  /** The columns. Only their group learns them: a parent that named them to 64 groups at once would ask for megabytes. */
  readonly graph: readonly GraphColumn[];
  /** All base parts that were written, those that nobody names too. */
  readonly bases: readonly PartName[];
}

export interface GenerateSliceInput {
  readonly build: BuildRef;
  readonly rowGroup: number;
  readonly task: SliceTask;
  /** What the activity that the first call asked for gave back: the files that hold its cells. */
  readonly returned?: readonly string[];
}
export interface GenerateSliceResult extends SliceResult {
  readonly usage: ColumnTotals;
  /** Another activity makes these cells. The slice is called once more with what it returned, and only then its masks count. */
  readonly elsewhere: Elsewhere | null;
}
/** An activity of somebody else's worker. It is told of files alone: no cell travels through Temporal. */
export interface Elsewhere {
  /** The task queue that its worker polls. */
  readonly queue: string;
  readonly activity: string;
  /** The file with the rows to make, a JSON line each. */
  readonly rows: string;
  /** The folder where each attempt writes its cells into a file of its own. */
  readonly cells: string;
}

export interface CommitRowGroupInput {
  readonly build: BuildRef;
  readonly rowGroup: number;
  readonly rows: RowRange;
  /** False for a group that was stopped: its complete rows are written and their cells marked, no part is removed. */
  readonly isComplete: boolean;
  readonly dropped: Mask;
  readonly parts: { readonly [column: string]: readonly PartName[] };
}
export interface CommitRowGroupResult {
  readonly rows: number;
  readonly dropped: number;
}

/** Types of `ApplicationFailure`. */
export const FAILURE = {
  fenced: 'Fenced',
  store: 'StoreUnusable',
  modelUnavailable: 'ModelUnavailable',
  input: 'InputChanged',
} as const;

/** Between the attempts at a leftover slice: twice as long each time. */
export const SLICE_RETRY = { firstMs: 1_000, maxMs: 60_000 };

export const UPDATE = { stop: 'stop', pause: 'pause', unpause: 'unpause', setLimits: 'setLimits' } as const;
export const SIGNAL = { phase: 'phase', maxCells: 'maxCells', passOn: 'passOn' } as const;
export const QUERY = { progress: 'progress', control: 'control' } as const;

/** From a child to its parent: it has all its rows of these columns in order. */
export interface PassOn {
  readonly rowGroup: number;
  readonly columns: readonly string[];
}

/** What workers ask before they give permits. */
export interface Control {
  readonly phase: Phase;
  readonly limits: LimitChanges;
}

type BuildName = Pick<BuildRef, 'dataset' | 'datasetId' | 'epoch'>;

/** Each start has a workflow of its own: what is meant for one, late or repeated, never reaches another. */
export function datasetWorkflowId({ dataset, datasetId, epoch }: BuildName): string {
  return `dataset/${dataset}~${datasetId}.e${epoch}`;
}

export function rowGroupWorkflowId({ dataset, datasetId, epoch }: BuildName, rowGroup: number): string {
  return `dataset/${dataset}~${datasetId}/rg-${String(rowGroup).padStart(5, '0')}.e${epoch}`;
}

/** The queue that only the process of one `run` polls. */
export function runTaskQueue(build: BuildRef): string {
  return `rowloom-${build.storeId}-p${PROTOCOL_VERSION}-${build.datasetId}-e${build.epoch}`;
}

/** The queue of a store, polled by `rowloom worker`. */
export function storeTaskQueue(storeId: string): string {
  return `rowloom-${storeId}-p${PROTOCOL_VERSION}`;
}

/** Slices have a queue of their own: their slots are taken by waiting calls. */
export function sliceTaskQueue(taskQueue: string): string {
  return `${taskQueue}-slices`;
}
