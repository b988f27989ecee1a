import type { Command } from 'commander';
import { ConfigError } from '../../../errors.ts';
import { plural } from '../../../text/plural.ts';
import { formatColumns, line } from '../../tell/format.ts';
import type { DocumentOptions } from '../../wish/prepare-document.ts';
import { formatType, type OutputColumn, validateDocument } from '../../wish/validate-document.ts';
import type { CliContext } from '../context.ts';
import { paintFor } from '../paint.ts';
import { fold, formatTable } from '../text.ts';
import { describeViolations } from '../violations.ts';

interface ValidateFlags {
  readonly runConfig?: string;
  readonly simulate: boolean;
  readonly json: boolean;
}

export function defineValidate(command: Command, context: CliContext): void {
  command
    .argument('<config>', 'a config document')
    .option('--run-config <file>', 'check run settings, too')
    .option('--simulate', 'no provider and no key is needed', false)
    .option('--json', 'as one JSON object, errors too', false)
    .action((config: string, flags: ValidateFlags) => validate(config, flags, context));
}

async function validate(config: string, flags: ValidateFlags, context: CliContext): Promise<void> {
  const { print, say, screen } = context;
  const options = { ...context, file: config, isSimulated: flags.simulate, runConfig: flags.runConfig };
  if (flags.json) return validateAsJson(options, context);
  const { columns, seeds, processors, warnings } = await validateDocument(options);
  const rows = columns.map((column) => [column.name, describeMaker(column), describeType(column)]);
  const [head = '', ...body] = formatTable(['column', 'made by', 'type'], rows);
  print(paintFor(screen).strong(head));
  for (const text of body)
    for (const part of screen === null ? [text] : fold(text, screen.width)) print(part);
  for (const text of describeViolations(warnings, context)) say(text);
  const parts = [formatColumns(columns.map(({ kind, isDropped: drop }) => ({ kind, drop })))];
  if (seeds !== null) parts.push(`seed data ${seeds.name}: ${plural(seeds.rows, 'row')}`);
  for (const { name, kind } of processors) parts.push(`processor ${name}: ${kind}`);
  if (warnings.length > 0) parts.push(plural(warnings.length, 'warning'));
  say(line('valid', parts.join(' · ')));
}

async function validateAsJson(options: DocumentOptions, context: CliContext): Promise<void> {
  try {
    const valid = await validateDocument(options);
    context.print(JSON.stringify({ isValid: true, ...valid }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.print(JSON.stringify({ isValid: false, violations: error.violations }));
    context.setExitCode(2);
  }
}

function describeMaker({ kind, model, madeWith }: OutputColumn): string {
  if (madeWith !== null) return `with ${madeWith}`;
  return model === null ? kind : `${kind} by ${model.alias}: ${model.name} (${model.provider})`;
}

function describeType({ type, isDropped }: OutputColumn): string {
  return isDropped ? `${formatType(type)}, dropped` : formatType(type);
}
