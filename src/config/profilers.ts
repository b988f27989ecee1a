// Reads the profilers of a document. Data Designer has one, of judges' scores: what it counts is in every profile, and the
// summary that it lets a model write is not made.

import { filledText, map, whole } from '../columns/fields.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { readPart } from './explain.ts';
import { readList } from './read-parts.ts';
import type { Report } from './report.ts';

export const PROFILER = map({
  model_alias: filledText(),
  summary_score_sample_size: whole({ min: 1 }).nullable().default(20),
});

/** What is wrong with them is in the report, and for the others that no model sums scores up. `aliases` are those of the models. */
export function checkProfilers(report: Report, aliases: readonly string[]): void {
  for (const path of readList(report, ['profilers'])) {
    const config = readPart(report, { path, schema: PROFILER });
    if (config === null) continue;
    const { model_alias: alias, summary_score_sample_size: samples } = config;
    if (!aliases.includes(alias)) {
      const message = `names no model: "${alias}"${suggestion(nearestName(alias, aliases))}`;
      report.add({ path: [...path, 'model_alias'], message });
    } else if (samples !== null) {
      const message =
        'asks a model for a summary of the scores, which is not made: their distributions are in `rowloom profile`';
      report.add({ path, message, level: 'warning' });
    }
  }
}
