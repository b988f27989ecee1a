// What the worker bundles, and nothing else.

export { buildRowGroup } from './build-row-group.ts';
export { generateDataset } from './generate-dataset.ts';
