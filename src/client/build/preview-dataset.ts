// `preview`: the first rows of a document as a `run` would make them, without a server, and nothing is written.

import { RefusedError } from '../../errors.ts';
import type { WaitedFor } from '../../models/limiters.ts';
import { Preview } from '../../preview/preview.ts';
import type { Totals } from '../../protocol.ts';
import { planDigest } from '../../rows/plan-digest.ts';
import type { ValueObject } from '../../values.ts';
import { openRowViews, type RowView } from '../look/row-view.ts';
import { type PreparedTarget, prepareTarget } from '../wish/prepare-target.ts';
import { refuseOtherGroupSize, refuseSpent } from '../wish/refusals.ts';
import { findTarget, type Target, type TargetOptions } from '../wish/target.ts';

const DEFAULT_ROWS = 10;

export interface PreviewDatasetOptions extends TargetOptions {
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  /** 10 by default; `all` is one pass over the seed data. */
  readonly rows?: number | 'all';
  /** A file of run settings, see `readRunConfig`. */
  readonly runConfig?: string;
}

export interface PreviewedRow extends RowView {
  /** What processors make of it for files of their own, by their names. */
  readonly processed: ValueObject;
}

export interface OpenPreview
  extends Pick<Target, 'name' | 'document' | 'scriptArgs'>,
    Pick<PreparedTarget, 'config'> {
  /**
   * Makes the rows; gives them in their order, each as soon as it is whole or dropped. When the signal fires, or
   * the loop over them is left, no other comes and calls in flight are cut. Called once. Throws `ConfigError` before any call where a key is missing.
   */
  rows(stopSignal: AbortSignal): AsyncGenerator<PreviewedRow, void>;
  /**
   * What processors after generation make of the rows that are whole, when all have come; null where the document has none.
   * Throws `ProcessorError`.
   */
  finish(
    rows: readonly Pick<RowView, 'state' | 'values'>[],
    stopSignal: AbortSignal,
  ): Promise<readonly ValueObject[] | null>;
  /** Why it ended before all rows were made, for people; null where nothing ended it. */
  readonly reason: string | null;
  /** The calls and cells so far, by column. */
  readonly columns: Totals['columns'];
  /** The models that do not answer now. */
  readonly waitedFor: readonly WaitedFor[];
  /** The bytes of a picture that a cell names. */
  findPicture(name: string): Buffer | undefined;
}

/**
 * Prepares a document as a `run` under the same name would, whose samplers draw the same then. Makes no call. Throws
 * `ConfigError` with all that is wrong with it, `RefusedError`, and `StoreError`.
 */
export async function openPreview(options: PreviewDatasetOptions): Promise<OpenPreview> {
  const { cwd, home, environment, isSimulated, runConfig, rows = DEFAULT_ROWS } = options;
  const target = await findTarget(options);
  const recorded = (await target.dataset?.read()) ?? null;
  const prepared = await prepareTarget(target, {
    ...{ cwd, home, environment, isSimulated, runConfig, rows, rowsBefore: null, recorded },
  });
  const { config, seedSource } = prepared;
  const { plan, settings, modules } = config;
  const { name, document, scriptArgs } = target;
  if (recorded !== null) refuseOtherGroupSize(plan, recorded, name);
  refuseSpent(settings, { spent: { dollars: 0, unpriced: [] } }, name);
  for (const { name: column, limiters } of plan.columns) {
    const elsewhere = limiters.find((limiter) => 'queue' in limiter);
    if (elsewhere === undefined) continue;
    throw new RefusedError(
      `Cannot preview column "${column}": an activity on the task queue "${elsewhere.queue}" makes it, and a preview has no Temporal server. Use \`rowloom run\` with few rows`,
    );
  }
  const preview = await Preview.open({
    ...{ name, plan, settings, modules, seedSource, environment },
    planDigest: planDigest(plan),
  });
  return {
    ...{ name, document, scriptArgs, config },
    async *rows(stopSignal) {
      const viewOf = await openRowViews(plan, { name, files: preview.files });
      for await (const { look, processed } of preview.rows(stopSignal))
        yield { ...(await viewOf(look)), processed };
    },
    finish(rows, stopSignal) {
      const whole = rows.filter(({ state }) => state === 'complete').map(({ values }) => values);
      return preview.finish(whole, stopSignal);
    },
    get reason() {
      return preview.reason;
    },
    get columns() {
      return preview.columns;
    },
    get waitedFor() {
      return preview.waitedFor;
    },
    findPicture: (file) => preview.files.findNow?.(file),
  };
}
