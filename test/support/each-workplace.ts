import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Workplace } from './build-harness.ts';
import { type MockModelServer, startMockModelServer } from './mock-model-server.ts';

export interface TestPlace {
  readonly mock: MockModelServer;
  readonly workplace: Workplace;
}

/** Gives each test of a file a folder of its own, and the mock of all of them, which forgets what it was asked before. */
export function eachInWorkplace(
  { latencyMs }: { readonly latencyMs?: number },
  begin: (place: TestPlace) => void | Promise<void>,
): void {
  let mock: MockModelServer;
  let workplace: Workplace;
  beforeAll(async () => {
    mock = await startMockModelServer();
  });
  afterAll(() => mock.close());
  beforeEach(() => {
    mock.reset();
    if (latencyMs !== undefined) mock.setLatency({ latencyMs, jitter: 1 });
    workplace = new Workplace();
    return begin({ mock, workplace });
  });
  afterEach(() => workplace.dispose());
}
