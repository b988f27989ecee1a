import { readdirSync, readFileSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '../../src/protocol.ts';
import { workflowBundle } from '../../src/worker.ts';

// A change that breaks one of these raises PROTOCOL_VERSION, and they are recorded anew: scripts/record-histories.ts.
const folder = new URL(`histories/v${PROTOCOL_VERSION}/`, import.meta.url);
const names = readdirSync(folder);

let bundle: WorkflowBundleOption;
beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'temporal_sdk_core=OFF' } },
  });
  bundle = await workflowBundle();
});

async function replay(text: string): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: bundle }, JSON.parse(text), workflowIdIn(text));
}

/** Children are named after their parent. */
function workflowIdIn(text: string): string {
  return JSON.parse(text).events[0].workflowExecutionStartedEventAttributes.workflowId;
}

function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

describe('a kept history', () => {
  it.each(names)('%s is replayed to its end', async (name) => {
    await expect(replay(read(name))).resolves.toBeUndefined();
  });

  it('that asks for something else than the workflows do is told apart', async () => {
    const other = read('row-group.json').replaceAll('"commitRowGroup"', '"settleRowGroup"');
    await expect(replay(other)).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});

it('is kept of nothing but the current protocol version', () => {
  expect(readdirSync(new URL('histories/', import.meta.url))).toEqual([`v${PROTOCOL_VERSION}`]);
});
