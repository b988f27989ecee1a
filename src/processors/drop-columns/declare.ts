// `drop_columns`: takes columns out of the output, as `drop: true` on them does. They are made, and kept beside it.

import { z } from 'zod';
import { filledText, map, oneOf } from '../../columns/fields.ts';
import { nearestName } from '../../text/nearest-name.ts';
import { suggestion } from '../../text/phrases.ts';
import { patternOf } from '../../text/wildcards.ts';
import type { ProcessorChecks, ProcessorDeclaration } from '../declaration.ts';

const schema = map({
  name: filledText(),
  processor_type: oneOf(['drop_columns']),
  column_names: z.array(filledText()).min(1),
});
type DropColumnsConfig = z.output<typeof schema>;

export const declare: ProcessorDeclaration<
  'drop_columns',
  DropColumnsConfig,
  Record<never, never>,
  z.input<typeof schema>
> = {
  kind: 'drop_columns',
  schema,
  check,
  drops: ({ column_names }, columns) =>
    columns.filter((name) => column_names.some((pattern) => isMatch(pattern, name))),
  // The columns say it.
  form: () => null,
  words: {},
};

function check({ column_names }: DropColumnsConfig, { columns, add }: ProcessorChecks): void {
  if (columns === null) return;
  for (const [index, pattern] of column_names.entries()) {
    if (columns.some((name) => isMatch(pattern, name))) continue;
    const path = ['column_names', index];
    if (pattern.includes('*'))
      add(path, `"${pattern}" is the pattern of no column`, { level: 'warning', isWhole: true });
    else add(path, `no column "${pattern}"${suggestion(nearestName(pattern, columns))}`, { isWhole: true });
  }
}

/** A pattern is what has a `*` in it: anything else is a name, as columns may have `?` and brackets in theirs. */
function isMatch(pattern: string, name: string): boolean {
  return pattern.includes('*') ? patternOf(pattern)(name) : pattern === name;
}
