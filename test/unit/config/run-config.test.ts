import { describe, expect, it } from 'vitest';
import { prepareFiles, violationsOf } from './prepared.ts';

const DOCUMENT = `columns:
  - { name: id, column_type: sampler, sampler_type: uuid }
rowloom: { shutdown_error_rate: 0.2, max_concurrent_row_groups: 4 }
`;
const files = (run: string) => ({ 'config.yaml': DOCUMENT, 'run.yaml': run });
const of = { runConfig: 'run.yaml' };

describe("Data Designer's run settings", () => {
  it("go before the document's, as far as they say something", async () => {
    const run = `buffer_size: 50
max_concurrent_row_groups: 7
shutdown_error_rate: null
shutdown_error_window: 10
disable_early_shutdown: true
max_conversation_restarts: 2
max_conversation_correction_steps: 1
async_trace: true
preserve_dropped_columns: false
jinja_rendering_engine: native
`;
    const { plan, settings, warnings } = await prepareFiles(files(run), of);
    expect(plan).toMatchObject({ rowGroupSize: 50, preservesDropped: false });
    expect(settings).toMatchObject({
      ...{ maxConcurrentRowGroups: 7, shutdownErrorRate: 0.2, shutdownErrorWindow: 10 },
      ...{ isEarlyShutdownDisabled: true, maxConversationRestarts: 2, maxConversationCorrectionSteps: 1 },
      isTraced: true,
    });
    expect(warnings).toEqual([]);
  });

  it('without a meaning here are told with the reason, unless they stand at their default', async () => {
    const run = 'max_in_flight_tasks: 1024\ndisplay_tui: true\nprogress_interval: 9\n';
    const { warnings } = await prepareFiles(files(run), of);
    expect(warnings.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([
      'run.yaml:2 display_tui has no meaning here: progress is one line; `rowloom watch` shows more',
      'run.yaml:3 progress_interval has no meaning here: progress is told as it changes',
    ]);
  });

  it('that are wrong are refused with their place', async () => {
    const run = 'bufer_size: 10\nshutdown_error_rate: 2\njinja_rendering_engine: fast\n';
    expect(await violationsOf(files(run), of)).toEqual([
      'error run.yaml:1:1 no field "bufer_size", did you mean "buffer_size"?',
      'error run.yaml:2:22 shutdown_error_rate has to be at most 1, not 2',
      'error run.yaml:3:25 jinja_rendering_engine has to be secure or native, not "fast"',
    ]);
    expect(await violationsOf({ 'config.yaml': DOCUMENT }, of)).toEqual(['error run.yaml does not exist']);
  });
});
