// What a document at an address may not have: a stranger wrote it, and who runs it has not looked at it. Nothing of this
// machine may get by it to where it says: no key of the environment, no file.

import type { ModuleRef } from '../columns/declaration.ts';
import { declarationOf } from '../columns/kinds.ts';
import { ConfigError } from '../errors.ts';
import { kindOf, processorOf } from '../processors/kinds.ts';
import type { Path } from './load.ts';
import { fieldsOf, textOf } from './read-parts.ts';
import type { Report } from './report.ts';
import { variablesIn } from './secrets.ts';
import { toolAliasesInUse } from './tools.ts';
import type { ReadColumn, ReadConfig } from './validate.ts';

const WHAT_TO_DO = 'download it and look at it, then run the file';

/** Throws `ConfigError`, before anything that the document names is opened. */
export function refuseLocalParts(report: Report, read: ReadConfig): void {
  const { seeds, columns, processors, tools } = read;
  let isRefused = false;
  const refuse = (path: Path, what: string) => {
    isRefused = true;
    report.add({ path, message: `names ${what}, and the document is at an address: ${WHAT_TO_DO}` });
  };
  for (const list of [['rowloom', 'providers'], ['model_providers'], ['providers']])
    for (const path of keysOf(report, list)) refuse(path, 'a variable of your environment');
  const used = toolAliasesInUse(report, read);
  for (const { path, alias } of tools)
    if (alias !== null && used.includes(alias)) refuse([...path, 'providers'], 'tools that act in your name');
  const source = ['seed_config', 'source'];
  if (seeds !== null && seeds.source.seed_type === 'hf') {
    if (seeds.source.token !== null) refuse([...source, 'token'], 'a variable of your environment');
  } else if (seeds !== null && seeds.source.seed_type !== 'rows')
    refuse([...source, 'seed_type'], 'seed data of your machine');
  const modules = (place: Path, refs: readonly ModuleRef[] = []) => {
    for (const { path } of refs) refuse([...place, ...path], 'a module of your machine');
  };
  for (const { path, config } of columns) {
    if (config === null) continue;
    modules(path, declarationOf(config.column_type).modules?.(config));
    for (const place of contextsWithFiles(config, columns))
      refuse(
        [...path, ...place],
        'cells that may be files of your machine (data_type "url" or "base64" says that they are none)',
      );
  }
  for (const { path, config } of processors)
    if (config !== null) modules(path, processorOf(kindOf(config)).modules?.(config));
  if (isRefused) throw new ConfigError(report.violations);
}

function keysOf(report: Report, list: Path): readonly Path[] {
  const items = report.read(list);
  if (!Array.isArray(items)) return [];
  return items.flatMap((_, index) => {
    const path = [...list, index];
    const headers = Object.entries(fieldsOf(report.read([...path, 'extra_headers'])) ?? {});
    const telling = headers.filter(([, value]) => variablesIn(textOf(value) ?? '').length > 0);
    const key = textOf(report.read([...path, 'api_key'])) === null ? [] : [[...path, 'api_key']];
    return [...key, ...telling.map(([name]) => [...path, 'extra_headers', name])];
  });
}

/** Cells of columns that paint are pictures of the dataset. */
function contextsWithFiles(config: object, columns: readonly ReadColumn[]): readonly Path[] {
  if (!('multi_modal_context' in config)) return [];
  const contexts = (config.multi_modal_context ?? []) as readonly ContextLike[];
  return contexts.flatMap(({ data_type: type, column_name: name }, index) =>
    type !== null || columns.some((column) => column.name === name && column.kind === 'image')
      ? []
      : [['multi_modal_context', index, 'column_name']],
  );
}

interface ContextLike {
  readonly data_type: string | null;
  readonly column_name: string;
}
