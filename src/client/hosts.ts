import { findOwn, setOwn } from '../own-keys.ts';
import { isModelColumn, type Plan, type Settings } from '../plan.ts';

/** The host that each model column asks; a simulated one has none. */
export function hostsByColumn(
  plan: Plan,
  { models, providers }: Pick<Settings, 'models' | 'providers'>,
): { readonly [column: string]: string } {
  const hosts: Record<string, string> = {};
  for (const column of plan.columns) {
    if (!isModelColumn(column)) continue;
    const provider = providers.find(({ name }) => name === findOwn(models, column.alias)?.provider);
    if (provider === undefined || provider.endpoint === null || provider.type === 'simulated') continue;
    setOwn(hosts, column.name, new URL(provider.endpoint).host);
  }
  return hosts;
}
