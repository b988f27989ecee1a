import type { Command } from 'commander';
import { editorSchema } from '../../../config/editor-schema.ts';
import type { CliContext } from '../context.ts';

export function defineSchema(command: Command, context: CliContext): void {
  command.action(() => context.print(JSON.stringify(editorSchema(), null, 1)));
}
