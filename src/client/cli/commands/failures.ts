import type { Command } from 'commander';
import { plural } from '../../../plural.ts';
import type { Failure } from '../../../store/failures.ts';
import { line } from '../../format.ts';
import { listFailures } from '../../look.ts';
import type { CliContext } from '../context.ts';
import { paintFor } from '../paint.ts';
import { addPlaceOptions, datasetPlace, type JsonFlags } from '../place-options.ts';
import { clip } from '../text.ts';

const MAX_ANSWER_WIDTH = 200;

export function defineFailures(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--json', 'one JSON object a line, answers whole', false)
    .action((target: string, flags: JsonFlags) => failures(target, flags, context));
}

async function failures(target: string, flags: JsonFlags, context: CliContext): Promise<void> {
  const { print, say, flush, screen } = context;
  const paint = paintFor(screen);
  let count = 0;
  for await (const failure of listFailures(datasetPlace(target, flags, context))) {
    count += 1;
    if (flags.json) print(JSON.stringify(failure));
    else {
      const [head, ...rest] = describeFailure(failure);
      print(paint.strong(head));
      for (const text of rest) print(`  ${text}`);
    }
    await flush();
  }
  say(line('failures', count === 0 ? 'none' : plural(count, 'cell')));
}

function describeFailure(failure: Failure): [string, ...string[]] {
  const { row, column, kind, message, calls, raw } = failure;
  const tries = calls.length === 0 ? [] : [plural(calls.length, 'call')];
  return [
    [`row ${row}`, column, kind, ...tries].join(' · '),
    clip(message, Number.POSITIVE_INFINITY),
    ...(raw === null ? [] : [`last answer: ${clip(raw, MAX_ANSWER_WIDTH)}`]),
  ];
}
