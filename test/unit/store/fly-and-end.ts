// A process of its own that has calls in flight when it ends: killed, by an error that nobody caught, or as it likes.

import { FlightLog, type FlyingCell } from '../../../src/store/flights.ts';
import { openStore } from '../../../src/store/store.ts';

export type Ending = 'killed' | 'thrown' | 'left' | 'finished';

const [directory = '', cells = '', ending = ''] = process.argv.slice(2);
const store = await openStore(directory, { access: 'build' });
const log = new FlightLog(await store.openDataset('tickets'), 1);
for (const { isAlone, ...cell } of JSON.parse(cells) as (FlyingCell & { isAlone: boolean })[]) {
  log.begin(cell, { isAlone });
}
const endings: { readonly [ending in Ending]: () => void } = {
  killed: () => process.kill(process.pid, 'SIGKILL'),
  thrown() {
    throw new Error('Nobody catches this');
  },
  left: () => process.exit(1),
  finished: () => undefined,
};
endings[ending as Ending]();
