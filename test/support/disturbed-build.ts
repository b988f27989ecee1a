// A build that is killed and stopped at moments drawn from a seed, and what must hold afterwards.
//
//   D1. Every row is there once, and the output's files, pictures too, are byte for byte those of an undisturbed build.
//   D2. A kill costs at most the calls in flight: those that the mock got and whose answer is in no part.
//   D3. What was lost at the kills is asked again, once each, and nothing else is.
//   D4. The usage is what the mock served, less those calls: the same tokens as of an undisturbed build, of which lists
//       that were cut otherwise make more or fewer calls.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { streamOf } from '../../src/models/providers/simulated/simulated-answer.ts';
import { killAndWait, type ProcessIdentity } from '../../src/server/processes.ts';
import { lostCalls, MODEL_COLUMNS, repeatedCalls, ticketsDocument, Workplace } from './build-harness.ts';
import { AS_USERS_HAVE_IT, type CliEnd, type CliProcess } from './cli.ts';
import { writeEveryKind } from './every-kind.ts';
import { type MockModelServer, startMockModelServer } from './mock-model-server.ts';
import { until } from './until.ts';

const ROWS = 300;
const PARALLEL = 32;
const LATENCY_MS = 30;
const CELLS = ROWS * MODEL_COLUMNS.length;

/** What is hit: `all` is the `run`, the server and the process that watches over the server. */
type Target = 'run' | 'server' | 'run and server' | 'all' | 'stall';
const TARGETS: readonly Target[] = ['run', 'server', 'run and server', 'all'];

interface Disturbance {
  readonly target: Target;
  /** Answers of the mock, over all starts, before it happens; null is a time after the start of the process. */
  readonly answers: number | null;
  readonly thenMs: number;
}

/** Beyond the heartbeat timeout of 10 s: the server gives every slice of the process to a second attempt. */
const STALL_MS = 12_000;
const KILL_LIMIT_MS = 5_000;
/** Generous: on a busy machine everything takes ten times as long. */
const BUILD_LIMIT_MS = 240_000;
/** A process asks its first model within about this time: some kills come before. */
const STARTUP_MS = 3_000;
const MAX_DELAY_MS = 120;
/** Each kind of target comes with every fourth seed; these stall besides. */
const STALL_EVERY = 8;

/** Two to four disturbances, the same for the same seed. */
export function disturbancesOf(seed: number): readonly Disturbance[] {
  const draw = streamOf(`disturbances ${seed}`);
  const count = 2 + Math.floor(draw() * 3);
  const moments = Array.from({ length: count }, () => Math.floor(draw() * CELLS * 0.95)).sort(
    (left, right) => left - right,
  );
  return moments.map((answers, index): Disturbance => {
    if (seed % STALL_EVERY === 0 && index === 0) return { target: 'stall', answers, thenMs: 0 };
    const target = TARGETS[(seed + index + Math.floor(draw() * 2)) % TARGETS.length] ?? 'run';
    const isEarly = index > 0 && draw() < 0.2;
    return isEarly
      ? { target, answers: null, thenMs: Math.floor(draw() * STARTUP_MS) }
      : { target, answers, thenMs: Math.floor(draw() * MAX_DELAY_MS) };
  });
}

export interface Outcome {
  readonly end: CliEnd;
  /** Calls lost at each disturbance. */
  readonly lost: readonly number[];
  readonly repeated: number;
  readonly requests: number;
  readonly usage: {
    readonly calls: number;
    readonly promptTokens: number;
    readonly completionTokens: number;
  };
  readonly hashes: { readonly [file: string]: string };
  readonly ids: readonly string[];
}

/** Which document is built: a call for each cell, or a column of every kind, some of which go in lists. */
export type DocumentName = 'tickets' | 'every kind';

/** Builds `ROWS` rows from nothing through all disturbances: after each kill of the `run` the same command again. */
export async function buildThrough(
  disturbances: readonly Disturbance[],
  document: DocumentName = 'tickets',
): Promise<Outcome> {
  const mock = await startMockModelServer({ latencyMs: LATENCY_MS });
  const workplace = new Workplace();
  try {
    if (document === 'every kind') writeEveryKind({ workplace, mock, parallel: PARALLEL });
    else {
      writeFileSync(join(workplace.directory, 'functions.ts'), FUNCTIONS);
      workplace.write(withComputedColumns(ticketsDocument({ endpoint: mock.endpoint, parallel: PARALLEL })));
    }
    return await buildIn({ workplace, mock }, disturbances);
  } finally {
    await workplace.dispose();
    await mock.close();
  }
}

/** Besides the columns of models a cell, a list, a row group and an order of rows that functions make. */
function withComputedColumns(document: object): object {
  const custom = (name: string, required_columns: readonly string[], more: object) => ({
    ...{ name, column_type: 'custom', generator_function: `./functions.ts#${name}`, required_columns },
    ...more,
  });
  const { columns } = document as { readonly columns: readonly object[] };
  return {
    ...document,
    columns: [
      ...columns,
      custom('shout', ['topic', 'severity'], { side_effect_columns: ['size'] }),
      custom('rank', ['summary'], { generation_strategy: 'full_column' }),
      custom('story', ['topic'], { in_order: true }),
      {
        ...{ name: 'checked', column_type: 'validation', target_columns: ['shout'] },
        ...{ validator_type: 'code', validator_params: { code_lang: 'javascript' } },
      },
      {
        ...{ name: 'note', column_type: 'expression', expr: '{{ size }}/{{ rank }}' },
        skip: { when: "{{ topic == 'refund' }}", value: 'none' },
      },
    ],
  };
}

const FUNCTIONS = `
export const shout = ({ topic, severity }) => ({ shout: topic.toUpperCase(), size: String(severity).length });
export const rank = (rows) => rows.map(({ summary }) => rows.filter((other) => other.summary < summary).length);
export function story({ topic }, context) {
  context.state = [...(context.state ?? []), topic].slice(-3);
  return context.state.join(' ');
}
`;

interface Place {
  readonly workplace: Workplace;
  readonly mock: MockModelServer;
}

async function buildIn({ workplace, mock }: Place, disturbances: readonly Disturbance[]): Promise<Outcome> {
  const lost: number[] = [];
  const start = () => workplace.run(['-n', String(ROWS)], { environment: AS_USERS_HAVE_IT });
  let run = start();
  for (const disturbance of disturbances) {
    await arrives(disturbance, { run, mock });
    await disturb(disturbance, { run, workplace });
    if (run.isRunning) continue;
    await until(() => mock.stats().inFlight === 0, { limitMs: BUILD_LIMIT_MS });
    lost.push((await lostCalls({ workplace, mock })) - sum(lost));
    run = start();
  }
  const timer = setTimeout(() => run.signal('SIGKILL'), BUILD_LIMIT_MS);
  const end = await run.ended;
  clearTimeout(timer);
  const stats = mock.stats();
  return {
    end,
    lost,
    repeated: repeatedCalls(stats),
    requests: stats.requests,
    usage: await workplace.usage(),
    hashes: end.code === 0 ? workplace.fileHashes() : {},
    ids: (await workplace.rows()).map(({ id }) => String(id)),
  };
}

/** What does not hold, as sentences; none after a build as it must be. */
export function violationsOf(outcome: Outcome, undisturbed: Outcome): string[] {
  const { end, lost, repeated, requests, usage, hashes, ids } = outcome;
  const found: string[] = [];
  const check = (isRight: boolean, what: string) => {
    if (!isRight) found.push(what);
  };
  check(end.code === 0, `The last run ended with ${end.code}: ${end.talk}`);
  check(ids.join() === undisturbed.ids.join(), `Other rows: ${ids.length}, ${new Set(ids).size} different`);
  const files = [hashes, undisturbed.hashes].map((hashesOf) => JSON.stringify(hashesOf));
  check(files[0] === files[1], `Other files: ${files.join(' is not ')}`);
  const isOfLists = undisturbed.usage.calls !== CELLS;
  // Those of other models and of a service have places of their own.
  const places = isOfLists ? 4 * PARALLEL : PARALLEL;
  for (const calls of lost) check(calls <= places, `A kill lost ${calls} calls of ${places} in flight`);
  // A function may ask several times for one cell.
  const more = repeated - undisturbed.repeated;
  check(more <= sum(lost), `${more} calls were repeated, ${sum(lost)} were lost at the kills`);
  check(isOfLists || usage.calls === CELLS, `The usage counts ${usage.calls} calls for ${CELLS} cells`);
  check(
    requests - usage.calls <= sum(lost),
    `${requests - usage.calls} of ${requests} calls are not counted`,
  );
  for (const tokens of ['promptTokens', 'completionTokens'] as const) {
    check(usage[tokens] === undisturbed.usage[tokens], `The usage counts ${usage[tokens]} ${tokens}`);
  }
  return found;
}

async function arrives(
  { answers, thenMs }: Disturbance,
  { run, mock }: { readonly run: CliProcess; readonly mock: MockModelServer },
): Promise<void> {
  const isThere = () => !run.isRunning || answers === null || mock.answered() >= answers;
  await until(isThere, { limitMs: BUILD_LIMIT_MS, what: `${answers} answers:\n${run.talk}` });
  await sleep(thenMs);
}

async function disturb(
  { target }: Disturbance,
  { run, workplace }: { readonly run: CliProcess; readonly workplace: Workplace },
): Promise<void> {
  if (target === 'stall') {
    run.signal('SIGSTOP');
    await sleep(STALL_MS);
    run.signal('SIGCONT');
    return;
  }
  const others: (ProcessIdentity | undefined)[] = [];
  if (target !== 'run') others.push(workplace.server());
  if (target === 'all') others.push(workplace.watchdog());
  await Promise.all([
    target === 'server' ? undefined : run.kill(),
    ...others.map((other) => (other === undefined ? undefined : killAndWait(other, KILL_LIMIT_MS))),
  ]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
