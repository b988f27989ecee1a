// What `rowloom.on_error` says of columns: they have to be there, and to have cells that can fail for good.

import { isMade, type Plan } from '../plan.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import type { Report } from './report.ts';
import type { ReadConfig } from './validate.ts';

/** Everything wrong is in the report. */
export function checkOnError(report: Report, { rowloom }: ReadConfig, { columns }: Plan): void {
  const able = columns.filter(isMade).map(({ name }) => name);
  for (const name of Object.keys(rowloom?.on_error ?? {})) {
    if (able.includes(name)) continue;
    const kind = columns.find((column) => column.name === name)?.kind;
    const message =
      kind === undefined
        ? `is about no column of this document${suggestion(nearestName(name, able))}`
        : `is about a column of ${kind}: only cells that models, functions and validators make can fail by themselves`;
    report.add({ path: ['rowloom', 'on_error', name], message, isAtKey: true });
  }
}
