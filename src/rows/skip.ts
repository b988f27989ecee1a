// Whether cells are skipped, as Data Designer decides it for each row before a cell is made.

import type { RowView } from '../columns/maker.ts';
import { CellError } from '../errors.ts';
import type { PlanColumn } from '../plan.ts';
import { TemplateRenderError } from '../templates/syntax/template-error.ts';
import { conditionHolds, parseTemplate } from '../templates/template.ts';

/** An error fails the cell; undefined: something that decides it is to be made. */
export type SkipOf = (skipped: ReadonlySet<string>, view: () => RowView) => boolean | CellError | undefined;

/** `passOn`: the columns whose skip it follows. */
export function makeSkip({ skip }: PlanColumn, passOn: readonly string[]): SkipOf {
  const when = skip === null ? null : parseTemplate(skip.when);
  return (skipped, view) => {
    if (passOn.some((column) => skipped.has(column))) return true;
    if (when === null) return false;
    const { values, draw } = view();
    if (!when.variables.every((name) => Object.hasOwn(values, name))) return undefined;
    try {
      return conditionHolds(when, values, { draw: draw('skip') });
    } catch (error) {
      if (!(error instanceof TemplateRenderError)) throw error;
      if (error.kind === 'render') return true;
      // One that it follows may turn out to be skipped, and then nobody asks what holds.
      if (!passOn.every((name) => Object.hasOwn(values, name))) return undefined;
      return new CellError('TemplateRenderError', error.message);
    }
  };
}
