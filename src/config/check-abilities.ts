// Whether the providers of the models in use can do what the document asks of them, before anything is paid.

import type { Modality } from '../columns/media/context.ts';
import { providerKindOf } from '../models/providers/kinds.ts';
import { warnOfUnsent } from './extra-body.ts';
import type { Report } from './report.ts';
import type { ModelProvider } from './schema/models.ts';
import type { ReadConfig, ReadModel } from './validate.ts';

/** Everything wrong is in the reports. `aliases`: of the models that columns name. */
export function checkAbilities(
  report: Report,
  { columns, models }: Pick<ReadConfig, 'columns' | 'models'>,
  of: { readonly aliases: readonly string[]; readonly providers: ReadonlyMap<string, ModelProvider> },
): void {
  const kindOf = ({ config }: ReadModel) => {
    const provider = of.providers.get(config?.provider ?? '');
    return provider === undefined
      ? null
      : { name: provider.provider_type, ...providerKindOf(provider.provider_type) };
  };
  for (const model of models) {
    const kind = kindOf(model);
    if (kind === null || model.alias === null || !of.aliases.includes(model.alias)) continue;
    const body = model.config?.inference_parameters.extra_body ?? null;
    warnOfUnsent(model.report, [...model.path, 'inference_parameters', 'extra_body'], { body, kind });
    if (kind.makes.includes(model.makes)) continue;
    const message = `is of provider_type ${kind.name}, which makes no ${model.makes}: use another provider`;
    model.report.add({ path: [...model.path, 'provider'], message });
  }
  for (const { path, config } of columns) {
    if (config === null || !('multi_modal_context' in config) || !('model_alias' in config)) continue;
    const model = models.find(({ alias }) => alias === config.model_alias);
    const kind = model === undefined ? null : kindOf(model);
    const contexts = (config.multi_modal_context ?? []) as readonly { readonly modality: Modality }[];
    for (const [index, { modality }] of contexts.entries()) {
      if (kind === null || kind.sees.includes(modality)) continue;
      const message = `is ${modality}, which models of provider_type ${kind.name} do not take`;
      report.add({ path: [...path, 'multi_modal_context', index, 'modality'], message });
    }
  }
}
