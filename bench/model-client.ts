// What a call costs in the process that makes it: the client and its limiter alone, against a mock in a process of its own.
//
//   npx tsx bench/model-client.ts [--calls 5000] [--parallel 64]
//   node --cpu-prof --import tsx bench/model-client.ts

import { parseArgs } from 'node:util';
import { Limiter } from '../src/models/limiter.ts';
import { createOpenAIClient } from '../src/models/providers/openai/client.ts';
import { startMockProcess } from './mock-process.ts';

/** Until the code is compiled and the connections are open. */
const WARM_UP_CALLS = 2_000;
/** About as long as those of the shapes that whole builds are measured with. */
const PROMPT = 'Write a short note about what a customer said of the new release. '.repeat(12);

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '5000' },
    parallel: { type: 'string', default: '64' },
  },
});
const [calls, parallel] = [Number(values.calls), Number(values.parallel)];
const mock = await startMockProcess({ latencyMs: 20, jitter: 1 });
const client = createOpenAIClient({ endpoint: mock.endpoint, apiKey: 'a-key', headers: {} });
const limiter = new Limiter({ max: parallel, skipProbe: true });
const { signal } = new AbortController();

async function call(row: number): Promise<void> {
  const permit = await limiter.acquire(signal);
  await client.chat({
    ...{ model: 'm1', parameters: { temperature: 0.7 }, responseSchema: null, timeoutMs: 60_000, signal },
    ...{ messages: [{ role: 'user', content: `${row}: ${PROMPT}` }], cell: { column: 'note', row } },
  });
  permit.succeed();
}

async function make(count: number) {
  const usage = process.cpuUsage();
  const startedAt = performance.now();
  let next = 0;
  const askOneByOne = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: parallel }, askOneByOne));
  const { user, system } = process.cpuUsage(usage);
  return { cpuMs: (user + system) / 1_000, tookMs: performance.now() - startedAt };
}

await make(WARM_UP_CALLS);
const { cpuMs, tookMs } = await make(calls);
console.log(
  `${calls} calls, ${parallel} at a time: ${(cpuMs / calls).toFixed(3)} ms of CPU a call, ${Math.round((calls / tookMs) * 1_000)} calls/s`,
);
await client.close();
await mock.close();
