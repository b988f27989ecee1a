import type { Command } from 'commander';
import { shorten } from '../../../text/shorten.ts';
import { checkModels } from '../../build/check-models.ts';
import { formatDuration, joinParts, line } from '../../tell/format.ts';
import type { CliContext } from '../context.ts';
import { handleInterrupts } from '../interrupts.ts';

interface CheckModelsFlags {
  readonly simulate: boolean;
  readonly json: boolean;
}

/** Of an answer: a line is enough to see that there is one. */
const MAX_ANSWER_LENGTH = 120;

export function defineCheckModels(command: Command, context: CliContext): void {
  command
    .argument('<config>', 'a config document')
    .option('--simulate', 'ask the simulated model in place of each', false)
    .option('--json', 'one JSON object a model', false)
    .action((config: string, flags: CheckModelsFlags) => check(config, flags, context));
}

async function check(config: string, flags: CheckModelsFlags, context: CliContext): Promise<void> {
  const { print, say, setExitCode } = context;
  const interrupts = handleInterrupts({ say, onFirst: () => undefined, leaving: 'a call was in flight' });
  let asked = 0;
  try {
    const options = { ...context, file: config, isSimulated: flags.simulate, stopSignal: interrupts.signal };
    for await (const found of checkModels(options)) {
      if (interrupts.signal.aborted) break;
      const { isAnswering, ms, text } = found;
      const who =
        'tools' in found
          ? `tools ${found.tools} of ${found.providers.join(', ')}`
          : `${found.alias} → ${found.model} at ${found.host}`;
      asked += 1;
      if (!isAnswering) setExitCode(1);
      const said = isAnswering ? shorten(text.replace(/\s+/g, ' '), MAX_ANSWER_LENGTH) : text;
      if (flags.json) print(JSON.stringify(found));
      else print(line(isAnswering ? 'answers' : 'failed', joinParts(who, formatDuration(ms), said)));
    }
  } finally {
    interrupts.dispose();
  }
  if (interrupts.signal.aborted) {
    say(line('stopped', 'not every model was asked'));
    setExitCode(1);
  } else if (asked === 0) say(line('done', 'no column asks a model'));
}
