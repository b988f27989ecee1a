// Files of a data set on a Hugging Face endpoint, fetched into a folder of our own that is removed when they were read. The
// token goes into requests to that endpoint only, and nowhere else.

import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Dispatcher, request } from 'undici';
import type { SeedSourceOf } from '../config/schema/seeds.ts';
import { openDispatcher } from '../dispatchers.ts';
import { findOwn } from '../own-keys.ts';
import { pathPatternOf } from '../text/wildcards.ts';
import { SeedProblem } from './problems.ts';

const PATH = /^datasets\/([^/@]+\/[^/@]+)(?:@([^/]+))?\/(.+)$/;
const MAX_REDIRECTS = 5;
const TIMEOUTS = { headersTimeout: 60_000, bodyTimeout: 60_000 };
const TRIES = 3;

export interface HubOptions {
  readonly source: SeedSourceOf<'hf'>;
  readonly environment: { readonly [name: string]: string | undefined };
}

/** The files that a path names, fetched; `read` gets their paths here. Throws `SeedProblem`. */
export async function withHubFiles<Result>(
  { source, environment }: HubOptions,
  read: (files: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const [, dataset, revision = 'main', pattern] = PATH.exec(source.path) ?? [];
  if (dataset === undefined || pattern === undefined) {
    throw new SeedProblem('path', 'has to be datasets/<user>/<data set>/<file or pattern>');
  }
  const hub = openHub(source, environment);
  const folder = await mkdtemp(join(tmpdir(), 'rowloom-hf-'));
  try {
    const names = await hub.list(`/api/datasets/${dataset}/revision/${encodeURIComponent(revision)}`);
    const isMatch = pathPatternOf(pattern);
    const wanted = names.filter((name) => name === pattern || isMatch(name)).sort();
    if (wanted.length === 0)
      throw new SeedProblem('path', `names no file: data set ${dataset} has no ${pattern}`);
    const files: string[] = [];
    for (const [index, name] of wanted.entries()) {
      const file = join(folder, `${String(index).padStart(6, '0')}-${basename(name)}`);
      await hub.fetch(
        `/datasets/${dataset}/resolve/${encodeURIComponent(revision)}/${encodePath(name)}`,
        file,
      );
      files.push(file);
    }
    return await read(files);
  } finally {
    await hub.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function openHub({ endpoint, token }: SeedSourceOf<'hf'>, environment: HubOptions['environment']) {
  const key = token === null ? undefined : findOwn(environment, token);
  if (token !== null && (key ?? '') === '') {
    throw new SeedProblem('token', `is ${token}, and the environment has no variable of that name`);
  }
  const base = endpoint.replace(/\/+$/, '');
  if (!URL.canParse(base)) throw new SeedProblem('endpoint', `is "${endpoint}", which is no URL`);

  const dispatchers = new Map<string, Dispatcher>();

  function dispatcherTo(url: URL): Dispatcher {
    const dispatcher = dispatchers.get(url.origin) ?? openDispatcher(url, { environment, ...TIMEOUTS });
    dispatchers.set(url.origin, dispatcher);
    return dispatcher;
  }

  async function get(path: string): Promise<Dispatcher.ResponseData> {
    let url = new URL(`${base}${path}`);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      // A file may lie on another host, which has to see no token.
      const isOwn = url.origin === new URL(base).origin;
      const headers = isOwn && key !== undefined ? { authorization: `Bearer ${key}` } : {};
      const response = await request(url, { headers, dispatcher: dispatcherTo(url) });
      if (response.statusCode < 300) return response;
      await response.body.dump();
      const location = response.headers.location;
      if (response.statusCode >= 400 || typeof location !== 'string')
        throw refusal(response.statusCode, path);
      url = new URL(location, url);
    }
    throw new SeedProblem('endpoint', `redirects too often: ${base}${path}`);
  }

  function refusal(status: number, path: string): SeedProblem {
    const why =
      status === 401 || status === 403
        ? token === null
          ? ': it may need a token, the name of an environment variable'
          : `: it does not take the token in ${token}`
        : '';
    return new SeedProblem('path', `cannot be read: ${base}${path} answers ${status}${why}`);
  }

  async function trying<Result>(path: string, run: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run();
      } catch (error) {
        const isFinal = error instanceof SeedProblem && !/answers (?:429|5\d\d)/.test(error.message);
        if (isFinal) throw error;
        if (attempt < TRIES) continue;
        if (error instanceof SeedProblem) throw error;
        throw new SeedProblem('endpoint', `cannot be reached: ${base}${path}: ${(error as Error).message}`);
      }
    }
  }

  return {
    list: (path: string) =>
      trying(path, async () => {
        const { siblings = [] } = (await (await get(path)).body.json()) as {
          siblings?: readonly { readonly rfilename: string }[];
        };
        return siblings.map(({ rfilename }) => rfilename);
      }),
    fetch: (path: string, file: string) =>
      trying(path, async () => {
        const { body } = await get(path);
        await pipeline(Readable.from(body), createWriteStream(file));
      }),
    close: () => Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy())),
  };
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
