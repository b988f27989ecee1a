// For tests in which nobody makes a picture.

import type { Pictures } from '../../src/columns/calls.ts';
import type { ModelClient } from '../../src/models/model-client.ts';

const none = () => Promise.reject(new Error('No pictures'));

export const NO_PICTURES: Pictures = { keep: none };
export const NO_PICTURE_CALLS: Pick<ModelClient, 'picture' | 'fetch'> = { picture: none, fetch: none };
