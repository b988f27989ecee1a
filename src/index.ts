// The public API: what the CLI does, as functions. Declare with `DatasetBuilder` or a document, build with `runDataset`
// or `startDataset`, steer and look from anywhere.

export type { Calls } from './activities/builds.ts';
export type { CommittedRowGroup } from './activities/process.ts';
export type { CallbackFailure, RunEvents, StoppedCalls } from './client/build/build.ts';
export { type Connected, connect } from './client/build/connection.ts';
export type { BuildEvents } from './client/build/follow.ts';
export type { OpenPreview, PreviewedRow } from './client/build/preview-dataset.ts';
export type { Answer, EndedRun, RunEnd, ServerOptions, StartEnd } from './client/build/run-dataset.ts';
export { serveStore } from './client/build/serve-store.ts';
export type { StartedBuild } from './client/build/start-build.ts';
export type { Steering } from './client/build/steer.ts';
export { steerDataset, stopDataset, type WatchOptions, watchDataset } from './client/build/watch-dataset.ts';
export {
  type PreviewDatasetOptions,
  previewDataset,
  type RunDatasetOptions,
  runDataset,
  type StartDatasetOptions,
  startDataset,
} from './client/library.ts';
export type { BuildSnapshot } from './client/look/build-snapshot.ts';
export {
  type ExportFileOptions,
  type ExportOptions,
  type ExportSource,
  exportFile,
  exportLines,
  type LineFormat,
  openExport,
} from './client/look/export-dataset.ts';
export type { ExportFormat } from './client/look/export-target.ts';
export {
  type ColumnStatus,
  type DatasetStatus,
  listDatasets,
  listFailures,
  readStatus,
  type StartStatus,
  type UnreadableDataset,
} from './client/look/look.ts';
export { type DatasetProfile, profileDataset } from './client/look/profile-dataset.ts';
export { type PruneEnd, type PruneOptions, pruneDataset } from './client/look/prune-dataset.ts';
export { type QueryResult, queryDataset } from './client/look/query-dataset.ts';
export { type DatasetTrace, readTrace } from './client/look/read-trace.ts';
export {
  type ColumnView,
  type PromptView,
  type RowView,
  readFirstRows,
  readRow,
  readRows,
} from './client/look/row-view.ts';
export type {
  ColumnTrace,
  ModelTrace,
  StartTrace,
  TraceStep,
  TraceTimes,
} from './client/look/trace-summary.ts';
export { type DatasetVersion, readVersions } from './client/look/versions.ts';
export { reportDataset } from './client/tell/dataset-report.ts';
export {
  describeGraph,
  type GraphColumnDescription,
  type GraphDescription,
} from './client/tell/describe-graph.ts';
export type { CellCounts, ColumnCount } from './client/wish/count-cells.ts';
export type { DatasetPlace } from './client/wish/find-dataset.ts';
export type { DocumentOptions } from './client/wish/prepare-document.ts';
export type { RedoWish } from './client/wish/redo-rules.ts';
export type { StorePlace } from './client/wish/store-folder.ts';
export { type OutputColumn, type ValidDocument, validateDocument } from './client/wish/validate-document.ts';
export type { ForeignCells, Question, Wish, WishOptions } from './client/wish/wish.ts';
export {
  type ColumnSpec,
  DatasetBuilder,
  type McpProviderSpec,
  type ModelSpec,
  type ProviderSpec,
  type Reference,
  type References,
  type SeedSpec,
  type Template,
  type ToolsSpec,
} from './config/builder.ts';
export {
  BuildError,
  type CellErrorKind,
  ConfigError,
  GraphError,
  RefusedError,
  RowloomError,
  ServerError,
  StoreError,
  type Violation,
} from './errors.ts';
export type { ColumnType, Plan, RowRanges, Settings, Strategy } from './plan.ts';
export type { ColumnTotals, DatasetResult, LimitChanges, Phase } from './protocol.ts';
export { type ResolveServerOptions, resolveServer } from './server/connect.ts';
export type { ResolvedServer } from './server/resolved-server.ts';
export type { CallUsage } from './store/call-usage.ts';
export type { DatasetRecord, DatasetState, DatasetStore, EpochRecord } from './store/dataset-store.ts';
export type { Failure } from './store/failures.ts';
export type { Drop } from './store/groups.ts';
export type { RowLook, Summary } from './store/look.ts';
export type { PruneView } from './store/prune.ts';
export type { CallRecord, CellRecord } from './store/records.ts';
export type { Store } from './store/store.ts';
export type { Value, ValueObject } from './values.ts';
