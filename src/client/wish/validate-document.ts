// `validate`: what a document would make, column by column, before anything is paid for.

import type { Violation } from '../../errors.ts';
import { findOwn } from '../../own-keys.ts';
import { aliasesOf, allProcessors, type ColumnType, type PlanColumn, shownColumns } from '../../plan.ts';
import { kindOf } from '../../processors/kinds.ts';
import { type DocumentOptions, prepareToLook } from './prepare-document.ts';

export interface ValidDocument {
  /** Seed columns, then the document's, in the order of the output. */
  readonly columns: readonly OutputColumn[];
  /** The seed source in a few words, and how many of its rows are selected; null without seeds. */
  readonly seeds: { readonly name: string; readonly rows: number } | null;
  /** In the order in which they run. */
  readonly processors: readonly { readonly name: string; readonly kind: string }[];
  readonly warnings: readonly Violation[];
}

export interface OutputColumn {
  readonly name: string;
  readonly kind: PlanColumn['kind'];
  readonly type: ColumnType;
  /** Written to `dropped-columns-parquet-files/` only. */
  readonly isDropped: boolean;
  /** The column whose cells it is read out of, or the processor that adds it; null for one with cells of its own. */
  readonly madeWith: string | null;
  /** Null for a column that asks none. */
  readonly model: { readonly alias: string; readonly name: string; readonly provider: string } | null;
}

/** Checks a document and what it names: seed files, providers, keys. Throws `ConfigError` with all that is wrong. */
export async function validateDocument(options: DocumentOptions): Promise<ValidDocument> {
  const { plan, config, settings, seeds, warnings } = await prepareToLook(options);
  const modelOf = (alias: string) => ({
    alias,
    name: findOwn(plan.models, alias)!.model,
    provider: findOwn(settings.models, alias)!.provider,
  });
  const added = allProcessors(plan).flatMap((processor) =>
    (processor.adds ?? []).map(({ drop = false, ...column }) => ({
      ...{ ...column, kind: processor.kind, isDropped: drop, model: null },
      madeWith: `processor ${processor.name}`,
    })),
  );
  const columns = shownColumns(plan).flatMap((column) => {
    const { name, kind, type, drop } = column;
    const model = aliasesOf(column).map(modelOf)[0] ?? null;
    const beside = column.sideEffects.map((side) => ({
      ...side,
      kind,
      model,
      isDropped: false,
      madeWith: name,
    }));
    return [{ name, kind, type, isDropped: drop, madeWith: null, model }, ...beside];
  });
  return {
    columns: [...columns, ...added],
    seeds,
    processors: config.processors.map((processor) => ({ name: processor.name, kind: kindOf(processor) })),
    warnings,
  };
}

/** `text`, `[int]`, `{level: int, reason: text}`; `json` is JSON text. */
export function formatType(type: ColumnType): string {
  switch (type.kind) {
    case 'list':
      return `[${formatType(type.item)}]`;
    case 'struct':
      return `{${type.fields.map(({ name, type: field }) => `${name}: ${formatType(field)}`).join(', ')}}`;
    default:
      return type.kind;
  }
}
