// The line that shows how a build goes on, in several lengths, and the lines that stand in its place.

import type { Calls } from '../../activities/builds.ts';
import { sumCosts } from '../../graph/totals.ts';
import type { WaitedFor } from '../../models/limiters.ts';
import { costOf } from '../../store/call-usage.ts';
import type { Summary } from '../../store/look.ts';
import { formatDollars } from '../../text/dollars.ts';
import { formatCount, plural } from '../../text/plural.ts';
import { shorten } from '../../text/shorten.ts';
import type { BuildSnapshot } from '../look/build-snapshot.ts';
import { sumCounts } from '../wish/count-cells.ts';
import type { Wish } from '../wish/wish.ts';
import { describeTokens, formatDuration, joinParts, line } from './format.ts';

/** One line of a build whose plan is not known here, in several lengths. */
export function describeSnapshot(snapshot: BuildSnapshot): readonly string[] {
  const totals = sumCosts(snapshot.columns);
  const made = joinParts(`rows ${formatCount(snapshot.rows)}`, plural(totals.calls, 'call'));
  const busy = `${plural(snapshot.cellsInFlight, 'cell')} under way`;
  const rest = joinParts(describeLosses(snapshot), snapshot.phase !== 'running' && snapshot.phase);
  const waiting = describeWaiting(snapshot.waitedFor);
  if (waiting.length > 0) return [`${waiting[0]} · ${made}`, ...waiting];
  return [
    joinParts(made, busy, describeTokens(totals), rest),
    joinParts(made, busy, rest),
    joinParts(made, rest),
  ];
}

/** One line of a build for which no worker answers, in two lengths; `worker` is the command that starts one. */
export function describeStored({ rowCount, usage, asked }: Summary, worker: string): readonly string[] {
  const noWorker = `no worker answers: start one with \`${worker}\``;
  const why = line('waiting', asked?.kind === 'start' ? noWorker : 'its process does not answer');
  return [
    joinParts(why, `rows ${formatCount(rowCount)}`, plural(costOf(...Object.values(usage)).calls, 'call')),
    why,
  ];
}

export interface ProgressPlace {
  readonly wish: Wish;
  /** Model calls of this process; null when another one makes them. */
  readonly calls: Calls | null;
  /** The last look at which nothing had been answered since the first one. */
  readonly first: { readonly at: number; readonly calls: number };
  readonly now: number;
}

/** The calls that a build has made as far as they are known here. */
export function callsSoFar(snapshot: BuildSnapshot, calls: Calls | null): number {
  return calls?.answered ?? sumCosts(snapshot.columns).calls;
}

/** Before that a rate says little: the first call goes alone, and the others end together. */
const MIN_CALLS_FOR_TIME = 20;
const MIN_WAVES_FOR_TIME = 2;
const MIN_MS_FOR_TIME = 5_000;

/** One line while a build runs, in several lengths, the longest first. */
export function describeProgress(snapshot: BuildSnapshot, place: ProgressPlace): readonly string[] {
  const { wish, calls, first, now } = place;
  const totals = sumCosts(snapshot.columns);
  const made = callsSoFar(snapshot, calls);
  const planned = sumCounts(wish.counts).calls;
  const since = { calls: made - first.calls, ms: now - first.at };
  const perSecond = (since.calls * 1_000) / Math.max(1, since.ms);
  const state = snapshot.phase === 'paused' ? 'paused · ' : '';
  const rows = `${state}rows ${formatCount(snapshot.rows)}/${formatCount(wish.settings.rows)}`;
  // Answers that are asked for again may take more calls than were planned.
  const plannedText = made > planned ? ` (${formatCount(planned)} planned)` : `/${formatCount(planned)}`;
  const done = `calls ${formatCount(made)}${plannedText}`;
  const waiting = describeWaiting(calls?.waitedFor ?? snapshot.waitedFor);
  if (waiting.length > 0) return [`${waiting[0]} · ${rows} · ${done}`, ...waiting];
  // They may take minutes, in which nothing else changes.
  if (wish.plan.afterGeneration !== undefined && snapshot.rows + snapshot.dropped >= wish.settings.rows) {
    const names = wish.plan.afterGeneration.map(({ name }) => name).join(', ');
    return [`${rows} · after generation: ${names}`, rows];
  }
  const rate = perSecond > 0 && formatRate(perSecond);
  const inFlight = calls?.inFlight ?? snapshot.cellsInFlight;
  const busy =
    calls === null ? `${plural(inFlight, 'cell')} under way` : `${formatCount(inFlight)} in flight`;
  const losses = describeLosses(snapshot);
  const cost = calls !== null && calls.spent > 0 && formatDollars(calls.spent);
  const hasRate =
    since.calls >= Math.max(MIN_CALLS_FOR_TIME, MIN_WAVES_FOR_TIME * inFlight) && since.ms >= MIN_MS_FOR_TIME;
  const left =
    hasRate &&
    snapshot.phase === 'running' &&
    made < planned &&
    `${formatDuration(((planned - made) / perSecond) * 1_000)} left`;
  return [
    joinParts(rows, done, rate, busy, describeTokens(totals), cost, losses, left),
    joinParts(rows, done, rate, busy, cost, losses, left),
    joinParts(rows, done, cost, losses, left),
    joinParts(rows, done),
  ];
}

function describeLosses({ dropped, columns }: BuildSnapshot): string {
  const { failedCalls } = sumCosts(columns);
  return joinParts(
    `${formatCount(dropped)} dropped`,
    failedCalls > 0 && `${plural(failedCalls, 'call')} failed`,
  );
}

/** Of an endpoint's words on a narrow terminal. */
const MAX_SHORT_REASON = 40;

/** Who is waited for and why, from the second failure on, in several lengths. Empty while calls are answered. */
export function describeWaiting(waitedFor: readonly WaitedFor[]): readonly string[] {
  const waited = waitedFor.find(({ tries }) => tries > 1);
  if (waited === undefined) return [];
  const { why, tries, silentMs, nextInMs, givesUpInMs } = waited;
  const failed = `${plural(tries, 'call')} failed in ${formatSeconds(silentMs)}`;
  const next = nextInMs === 0 ? 'next is under way' : `next in ${formatSeconds(nextInMs)}`;
  const reason = why.replace(/^No answer from \S+: (?=\S+ refuses)/, '');
  const short = shorten(reason, MAX_SHORT_REASON);
  const until = `gives up in ${formatSeconds(givesUpInMs)}`;
  // A next call that would come after the build gives up is not announced.
  const times = [failed, ...(nextInMs < givesUpInMs ? [next] : []), until].join(', ');
  return [`${reason} · ${times}`, `${reason} · ${until}`, `${short} · ${until}`].map((text) =>
    line('waiting', text),
  );
}

function formatSeconds(ms: number): string {
  return ms < 60_000 ? `${Math.ceil(Math.max(0, ms) / 1_000)} s` : formatDuration(ms);
}

function formatRate(perSecond: number): string {
  return `${perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))}/s`;
}

export function describeStopping(callsInFlight: number): string {
  const answers = callsInFlight === 0 ? '' : `, waiting for ${plural(callsInFlight, 'answer')}`;
  return line('stopping:', `no new calls${answers} (Ctrl-C again: leave now)`);
}
