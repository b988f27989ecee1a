// A Temporal server that does not answer for longer than a heartbeat may be late, while worker and model are well.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { notesDocument, Workplace } from '../support/build-harness.ts';
import { startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

/** One that is asked alone, and as many as are let go at once before an endpoint is known. */
const ROWS = 17;
const OUTAGE_MS = 30_000;
const LIMIT_MS = 300_000;

it.each([
  { when: 'after it is back', latencyMs: 45_000 },
  { when: 'while it is away', latencyMs: 15_000 },
])(
  'cuts no call and repeats none, and is told of all answers that come $when',
  { timeout: LIMIT_MS },
  async ({ latencyMs }) => {
    const mock = await startMockModelServer({ latencyMs: 1_000 });
    const workplace = new Workplace();
    try {
      // A group for each row, all of them open.
      workplace.write(
        notesDocument({ endpoint: mock.endpoint, rowGroupSize: 1, parallel: ROWS, timeoutS: 120 }),
      );
      const run = workplace.run(['-n', String(ROWS)]);
      // The first call goes alone.
      await until(() => mock.stats().requests === 1, { limitMs: LIMIT_MS });
      mock.setLatency({ latencyMs, jitter: 1 });
      await until(() => mock.stats().requests === ROWS, { limitMs: LIMIT_MS });
      const { pid } = workplace.server()!;
      process.kill(pid, 'SIGSTOP');
      await sleep(OUTAGE_MS);
      process.kill(pid, 'SIGCONT');
      const end = await run.ended;
      expect(end).toMatchObject({ code: 0 });
      expect(end.talk).toContain(`${ROWS} rows · 0 dropped`);
      expect(mock.stats()).toMatchObject({ requests: ROWS, answered: ROWS });
      expect(await workplace.usage()).toMatchObject({ calls: ROWS });
      expect(end.talk).not.toContain('MaxListenersExceededWarning');
    } finally {
      await workplace.dispose();
      await mock.close();
    }
  },
);
