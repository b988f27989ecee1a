// The kinds of providers: a kind is its folder here and one line in `PROVIDER_KINDS`.
// Documents are checked and cells planned by what stands here, so it brings no HTTP along: a client is loaded by who makes
// calls.

import { findOwn } from '../../own-keys.ts';
import { UNSENT } from './anthropic/protocol.ts';
import { showsForImages } from './openai/images.ts';
import type { ProviderKind } from './provider-kind.ts';

const OPENAI_FIELDS = {
  ...{ chatRoute: '/chat/completions', showsForImages, unsent: [] },
  makes: ['text', 'embeddings', 'images'],
  sees: ['image', 'audio', 'video'],
} satisfies Partial<ProviderKind>;

const PROVIDER_KINDS = {
  openai: {
    ...{ isHosted: true, ...OPENAI_FIELDS },
    load: async () => (await import('./openai/client.ts')).openClient,
  },
  anthropic: {
    ...{ isHosted: true, chatRoute: '/messages', makes: ['text'], sees: ['image'], unsent: UNSENT },
    showsForImages: () => true,
    load: async () => (await import('./anthropic/client.ts')).openClient,
  },
  simulated: {
    ...{ isHosted: false, ...OPENAI_FIELDS },
    load: async () => (await import('./simulated/simulated-client.ts')).openClient,
  },
} satisfies Record<string, ProviderKind>;

export type ProviderType = keyof typeof PROVIDER_KINDS;
export const PROVIDER_TYPES = Object.keys(PROVIDER_KINDS) as ProviderType[];

/** Throws `RangeError` for a type that is none. */
export function providerKindOf(type: string): ProviderKind {
  const kind = findOwn<ProviderKind>(PROVIDER_KINDS, type);
  if (kind === undefined) throw new RangeError(`No kind of provider "${type}"`);
  return kind;
}
