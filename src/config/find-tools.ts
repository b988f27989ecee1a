// The tools that a document's columns name, with where they are served.

import type { Violation } from '../errors.ts';
import type { ToolSettings } from '../plan.ts';
import type { Path } from './load.ts';
import type { ProviderSearch } from './providers.ts';
import type { Report } from './report.ts';
import { DEFAULT_TIMEOUT_S } from './schema/models.ts';
import { findToolServers } from './tool-servers.ts';
import { toolAliasesInUse, toolUseOf } from './tools.ts';
import type { ReadConfig } from './validate.ts';

interface FoundTools {
  /** Null where none is to be called: columns name none, or models are simulated. */
  readonly settings: ToolSettings | null;
  /** Of the user's files and the environment; what is wrong in the document is in its report. */
  readonly violations: readonly Violation[];
}

export async function findTools(
  report: Report,
  read: ReadConfig,
  options: Pick<ProviderSearch, 'environment' | 'home' | 'cwd'> & { readonly isSimulated: boolean },
): Promise<FoundTools> {
  const named = toolAliasesInUse(report, read);
  const used = read.tools.flatMap(({ path, config }) =>
    config === null || !named.includes(config.tool_alias) ? [] : [{ path, config }],
  );
  const wanted = new Map<string, Path>();
  for (const { path, config } of used)
    for (const [index, name] of config.providers.entries())
      if (!wanted.has(name)) wanted.set(name, [...path, 'providers', index]);
  if (options.isSimulated || used.length === 0) return { settings: null, violations: [] };
  const found = await findToolServers({ ...options, report, wanted, inDocument: read.toolServers });
  const aliases = used.map(({ config }) => {
    const timeoutMs = Math.round((config.timeout_sec ?? DEFAULT_TIMEOUT_S) * 1_000);
    return [config.tool_alias, { use: toolUseOf(config), timeoutMs }] as const;
  });
  const settings = { servers: found.servers, aliases: Object.fromEntries(aliases) };
  return { settings, violations: found.violations };
}
