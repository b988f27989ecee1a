// What a wish opens besides its store: its document, and the seeds that this names.

import type { OpenDocument } from '../../config/prepare.ts';
import { openDocument } from '../../documents/open-document.ts';
import { openSeedsOf } from './wish-seeds.ts';

export interface Openers {
  readonly openDocument: OpenDocument;
  readonly openSeeds: typeof openSeedsOf;
}

export const OPENERS: Openers = { openDocument, openSeeds: openSeedsOf };

/**
 * Opens each document and each source once, for a command that needs the same wish several times. A dataset that is a source
 * is read anew each time: the command may have made it in the meantime.
 */
export function openingOnce(): Openers {
  const documents = new Map<string, ReturnType<OpenDocument>>();
  const sources = new Map<string, ReturnType<typeof openSeedsOf>>();
  return {
    openDocument: (options) =>
      once(documents, [options.file, options.isLocal ?? false, options.scriptArgs ?? []], () =>
        openDocument(options),
      ),
    openSeeds(source, places) {
      const open = () => openSeedsOf(source, places);
      return source.seed_type === 'dataset' ? open() : once(sources, [source, places.folder], open);
    },
  };
}

function once<Opened>(known: Map<string, Opened>, of: readonly unknown[], open: () => Opened): Opened {
  const key = JSON.stringify(of);
  const opened = known.get(key) ?? open();
  known.set(key, opened);
  return opened;
}
