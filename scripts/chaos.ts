// Builds through the disturbances of many seeds, and says what did not hold. Exit 1 if anything did not.
//
//   npm run chaos -- --seeds 100 [--first 1]

import { parseArgs } from 'node:util';
import { buildThrough, disturbancesOf, violationsOf } from '../test/support/disturbed-build.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, first: { type: 'string', default: '1' } },
});
const first = Number(values.first);
const undisturbed = await buildThrough([]);
let broken = 0;
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const disturbances = disturbancesOf(seed);
  const outcome = await buildThrough(disturbances);
  const violations = violationsOf(outcome, undisturbed);
  if (violations.length > 0) broken += 1;
  const hits = disturbances.map(({ target, answers, thenMs }) =>
    answers === null ? `${target} ${thenMs} ms after the start` : `${target} at ${answers} answers`,
  );
  const lost = outcome.lost.reduce((sum, calls) => sum + calls, 0);
  console.log(`seed ${seed}: ${hits.join(', ')} · ${lost} lost, ${outcome.repeated} repeated`);
  for (const violation of violations) console.log(`  ${violation}`);
}
console.log(`${values.seeds} seeds, ${broken} broken`);
process.exitCode = broken === 0 ? 0 : 1;
