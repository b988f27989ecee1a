// A document at an address of the web. Pages that GitHub and Hugging Face show of a file stand for the file, as in Data
// Designer. Nothing of ours is sent with the request: no key.

import { extname } from 'node:path';
import { fetch } from 'undici';
import { MAX_SIZE_BYTES } from '../config/load.ts';
import type { OpenDocumentOptions, OpenedDocument } from '../config/prepare.ts';
import { openDispatcher } from '../dispatchers.ts';
import { ConfigError } from '../errors.ts';
import { withoutSecrets } from '../text/web-address.ts';

const TIMEOUT_MS = 10_000;
const ENDINGS = ['.yaml', '.yml', '.json'];

/** Throws `ConfigError` for an address that gives no document. */
export async function fetchDocument({
  file,
  cwd,
  environment,
}: OpenDocumentOptions): Promise<OpenedDocument> {
  if (!URL.canParse(file)) throw ConfigError.about(file, 'is no address');
  const address = fileAddress(new URL(file));
  const shown = withoutSecrets(address.href);
  const ending = extname(address.pathname).toLowerCase();
  if (ending === '.py')
    throw ConfigError.about(shown, 'is Python: save it as a file, and look at what it does first');
  if (!ENDINGS.includes(ending)) throw ConfigError.about(shown, 'has to end in .yaml, .yml or .json');
  const dispatcher = openDispatcher(address, { environment });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(address, { dispatcher, signal });
    if (!response.ok) throw ConfigError.about(shown, refusal(response.status));
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.length;
      // What has a byte more than is allowed is refused where it is read.
      if (size > MAX_SIZE_BYTES) break;
    }
    return { file: shown, folder: cwd, bytes: Buffer.concat(chunks), isFromWeb: true };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { cause, message } = error as Error;
    const why = signal.aborted
      ? `there was no answer in ${TIMEOUT_MS / 1000} s`
      : ((cause as Error | undefined)?.message ?? message);
    throw ConfigError.about(shown, `cannot be fetched: ${why}`);
  } finally {
    await dispatcher.destroy();
  }
}

function refusal(status: number): string {
  if (status === 401 || status === 403)
    return `cannot be fetched: it is not for everybody (${status}), and no key is sent; save it as a file`;
  return status === 404 ? 'does not exist (404)' : `cannot be fetched: it answered ${status}`;
}

/** The address of the file that a page shows: `/blob/` in its path. */
export function fileAddress(page: URL): URL {
  const address = new URL(page);
  const parts = page.pathname.split('/');
  const host = page.hostname.replace(/^www\./, '');
  if (host === 'github.com' && parts[3] === 'blob') {
    address.hostname = 'raw.githubusercontent.com';
    address.pathname = [...parts.slice(0, 3), ...parts.slice(4)].join('/');
  } else if (host === 'huggingface.co') {
    const at = parts[1] === 'datasets' || parts[1] === 'spaces' ? 4 : 3;
    if (parts[at] === 'blob') address.pathname = parts.with(at, 'raw').join('/');
  }
  return address;
}
