// The speed of the engine over HTTP, as a Markdown table on stdout.
//
//   npm run bench -- --shape narrow --rows 1000 --parallel 64 --latency 100 [--jitter 4]
//   npm run bench -- --all [--write docs/performance.md]
//
//   --no-peer              without Data Designer, which builds the same on the same mock where pip can install it
//   --write FILE           also puts the tables between the file's marker comments
//   --node-option OPTION   for the measured process, such as --cpu-prof; may be repeated

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { CASES, type ListedCase } from './cases.ts';
import {
  type Measurement,
  measureBuild,
  measureRestart,
  measureServerRestart,
  measureWarmBuild,
  measureWorkerLoss,
} from './measure.ts';
import { findPeer } from './peer.ts';
import type { ShapeName } from './shapes.ts';

const MARKERS = ['<!-- bench: begin -->', '<!-- bench: end -->'] as const;
/** So much faster than the measured build the mock has to be, or it is the mock that is measured. */
const MOCK_HEADROOM = 3;

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: 'narrow' },
    rows: { type: 'string', default: '1000' },
    parallel: { type: 'string', default: '64' },
    latency: { type: 'string', default: '100' },
    jitter: { type: 'string', default: '1' },
    all: { type: 'boolean', default: false },
    'no-peer': { type: 'boolean', default: false },
    write: { type: 'string' },
    'node-option': { type: 'string', multiple: true, default: [] },
  },
});

const chosen: ListedCase = {
  shape: flags.shape as ShapeName,
  rows: Number(flags.rows),
  parallel: Number(flags.parallel),
  latencyMs: Number(flags.latency),
  jitter: Number(flags.jitter),
  hasPeer: true,
};
const peer = flags['no-peer'] ? null : await findPeer();

const lines = [
  row(
    'shape',
    'rows',
    'parallel',
    'latency',
    'calls/s',
    'of ideal',
    'CPU ms/call',
    'events',
    'peak RSS',
    'Data Designer',
    'ratio',
    'its CPU',
    'its RSS',
  ),
  row(...Array.from({ length: 13 }, (_, index) => (index === 0 ? '---' : '--:'))),
];
for (const listed of flags.all ? CASES : [chosen]) {
  const measurement = await measureBuild(listed, {
    nodeOptions: flags['node-option'],
    peer: listed.hasPeer === true ? peer : null,
  });
  warnOfSlowMock(measurement);
  lines.push(describe(measurement));
  process.stderr.write(`${lines.at(-1)}\n`);
}
if (flags.all) {
  const [warmMs, restartMs] = [await measureWarmBuild(), await measureRestart()];
  const [serverMs, workerMs] = [await measureServerRestart(), await measureWorkerLoss()];
  lines.push(
    '',
    `10 rows, 16 parallel, 100 ms, on a warm worker: ${(warmMs / 1_000).toFixed(2)} s from the workflow's start to its end.`,
    `First new request after SIGKILL of run, server and watchdog: ${(restartMs / 1_000).toFixed(2)} s after the same command.`,
    `SIGKILL of the Temporal server under a build: ${(serverMs / 1_000).toFixed(2)} s without a new request at most.`,
    `SIGKILL of one of two workers: ${(workerMs / 1_000).toFixed(2)} s until the other makes a call that it had in flight.`,
    '',
    `Measured on ${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}.`,
  );
}
console.log(lines.join('\n'));
if (flags.write !== undefined) write(flags.write);

function describe({ benchCase, peer: there, ...measured }: Measurement): string {
  const { shape, rows, parallel, latencyMs, jitter } = benchCase;
  return row(
    shape,
    String(rows),
    String(parallel),
    `${latencyMs} ms${jitter === 1 ? '' : `, p99 ${jitter} ×`}`,
    measured.callsPerSecond.toFixed(0),
    measured.idealShare === null ? '' : `${(measured.idealShare * 100).toFixed(1)} %`,
    `${measured.engineCpuMs.toFixed(2)} + ${measured.serverCpuMs.toFixed(2)}`,
    `${measured.parentEvents} / ${measured.childEvents}`,
    `${measured.peakRssMiB.toFixed(0)} MiB`,
    ...(there === null
      ? ['', '', '', '']
      : [
          there.callsPerSecond.toFixed(0),
          `${(measured.callsPerSecond / there.callsPerSecond).toFixed(1)} ×`,
          there.cpuMs.toFixed(2),
          `${there.peakRssMiB.toFixed(0)} MiB`,
        ]),
  );
}

function warnOfSlowMock({ callsPerSecond, mockCpuMs }: Measurement): void {
  const able = 1_000 / mockCpuMs;
  if (able < MOCK_HEADROOM * callsPerSecond)
    process.stderr.write(`The mock is able to answer only ${able.toFixed(0)} calls/s\n`);
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function write(path: string): void {
  const text = readFileSync(path, 'utf8');
  const [begin, end] = MARKERS.map((marker) => text.indexOf(marker)) as [number, number];
  if (begin < 0 || end < begin) throw new Error(`Cannot find ${MARKERS.join(' and ')} in "${path}"`);
  const before = text.slice(0, begin + MARKERS[0].length);
  writeFileSync(path, `${before}\n\n${lines.join('\n')}\n\n${text.slice(end)}`);
}
