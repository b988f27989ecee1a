// One file of the web, such as a picture that an endpoint names by its address. Nothing of ours is sent with it: no key.

import { fetch } from 'undici';
import { openDispatcher } from '../../dispatchers.ts';
import { ModelError } from '../../errors.ts';
import type { Environment } from '../../proxies.ts';
import { shorten } from '../../text/shorten.ts';
import { cancelled, timedOut } from '../failures.ts';
import type { CallRequest } from '../model-client.ts';

const MAX_BYTES = 64 * 2 ** 20;

export interface DownloadOptions extends Pick<CallRequest, 'timeoutMs' | 'signal'> {
  /** Names the proxies. */
  readonly environment: Environment;
}

/** Throws `ModelError`: `input` for an address that gives nothing, so that another is asked for. */
export async function download(
  address: string,
  { environment, timeoutMs, signal }: DownloadOptions,
): Promise<Buffer> {
  if (!/^https?:/i.test(address) || !URL.canParse(address)) {
    const message = `Cannot fetch the picture from "${shorten(address, 100)}": it is no address of the web`;
    throw new ModelError(message, { failure: 'input', status: null });
  }
  const url = new URL(address);
  const dispatcher = openDispatcher(url, { environment });
  const late = AbortSignal.timeout(timeoutMs);
  const fail = (what: string, failure: 'input' | 'busy' | 'unavailable', status: number | null = null) =>
    new ModelError(`Cannot fetch the picture from ${url.host}: ${what}`, { failure, status });
  try {
    const response = await fetch(url, { dispatcher, signal: AbortSignal.any([signal, late]) });
    const { status } = response;
    if (status === 429) throw fail('it answered 429', 'busy', status);
    if (status >= 500) throw fail(`it answered ${status}`, 'unavailable', status);
    if (status >= 300) throw fail(`it answered ${status}`, 'input', status);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_BYTES) throw fail(`it has more than ${MAX_BYTES / 2 ** 20} MiB`, 'input', status);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    if (signal.aborted) throw cancelled();
    if (late.aborted) throw timedOut(url.host, timeoutMs);
    const { cause, message } = error as Error;
    throw fail(cause instanceof Error ? cause.message : message, 'unavailable');
  } finally {
    await dispatcher.destroy();
  }
}
