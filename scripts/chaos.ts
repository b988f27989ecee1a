// Builds through the disturbances of many seeds, and says what did not hold. Exit 1 if anything did not.
//
//   npm run chaos -- --seeds 100 [--first 1] [--every-kind]
//
// Of a document that asks a model for each cell, or with `--every-kind` of one with a column of each kind, where some go in
// lists, and processors.

import { parseArgs } from 'node:util';
import { buildThrough, disturbancesOf, violationsOf } from '../test/support/disturbed-build.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    first: { type: 'string', default: '1' },
    'every-kind': { type: 'boolean', default: false },
  },
});
const first = Number(values.first);
const document = values['every-kind'] ? 'every kind' : 'tickets';
const undisturbed = await buildThrough([], document);
for (const violation of violationsOf(undisturbed, undisturbed)) console.log(`undisturbed: ${violation}`);
let broken = 0;
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const disturbances = disturbancesOf(seed);
  const outcome = await buildThrough(disturbances, document);
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
