// Where our own files are, whoever asks: the command is bundled, and a module's own address is that of its bundle then.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const IS_SOURCE = import.meta.url.endsWith('.ts');

/** What a process of ours is started with before its first file: Node loads no TypeScript by itself. */
export const LOADER: readonly string[] = IS_SOURCE ? ['--import', 'tsx'] : [];

/** By its path below `src/`, without its ending: compiled, or a source where this one is. */
export function ownFile(path: string): URL {
  return new URL(`./${path}.${IS_SOURCE ? 'ts' : 'js'}`, import.meta.url);
}

/** {@link ownFile} as the first file of a thread: of sources it is a text that brings the loader first. */
export function threadFile(path: string): URL {
  const file = ownFile(path);
  if (!IS_SOURCE) return file;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href;
  const start = `import { register } from '${loader}'; register(); export const { run } = await import('${file.href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(start)}`);
}

export const PACKAGE_FILE = new URL('../package.json', import.meta.url);
