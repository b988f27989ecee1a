import { findOwn } from '../../own-keys.ts';
import type { ReportRow } from '../../report/page.ts';
import type { CellRecord } from '../../store/records.ts';
import { formatJson } from '../../values.ts';
import type { PromptView, RowView } from '../look/row-view.ts';
import { describeDrop } from './format.ts';

/** A row as a card of a page. `picturesOf` gives the pictures that a cell names as data URIs, where they are to be seen. */
export function reportRow(
  { row, state, drop, values, columns }: RowView,
  picturesOf: (cell: CellRecord) => readonly string[] = () => [],
): ReportRow {
  const problem =
    drop !== null
      ? `not in the output: ${describeDrop(drop.column, drop)}`
      : state === 'open'
        ? 'not finished'
        : null;
  const cells = columns.flatMap(({ name, language, prompt, cell }) => {
    const value = findOwn(values, name);
    if (value === undefined) return [];
    const text = typeof value === 'string' ? value : formatJson(value, 2);
    const pictures = cell === null ? [] : picturesOf(cell);
    const isText = typeof value === 'string' && language === null;
    const asked = prompt === null ? null : promptText(prompt);
    return [{ column: name, value: text, isText, prompt: asked, pictures }];
  });
  return { row, problem, cells };
}

function promptText({ messages }: PromptView): string {
  return messages
    .map(({ role, content }) => (role === 'system' ? `system: ${content}` : content))
    .join('\n\n');
}
