// Data Designer's two engines: `secure` takes only some of Jinja, `native` all of it. Here one engine renders for both.

import type { Refusal } from './syntax/token-stream.ts';

export const ENGINES = ['secure', 'native'] as const;
export type Engine = (typeof ENGINES)[number];

/** What to say, under the secure engine, about what it does not take: `has the filter "join", …`. */
export function sayRefusal({ what, level }: Refusal): string {
  return level === 'warning'
    ? `has ${what}, which works here; Data Designer has it with jinja_rendering_engine: native only`
    : `has ${what}, which needs jinja_rendering_engine: native, under rowloom or in the file of --run-config`;
}
