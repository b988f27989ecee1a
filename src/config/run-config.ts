// `--run-config`: the run settings of Data Designer, as its `RunConfig` has them. What is said here goes before the document's
// `rowloom:`. Fields without a meaning here are accepted at any value, and told once that differs from their default.

import type { z } from 'zod';
import { flag, map, mapOf, oneOf, real, value, whole } from '../columns/fields.ts';
import type { Violation } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import { ENGINES } from '../templates/engines.ts';
import { readPart } from './explain.ts';
import type { LoadedDocument } from './load.ts';
import { Report } from './report.ts';
import type { RowloomSettings } from './schema/document.ts';

const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().optional();

/** By field without a meaning here: the values that say nothing, and why it changes nothing. */
const WITHOUT_MEANING: Readonly<
  Record<string, { readonly defaults: readonly unknown[]; readonly why: string }>
> = {
  max_in_flight_tasks: {
    defaults: [1024],
    why: 'calls in flight follow from max_parallel_requests of the models',
  },
  non_inference_max_parallel_workers: { defaults: [4], why: 'there is a worker thread for each core' },
  write_scheduler_events: {
    defaults: [false],
    why: 'async_trace, or --trace, writes down what each call did',
  },
  display_tui: { defaults: [false], why: 'progress is one line; `rowloom watch` shows more' },
  progress_interval: { defaults: [5], why: 'progress is told as it changes' },
  otel_metrics_port: {
    defaults: [9464, null],
    why: 'no port is opened: `rowloom status --json` has the numbers',
  },
  request_admission: { defaults: [null], why: 'limiters find by themselves what an endpoint takes' },
  throttle: { defaults: [null], why: 'limiters find by themselves what an endpoint takes' },
  progress_bar: { defaults: [false, null], why: 'progress is one line; `rowloom watch` shows more' },
};

const schema = map({
  buffer_size: optional(whole({ min: 1, max: 10_000 })),
  max_concurrent_row_groups: optional(whole({ min: 1, max: 1_000 })),
  max_in_flight_tasks: optional(whole({ min: 1 })),
  non_inference_max_parallel_workers: optional(whole({ min: 1 })),
  disable_early_shutdown: optional(flag()),
  shutdown_error_rate: optional(real({ min: 0, max: 1 })),
  shutdown_error_window: optional(whole({ min: 1, max: 100_000 })),
  max_conversation_restarts: optional(whole({ min: 0, max: 100 })),
  max_conversation_correction_steps: optional(whole({ min: 0, max: 100 })),
  async_trace: optional(flag()),
  write_scheduler_events: optional(flag()),
  display_tui: optional(flag()),
  progress_bar: optional(flag()),
  progress_interval: optional(real({ min: 0 })),
  otel_metrics_port: optional(whole({ min: 0, max: 65_535 })),
  preserve_dropped_columns: optional(flag()),
  jinja_rendering_engine: optional(oneOf(ENGINES)),
  request_admission: optional(mapOf(value())),
  throttle: optional(mapOf(value())),
});

export interface RunConfig {
  /** What it says of the document's own settings. */
  readonly settings: Partial<RowloomSettings>;
  readonly isTraced: boolean;
  readonly violations: readonly Violation[];
}

export const NO_RUN_CONFIG: RunConfig = { settings: {}, isTraced: false, violations: [] };

/** Reads a file of run settings. Everything wrong with it is in its violations, and what means nothing here. */
export function readRunConfig(document: LoadedDocument): RunConfig {
  const report = new Report(document, []);
  const fields = readPart(report, { path: [], schema });
  if (fields === null) return { ...NO_RUN_CONFIG, violations: report.violations };
  for (const [name, given] of Object.entries(fields)) {
    const known = findOwn(WITHOUT_MEANING, name);
    if (known === undefined || given === null || known.defaults.includes(given)) continue;
    const message = `has no meaning here: ${known.why}`;
    report.add({ path: [name], message, level: 'warning', position: report.keyPosition([name]) });
  }
  const { buffer_size, async_trace, ...said } = fields;
  const settings = {
    row_group_size: buffer_size,
    max_concurrent_row_groups: said.max_concurrent_row_groups,
    max_conversation_restarts: said.max_conversation_restarts,
    max_conversation_correction_steps: said.max_conversation_correction_steps,
    shutdown_error_rate: said.shutdown_error_rate,
    shutdown_error_window: said.shutdown_error_window,
    disable_early_shutdown: said.disable_early_shutdown,
    preserve_dropped_columns: said.preserve_dropped_columns,
    jinja_rendering_engine: said.jinja_rendering_engine,
  };
  const given = Object.entries(settings).filter(([, item]) => item !== undefined && item !== null);
  return {
    settings: Object.fromEntries(given),
    isTraced: async_trace === true,
    violations: report.violations,
  };
}
