// The public API: what the CLI does, as functions. Declare with `DatasetBuilder` or a document, build with `runDataset`
// or `startDataset`, steer and look from anywhere.

export type { BuildSnapshot } from './client/build-snapshot.ts';
export { type Connected, connect } from './client/connection.ts';
export { describeGraph } from './client/describe-graph.ts';
export { exportFile, exportLines, openExport } from './client/export-dataset.ts';
export { listDatasets, listFailures, readFirstRows, readRow, readStatus } from './client/look.ts';
export {
  type Answer,
  type RunEnd,
  type RunOptions,
  runDataset,
  type StartEnd,
  startDataset,
} from './client/run-dataset.ts';
export { serveStore } from './client/serve-store.ts';
export { pauseBuild, setLimits, stopBuild, unpauseBuild } from './client/steer.ts';
export { validateDocument } from './client/validate-document.ts';
export { stopDataset, watchDataset } from './client/watch-dataset.ts';
export type { Wish, WishOptions } from './client/wish.ts';
export { DatasetBuilder } from './config/builder.ts';
export {
  BuildError,
  ConfigError,
  GraphError,
  RefusedError,
  RowloomError,
  ServerError,
  StoreError,
  type Violation,
} from './errors.ts';
export { resolveServer } from './server/connect.ts';
export type { Value } from './values.ts';
