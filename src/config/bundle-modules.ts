// Bundles the modules that columns and processors of a document name, and says what is wrong with them where the document names them.

import path from 'node:path';
import type { ModuleRef } from '../columns/declaration.ts';
import { declarationOf } from '../columns/kinds.ts';
import type { Bundle, ModuleProblem } from '../modules/bundle.ts';
import { kindOf, processorOf } from '../processors/kinds.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import type { Path } from './load.ts';
import type { Report } from './report.ts';
import type { ReadConfig } from './validate.ts';

/** Bundles modules. Comes in from outside: configs know nothing of files but their names. */
export type BundleModule = (
  path: string,
) => Promise<Bundle | { readonly problems: readonly ModuleProblem[] }>;

export interface BundleOptions {
  /** Of the document. */
  readonly folder: string;
  readonly bundleModule: BundleModule;
}

/** By the path in the document. Modules that cannot be used are in the report. */
export async function bundleModules(
  report: Report,
  { columns, processors }: ReadConfig,
  { folder, bundleModule }: BundleOptions,
): Promise<ReadonlyMap<string, Bundle>> {
  const bundles = new Map<string, Bundle>();
  const at = (place: Path, refs: readonly ModuleRef[] = []) =>
    refs.map((ref): ModuleRef => ({ ...ref, path: [...place, ...ref.path] }));
  const refs = [
    ...columns.flatMap(({ path: place, config }) =>
      config === null ? [] : at(place, declarationOf(config.column_type).modules?.(config)),
    ),
    ...processors.flatMap(({ path: place, config }) =>
      config === null ? [] : at(place, processorOf(kindOf(config)).modules?.(config)),
    ),
  ];
  for (const name of new Set(refs.map((ref) => ref.file))) {
    const of = refs.filter((ref) => ref.file === name);
    const bundle = await bundleModule(path.resolve(folder, name));
    if ('problems' in bundle) {
      for (const problem of bundle.problems)
        report.add({ path: of[0]!.path, message: `cannot be used: ${describeProblem(problem)}` });
      continue;
    }
    bundles.set(name, bundle);
    for (const { export: wanted, path: place } of of) {
      if (bundle.exports.includes(wanted)) continue;
      const near = nearestName(wanted, bundle.exports);
      report.add({ path: place, message: `"${name}" exports no "${wanted}"${suggestion(near)}` });
    }
  }
  return bundles;
}

export function hashesOf(bundles: ReadonlyMap<string, Bundle>): ReadonlyMap<string, string> {
  return new Map([...bundles].map(([name, { hash }]) => [name, hash]));
}

/** `gen.ts:3:5 Expected ";" but found "}"` */
function describeProblem({ file, line, column, message }: ModuleProblem): string {
  return file === null ? message : `${file}:${line}:${column} ${message}`;
}
