// What `preview` says before and after its rows, and the page that it can save.

import { dataUri, typeOfPicture } from '../../columns/media/media-of.ts';
import { sumCosts } from '../../graph/totals.ts';
import { SAME_COMMAND } from '../../protocol.ts';
import { rowsPage } from '../../report/page.ts';
import { formatCount, plural } from '../../text/plural.ts';
import { picturesIn } from '../../turns.ts';
import type { OpenPreview, PreviewedRow } from '../build/preview-dataset.ts';
import { paidColumns } from './describe-plan.ts';
import { describeTokens, formatDuration, joinParts, line } from './format.ts';
import { reportRow } from './report-row.ts';
import { describeDocument, describeModels } from './run-report.ts';

/** The lines before the first call. */
export function describePreview(
  { config, document, scriptArgs }: OpenPreview,
  { cwd }: { readonly cwd: string },
): string[] {
  const { plan, settings } = config;
  const paid = paidColumns(plan).length;
  const rows = plural(settings.rows, 'row');
  const calls =
    paid === 0
      ? 'no call to make'
      : `${rows} × ${plural(paid, 'model column')}: ${plural(settings.rows * paid, 'call')}`;
  return [
    line('config', describeDocument(config, { document, scriptArgs, cwd })),
    ...describeModels(config),
    line('preview', joinParts(paid === 0 ? rows : '', calls, 'nothing of it is kept')),
  ];
}

export interface PreviewEnd {
  readonly rows: readonly PreviewedRow[];
  readonly isStopped: boolean;
  readonly ms: number;
}

/** Rows that are whole. */
export function wholeRows({ rows }: Pick<PreviewEnd, 'rows'>): number {
  return rows.filter(({ state }) => state === 'complete').length;
}

/** The lines after the last row. `command` makes and keeps the rows. */
export function describePreviewEnd(
  preview: OpenPreview,
  end: PreviewEnd,
  { command }: { readonly command: string },
): string[] {
  const { settings } = preview.config;
  const whole = wholeRows(end);
  const sum = sumCosts(preview.columns);
  const rows =
    whole < settings.rows ? `${formatCount(whole)} of ${plural(settings.rows, 'row')}` : plural(whole, 'row');
  const text = joinParts(
    rows,
    `${formatCount(end.rows.length - whole)} dropped`,
    plural(sum.calls, 'call'),
    sum.calls > 0 && describeTokens(sum),
    formatDuration(end.ms),
  );
  const reason = end.isStopped ? null : preview.reason;
  const label = end.isStopped || reason !== null ? 'stopped' : whole === 0 ? 'failed' : 'done';
  return [
    line(label, text),
    ...(reason === null ? [] : [line('', reason.replace(`, ${SAME_COMMAND}`, ''))]),
    ...(label === 'done'
      ? [line('keep', `these rows were not kept, this makes and keeps them: ${command}`)]
      : []),
  ];
}

/** The rows as one HTML file that loads nothing: pictures stand in it. */
export function previewPage(preview: OpenPreview, end: PreviewEnd): string {
  const { name, config } = preview;
  const whole = wholeRows(end);
  const sum = sumCosts(preview.columns);
  return rowsPage({
    title: `${name}: a preview`,
    facts: [
      { label: 'rows', text: `${formatCount(whole)} of ${formatCount(config.settings.rows)}` },
      { label: 'dropped', text: formatCount(end.rows.length - whole) },
      { label: 'calls', text: formatCount(sum.calls) },
      { label: 'tokens', text: describeTokens(sum) },
      { label: 'it took', text: formatDuration(end.ms) },
    ],
    rows: end.rows.map((row) =>
      reportRow(row, ({ turns }) =>
        picturesIn(turns).flatMap(({ name: file }) => {
          const bytes = preview.findPicture(file);
          return bytes === undefined ? [] : [dataUri(typeOfPicture(file), bytes.toString('base64'))];
        }),
      ),
    ),
  });
}
