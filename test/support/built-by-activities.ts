// A build of a document in its folder whose activities run one after the other, without a server: what a `run` would make.

import { join } from 'node:path';
import { Builds } from '../../src/activities/builds.ts';
import { type Activities, createActivities } from '../../src/activities/index.ts';
import { takeEpoch } from '../../src/client/build/start-build.ts';
import { acceptWish, openWish } from '../../src/client/wish/wish.ts';
import { DatasetConductor } from '../../src/graph/dataset-conductor.ts';
import { ExecutionGraph } from '../../src/graph/execution-graph.ts';
import { GroupConductor } from '../../src/graph/group-conductor.ts';
import type { Environment } from '../../src/proxies.ts';
import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { activityEnvironment } from './activity-stage.ts';

/** Makes `tickets.yaml` or another document, or goes on with it: another start of what is there. */
export async function buildByActivities(
  cwd: string,
  rows: number,
  {
    environment = {},
    target = 'tickets.yaml',
  }: { readonly environment?: Environment; readonly target?: string } = {},
): Promise<DatasetStore> {
  const wish = await acceptWish(
    await openWish({
      ...{ target, rows, cwd, home: join(cwd, 'home'), environment },
      ...{ isSimulated: false, isNew: false, keep: false, redo: [] },
    }),
  );
  const server = { namespace: 'default', isEmbedded: false, connectionOptions: { address: 'none' } };
  const connected = { server } as unknown as Parameters<typeof takeEpoch>[0]['connected'];
  const newest = await wish.dataset.newestEpoch();
  const { datasetId, epoch, planDigest } = (await takeEpoch({ wish, connected, newest, kind: 'run' }))!;
  const build = { storeId: wish.store.id, dataset: wish.dataset.name, datasetId, epoch, planDigest };
  const control = { phase: 'running', limits: { maxParallelRequests: {} } } as const;
  const builds = new Builds({
    ...{ store: wish.store, environment },
    workflowOf: () => ({ askControl: async () => control, stop: async () => undefined }),
  });
  const activities = createActivities({ builds, warn: () => undefined });
  function run<Name extends keyof Activities>(
    name: Name,
    input: Omit<Parameters<Activities[Name]>[0], 'build'>,
  ): ReturnType<Activities[Name]> {
    const activity = activities[name] as (input: unknown) => ReturnType<Activities[Name]>;
    return activityEnvironment().run(activity, { build, ...input }) as ReturnType<Activities[Name]>;
  }

  const dataset = new DatasetConductor();
  dataset.prepare(await run('prepareDataset', {}));
  for (let starts = dataset.next(); starts.length > 0; starts = dataset.next()) {
    for (const { rowGroup, rows, limits } of starts) {
      const opened = await run('openRowGroup', { rowGroup, rows });
      const graph = ExecutionGraph.create(opened.graph);
      // The places of columns in order are all free: groups are made one after the other.
      const group = new GroupConductor({ graph, opened, limits: { ...limits, maxCells: {} } });
      for (let tasks = group.next(); tasks.length > 0; tasks = group.next())
        for (const task of tasks) group.finished(task, await run('generateSlice', { rowGroup, task }));
      const { isComplete, dropped } = group;
      await run('commitRowGroup', { rowGroup, rows, isComplete, dropped, parts: group.parts.all() });
      const totals = { rows: 0, dropped: 0, columns: {} };
      dataset.finished({ rowGroup, isComplete, totals });
    }
  }
  await run('finishDataset', { isComplete: dataset.isComplete, reason: null });
  await builds.dispose();
  return wish.dataset;
}
