// From a place in a bundle to the one in the user's files that became it.

import { SourceMap, type SourceMapPayload } from 'node:module';
import type { UserModule } from './stored-modules.ts';

/** The places of a stack that lie in a bundle, the innermost first. */
const PLACE = /\b[0-9a-f]{32}\.mjs:(\d+):(\d+)/g;

const maps = new WeakMap<UserModule, SourceMap>();

/**
 * ` (gen.ts:12:5)`: where in the user's files something was thrown, by their paths from the module. Inside a package it is
 * the user's line that led there. Nothing where the stack does not tell, the bundle's own line without a map.
 */
export function placeInSource({ stack = '' }: Pick<Error, 'stack'>, module: UserModule): string {
  const places = [...stack.matchAll(PLACE)].map(([, line, column]) => ({
    line: Number(line),
    column: Number(column),
  }));
  const [first] = places;
  if (first === undefined) return '';
  const map = mapOf(module);
  if (map === null) return ` (line ${first.line} of the bundle)`;
  const sources = places.flatMap(({ line, column }) => {
    const entry = map.findEntry(line - 1, column - 1);
    return 'originalSource' in entry ? entry : [];
  });
  const found = sources.find(({ originalSource }) => !originalSource.includes('node_modules/')) ?? sources[0];
  if (found === undefined) return ` (line ${first.line} of the bundle)`;
  return ` (${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1})`;
}

function mapOf(module: UserModule): SourceMap | null {
  const known = maps.get(module);
  if (known !== undefined || module.map === null) return known ?? null;
  try {
    const map = new SourceMap(JSON.parse(module.map) as SourceMapPayload);
    maps.set(module, map);
    return map;
  } catch {
    // It only says where: what is damaged of it says nothing.
    return null;
  }
}
