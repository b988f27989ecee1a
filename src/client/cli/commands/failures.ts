import type { Command } from 'commander';
import { DROPPED_BY_PROCESSOR } from '../../../errors.ts';
import { type Failure, groupFailures } from '../../../store/failures.ts';
import { plural } from '../../../text/plural.ts';
import { listFailures } from '../../look/look.ts';
import { describeFailureGroup, joinParts, line, partsOf } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { paintFor } from '../paint.ts';
import { addPlaceOptions, commandAbout, datasetPlace, type JsonFlags } from '../place-options.ts';
import { clip, wrap } from '../text.ts';

const MAX_ANSWER_WIDTH = 200;
const MAX_CAUSE_WIDTH = 400;

export function defineFailures(command: Command, context: CliContext): void {
  addPlaceOptions(command)
    .option('--json', 'one JSON object a line, answers whole', false)
    .action((target: string, flags: JsonFlags) => failures(target, flags, context));
}

async function failures(target: string, flags: JsonFlags, context: CliContext): Promise<void> {
  const { print, say, flush, screen } = context;
  const place = datasetPlace(target, flags, context);
  const paint = paintFor(screen);
  const width = screen?.width ?? Number.POSITIVE_INFINITY;
  if (!flags.json) {
    for (const group of await groupFailures(listFailures(place))) {
      const text = clip(describeFailureGroup(group), MAX_CAUSE_WIDTH);
      for (const part of wrap(text, width)) print(paint.strong(part));
    }
  }
  let count = 0;
  let first: number | undefined;
  for await (const failure of listFailures(place)) {
    if (flags.json) print(JSON.stringify(failure));
    else {
      if (count === 0) print('');
      for (const text of describeFailure(failure, width)) print(text);
    }
    count += 1;
    first ??= failure.row;
    await flush();
  }
  say(line('failures', count === 0 ? 'none' : plural(count, 'cell')));
  if (first !== undefined && !flags.json) {
    say(
      line(
        'look',
        `at one, with its prompt and every answer: ${commandAbout('show', [target, `${first}`], flags)}`,
      ),
    );
  }
}

/** Row, column and what it took; below it the reason and the last answer. */
function describeFailure(failure: Failure, width: number): string[] {
  const { row, column, kind, isDropped, message, calls, answer } = failure;
  const tries = calls.length > 0 && plural(calls.length, 'call');
  const last = answer !== null && `last answer: ${answer === '' ? '""' : clip(answer, MAX_ANSWER_WIDTH)}`;
  const why = partsOf(message, last).flatMap((text) => wrap(text, width - 2));
  const name = kind !== DROPPED_BY_PROCESSOR && clip(column, MAX_ANSWER_WIDTH);
  const cell = joinParts(`row ${row}`, name, tries, !isDropped && 'its row stays');
  return [cell, ...why.map((text) => `  ${text}`)];
}
