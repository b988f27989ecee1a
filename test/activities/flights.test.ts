import { describe, expect, it } from 'vitest';
import { Company, type Guest } from '../../src/activities/company.ts';
import { Flights } from '../../src/activities/flights.ts';
import { Limiter } from '../../src/models/limiter.ts';
import type { CallLimiter } from '../../src/models/waiting-line.ts';
import { CrashedFlights } from '../../src/store/flights.ts';
import { until } from '../support/until.ts';
import { hold } from '../support/workflow-stage.ts';
import { testDataset } from '../unit/store/support.ts';

const never = new AbortController().signal;
/** The limiter of the calls of one cell. */
function visitOf(flights: Flights, row: number, limiter: CallLimiter): CallLimiter {
  const cells = [{ column: 'body', row, in: '' }];
  return flights.visit(cells).limiterFor(cells, limiter);
}
const suspect: Guest = { name: 'suspect', isAlone: true, headStartMs: 0, mayStart: () => true };

describe('the calls of a build whose gate shuts while they wait for others', () => {
  it('let a suspect of another build go before them, and start when the gate opens', async () => {
    let isOpen = true;
    const mayStart = () => isOpen;
    const company = new Company();
    const dataset = await testDataset();
    const flights = new Flights({
      ...{ dataset, epoch: 1, crashed: await CrashedFlights.read(dataset), company, mayStart },
      fence: { look: async () => false },
      onBroken: ({ message }) => expect.fail(message),
    });
    const limiter = new Limiter({ max: 1, skipProbe: true });
    const ofBuild = { answered: 0, acquire: (signal: AbortSignal) => limiter.acquire(signal, { mayStart }) };
    const acquire = (row: number) => visitOf(flights, row, ofBuild).acquire(never);
    const first = await acquire(0);
    let hasSecond = false;
    const second = acquire(1).finally(() => {
      hasSecond = true;
    });
    await until(() => limiter.stats().waiting === 1);
    isOpen = false;
    first.succeed();

    await company.enter(suspect, never);
    expect(hasSecond).toBe(false);
    company.leave();
    isOpen = true;
    (await second).succeed();
    flights.dispose();
  });
});

it('counts as in flight what was sent, not a permit that is given back because the build has ended', async () => {
  const looked = hold();
  let isOpen = true;
  const mayStart = () => isOpen;
  const dataset = await testDataset();
  const flights = new Flights({
    ...{ dataset, epoch: 1, crashed: await CrashedFlights.read(dataset), company: new Company(), mayStart },
    fence: { look: () => looked.released.then(() => false) },
    onBroken: ({ message }) => expect.fail(message),
  });
  const limiter = new Limiter({ max: 2, skipProbe: true });
  const ofBuild = { answered: 0, acquire: (signal: AbortSignal) => limiter.acquire(signal, { mayStart }) };
  const stop = new AbortController();
  const acquire = (row: number) => visitOf(flights, row, ofBuild).acquire(stop.signal);
  const [first, second] = [acquire(0), acquire(1)];
  await until(() => limiter.stats().inFlight === 2);
  expect(flights.inFlight).toBe(0);
  looked.release();
  const permits = await Promise.all([first, second]);
  expect(flights.inFlight).toBe(2);
  permits[0].succeed();
  const third = acquire(2).catch(({ failure }) => failure);
  isOpen = false;
  stop.abort();
  expect(await third).toBe('cancelled');
  expect(flights.inFlight).toBe(1);
  permits[1].succeed();
  expect(flights.inFlight).toBe(0);
  flights.dispose();
});
