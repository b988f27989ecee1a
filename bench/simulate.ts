// A million rows through the conductor under a virtual clock: what deciding costs, with no server, store or model.
// npx tsx bench/simulate.ts [ROWS...]

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ExecutionGraph } from '../src/graph/execution-graph.ts';
import type { GraphColumn } from '../src/graph/types.ts';
import { lognormal, simulate } from '../test/support/simulator.ts';

const ROW_COUNTS = ['10000', '1000000'];
const CAPS = { 'local/writer': 256, 'local/grader': 256 };
const MEDIAN_MS = 100;
const JITTER = 4;
const GROUPS_PER_LOOK = 20;

/** Two roots, an inline column, and five model columns: a chain, a branch and a judge of another model. */
const COLUMNS: readonly GraphColumn[] = [
  { name: 'product', strategy: 'root', needs: [], limiters: [] },
  { name: 'tone', strategy: 'root', needs: [], limiters: [] },
  modelColumn('topic', ['product', 'tone']),
  modelColumn('body', ['topic', 'tone']),
  { name: 'heading', strategy: 'inline', needs: ['topic', 'product'], limiters: [] },
  modelColumn('summary', ['body', 'heading']),
  modelColumn('trivia', ['topic']),
  { ...modelColumn('verdict', ['summary', 'trivia']), limiters: ['local/grader'] },
];

/** What one build cost, measured in a process of its own. */
interface Measurement {
  readonly rows: number;
  readonly calls: number;
  readonly slices: number;
  readonly slicesOfGroup: number;
  readonly sliceRows: number;
  readonly idealShare: number;
  readonly cpuSeconds: number;
  /** What is reachable, at most: looked at with every 20th row group. */
  readonly liveMiB: number;
  readonly peakMiB: number;
}

function modelColumn(name: string, needs: readonly string[]): GraphColumn {
  return { name, strategy: 'cell', needs, limiters: ['local/writer'] };
}

function measure(rows: number): Measurement {
  const latencyMs = lognormal({ medianMs: MEDIAN_MS, jitter: JITTER });
  const graph = ExecutionGraph.create(COLUMNS);
  let latencySum = 0;
  let liveBytes = 0;
  let groups = 0;
  const result = simulate({
    ...{ graph, rows, rowGroupSize: 1_000, caps: CAPS, dropRate: 0.001, leftoverRate: 0.005 },
    latencyMs: () => {
      const latency = latencyMs();
      latencySum += latency;
      return latency;
    },
    onGroupEnd: () => {
      groups += 1;
      if (groups % GROUPS_PER_LOOK !== 1) return;
      globalThis.gc?.();
      liveBytes = Math.max(liveBytes, process.memoryUsage().heapUsed);
    },
  });
  const { user, system } = process.cpuUsage();
  // The writer makes four of the five columns and is what binds.
  const idealMs = (latencySum * 4) / 5 / CAPS['local/writer'];
  return {
    rows,
    calls: result.calls,
    slices: result.slices,
    slicesOfGroup: result.maxSlicesOfGroup,
    sliceRows: result.sizes.limits.sliceRows,
    idealShare: idealMs / result.virtualMs,
    cpuSeconds: (user + system) / 1e6,
    liveMiB: liveBytes / 2 ** 20,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
}

function measureInProcess(rows: string): Measurement {
  const script = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, ['--expose-gc', ...process.execArgv, script, '--one', rows], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`Cannot simulate ${rows} rows: exit ${child.status}`);
  return JSON.parse(child.stdout) as Measurement;
}

const [flag, ...rest] = process.argv.slice(2);
if (flag === '--one') {
  console.log(JSON.stringify(measure(Number(rest[0]))));
} else {
  const rowCounts = flag === undefined ? ROW_COUNTS : [flag, ...rest];
  console.table(
    rowCounts.map(measureInProcess).map((measured) => ({
      rows: measured.rows,
      calls: measured.calls,
      slices: measured.slices,
      'slices/group': measured.slicesOfGroup,
      'rows/slice': measured.sliceRows,
      'of ideal': `${(measured.idealShare * 100).toFixed(1)} %`,
      'CPU s': measured.cpuSeconds.toFixed(1),
      'µs/call': ((measured.cpuSeconds * 1e6) / measured.calls).toFixed(2),
      'live MiB': measured.liveMiB.toFixed(1),
      'peak RSS MiB': measured.peakMiB.toFixed(0),
    })),
  );
}
