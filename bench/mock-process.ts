// The mock model server as a process of its own, so that what it costs is not counted as the engine's.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MockLatency, MockStats } from '../test/support/mock-model-server.ts';

const SCRIPT = join(import.meta.dirname, '../test/support/mock-model-server.ts');

export interface MockProcess {
  readonly endpoint: string;
  readonly pid: number;
  stats(): Promise<MockStats>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function startMockProcess({ latencyMs, jitter }: MockLatency): Promise<MockProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', SCRIPT, '--latency', `${latencyMs}`, '--jitter', `${jitter}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const [endpoint] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { origin } = new URL(endpoint);
  return {
    endpoint,
    pid: child.pid!,
    stats: async () => (await (await fetch(`${origin}/stats`)).json()) as MockStats,
    reset: async () => {
      await fetch(`${origin}/reset`, { method: 'POST' });
    },
    close: async () => {
      child.kill();
      await ended;
    },
  };
}
