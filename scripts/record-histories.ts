// Records the histories that test/replay replays: real ones, of a server with scripted activities.
// npx tsx scripts/record-histories.ts

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { PROTOCOL_VERSION, SIGNAL, UPDATE } from '../src/protocol.ts';
import { until } from '../test/support/until.ts';
import { hold, notYet, type StageOptions, WorkflowServer } from '../test/support/workflow-stage.ts';

const FOLDER = fileURLToPath(new URL(`../test/replay/histories/v${PROTOCOL_VERSION}/`, import.meta.url));

/** What names this machine, and nothing that a replay looks at. */
const SCRUBBED: ReadonlySet<string> = new Set(['identity', 'stackTrace']);

const CHAIN: StageOptions = {
  columns: { topic: [], body: ['topic'], note: ['body'] },
  rows: 6,
  sliceSize: 3,
};

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const server = await WorkflowServer.start({
  config: ['limit.historyCount.suggestContinueAsNew=60'],
  maxCachedWorkflows: 10,
});
try {
  await recordSteered();
  await recordLeftover();
  await recordStopped();
  await recordFull();
  await recordFullDataset();
  await recordElsewhere();
  await recordWhole();
} finally {
  await server.stop();
}

/** A dataset whose limits change, that pauses and goes on, and one of its groups. */
async function recordSteered(): Promise<void> {
  const answer = hold();
  const stage = server.stage({
    ...{ columns: CHAIN.columns, rows: 6, rowGroupSize: 2, window: 2 },
    limiters: { 'local/writer': { kind: 'model', caps: { writer: 4 } } },
    onSlice: () => answer.released,
  });
  const handle = await stage.startDataset();
  await until(() => stage.logged('body').length === 2);
  await handle.executeUpdate(UPDATE.setLimits, { args: [{ maxParallelRequests: { writer: 8 } }] });
  await handle.executeUpdate(UPDATE.pause);
  answer.release();
  await until(async () => (await stage.progress()).openGroups.length === 0);
  await handle.executeUpdate(UPDATE.unpause);
  await handle.result();
  await record('dataset-paused', handle);
  await record('row-group', stage.groupHandle(2));
}

/** A row group with a leftover that is made at its third try. */
async function recordLeftover(): Promise<void> {
  const onSlice: StageOptions['onSlice'] = ({ column, rows, isLeftover }, attempt) => {
    if (column !== 'body' || rows.first > 0) return undefined;
    if (!isLeftover) return { leftover: [1] };
    if (attempt < 3) throw notYet('10 milliseconds');
    return { dropped: [1] };
  };
  const stage = server.stage({ ...CHAIN, onSlice });
  const handle = await stage.startRowGroup();
  await handle.result();
  await record('row-group-leftover', handle);
}

/** A row group that is stopped while a leftover is in backoff. */
async function recordStopped(): Promise<void> {
  const onSlice: StageOptions['onSlice'] = ({ column, isLeftover }) => {
    if (isLeftover) throw notYet('1 hour');
    return column === 'body' ? { leftover: [0] } : undefined;
  };
  const stage = server.stage({ ...CHAIN, onSlice });
  const handle = await stage.startRowGroup();
  await until(() => stage.logged('note').length === 2);
  await handle.signal(SIGNAL.phase, 'stopping');
  await handle.result();
  await record('row-group-stopped', handle);
}

/** The first run of a row group that continues as new with a leftover in backoff. */
async function recordFull(): Promise<void> {
  let isLeft = false;
  const onSlice: StageOptions['onSlice'] = ({ isLeftover }) => {
    if (isLeftover) throw notYet('1 hour');
    if (isLeft) return undefined;
    isLeft = true;
    return { leftover: [0] };
  };
  const limits = { maxSlicesInFlight: 4 };
  const stage = server.stage({ ...CHAIN, rows: 12, sliceSize: 1, limits, onSlice });
  const handle = await stage.startRowGroup();
  await handle.result();
  await record('row-group-continued', handle);
}

/** A dataset that continues as new: the first run, and the last, which goes on from what it was left. */
async function recordFullDataset(): Promise<void> {
  const stage = server.stage({ columns: { topic: [], body: ['topic'] }, rows: 12, rowGroupSize: 1 });
  const handle = await stage.startDataset();
  await handle.result();
  await record('dataset-continued', handle);
  await record('dataset-resumed', handle, 'last');
}

/** A row group with a slice that another worker makes at its second try, and one that waits a while. */
async function recordElsewhere(): Promise<void> {
  let tries = 0;
  const stage = server.stage({
    ...CHAIN,
    onSlice: ({ column, rows, isLeftover }) => {
      if (column === 'body' && rows.first === 0) return { isElsewhere: true };
      return column === 'body' && !isLeftover ? { leftover: [4], afterMs: 50 } : undefined;
    },
    onElsewhere: () => {
      tries += 1;
      if (tries < 2) throw new Error('Not this time');
    },
  });
  const handle = await stage.startRowGroup();
  await handle.result();
  await record('row-group-elsewhere', handle);
}

/** Two groups with a column in order, which waits for a row that another column drops. */
async function recordWhole(): Promise<void> {
  const stage = server.stage({
    columns: {
      ...{ topic: [], body: ['topic'], code: ['topic'] },
      story: { needs: ['body'], strategy: 'column', inOrder: true },
    },
    ...{ rows: 8, rowGroupSize: 4, window: 2 },
    onSlice: ({ column }) => (column === 'code' ? { dropped: [2, 5] } : undefined),
  });
  const handle = await stage.startDataset();
  await handle.result();
  await record('dataset-in-order', handle);
  await record('row-group-whole', stage.groupHandle(0));
}

async function record(name: string, handle: WorkflowHandle, run: 'first' | 'last' = 'first'): Promise<void> {
  const { runId, raw } = await handle.client.getHandle(handle.workflowId).describe();
  const recorded = run === 'last' ? runId : raw.workflowExecutionInfo!.firstRunId!;
  const history = await handle.client.getHandle(handle.workflowId, recorded).fetchHistory();
  const text = JSON.stringify(JSON.parse(historyToJSON(history)), scrub, 1);
  for (const secret of [`@${hostname()}`, homedir(), process.cwd()]) {
    if (text.includes(secret)) throw new Error(`The history "${name}" names this machine: ${secret}`);
  }
  writeFileSync(`${FOLDER}${name}.json`, `${text}\n`);
  console.log(`${name}: ${history.events!.length} events`);
}

function scrub(key: string, value: unknown): unknown {
  return SCRUBBED.has(key) ? '' : value;
}
