// Where models are asked. A provider is looked for, by name, in the document, then in the file that ROWLOOM_PROVIDERS
// names or ~/.config/rowloom/providers.yaml, then in Data Designer's ~/.data-designer/model_providers.yaml, then among
// the built-in ones; the first of that name counts. Only providers in use are read and checked, but all of the document's.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, plainText } from '../columns/fields.ts';
import type { Violation } from '../errors.ts';
import { type ProviderType, providerKindOf } from '../models/providers/kinds.ts';
import { findOwn } from '../own-keys.ts';
import type { ProviderSettings } from '../plan.ts';
import { isHeaderName, isHeaderValue, NO_HEADER_VALUE, variableProblem } from '../text/header-text.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import { readPart, unknownField } from './explain.ts';
import { checkExtraBody, warnOfUnsent } from './extra-body.ts';
import { loadDocument, type Path } from './load.ts';
import { Report } from './report.ts';
import { type ModelProvider, modelProvider, type Simulation, simulation } from './schema/models.ts';
import { hasSecret, isSecretHeader, isTellingName, isVariableName, variablesIn } from './secrets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The endpoints that Data Designer knows, and Anthropic's. */
const BUILT_IN: readonly ModelProvider[] = [
  builtIn('nvidia', { endpoint: 'https://integrate.api.nvidia.com/v1', apiKey: 'NVIDIA_API_KEY' }),
  builtIn('openai', { endpoint: 'https://api.openai.com/v1', apiKey: 'OPENAI_API_KEY' }),
  builtIn('openrouter', { endpoint: 'https://openrouter.ai/api/v1', apiKey: 'OPENROUTER_API_KEY' }),
  builtIn('anthropic', {
    ...{ endpoint: 'https://api.anthropic.com', apiKey: 'ANTHROPIC_API_KEY', type: 'anthropic' },
  }),
];

function builtIn(
  name: string,
  of: { readonly endpoint: string; readonly apiKey: string; readonly type?: ProviderType },
): ModelProvider {
  return {
    name,
    endpoint: of.endpoint,
    provider_type: of.type ?? 'openai',
    api_key: of.apiKey,
    extra_body: null,
    extra_headers: null,
    simulation: null,
  };
}

/** Answers at once and without errors. */
const PLAIN_SIMULATION = simulation.parse({});

/** A provider that answers offline in place of the one of that name. */
export function simulatedProvider(name: string): ModelProvider {
  return {
    ...builtIn(name, { endpoint: '', apiKey: '' }),
    endpoint: null,
    api_key: null,
    provider_type: 'simulated',
    simulation: PLAIN_SIMULATION,
  };
}

/** Reads a list of providers, with `only` those of certain names. What is wrong with them is in the report. */
export function readProviders(
  report: Report,
  listPath: Path,
  only?: readonly string[],
): readonly ModelProvider[] {
  const list = report.read(listPath) ?? [];
  if (!Array.isArray(list)) {
    report.add({ path: listPath, message: `has to be a list, not ${describe(list)}` });
    return [];
  }
  const providers: ModelProvider[] = [];
  list.forEach((_, index) => {
    const path = [...listPath, index];
    const name = plainText(report.read([...path, 'name']));
    if (only !== undefined && !only.includes(name as string)) return;
    const provider = readProvider(report, path);
    if (provider === null) return;
    if (providers.some((other) => other.name === provider.name)) {
      report.add({
        path: [...path, 'name'],
        message: `"${provider.name}" is the name of an earlier provider`,
      });
    } else {
      providers.push(provider);
    }
  });
  return providers;
}

function readProvider(report: Report, path: Path): ModelProvider | null {
  const provider = readPart(report, { path, schema: modelProvider });
  if (provider !== null) checkProvider(report, { path, provider });
  return provider;
}

const NO_SECRETS = 'put it into an environment variable and name that';

function checkProvider(
  report: Report,
  { path, provider }: { readonly path: Path; readonly provider: ModelProvider },
): void {
  const {
    endpoint,
    provider_type: type,
    api_key: apiKey,
    extra_headers: headers,
    extra_body: body,
  } = provider;
  const add = (field: Path, message: string) => report.add({ path: [...path, ...field], message });
  const kind = providerKindOf(type);
  const { isHosted, chatRoute } = kind;
  if (type !== 'simulated' && provider.simulation !== null)
    add(['simulation'], 'is for provider_type "simulated" only');
  if (endpoint === null) {
    if (isHosted)
      report.add({ path: [...path, 'endpoint'], message: 'is missing', position: report.keyPosition(path) });
  } else if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    if (isHosted) add(['endpoint'], 'has to be a URL such as http://localhost:8000/v1');
  } else if (hasSecret(new URL(endpoint))) {
    add(['endpoint'], `holds a secret in clear: ${NO_SECRETS} in api_key or a header`);
  } else if (isHosted && endpoint.includes('#')) {
    add(['endpoint'], 'has a part after "#", which is never sent: leave it out');
  } else if (isHosted && new URL(endpoint).pathname.replace(/\/+$/, '').endsWith(chatRoute)) {
    add(['endpoint'], `ends with ${chatRoute}, which is put behind it: leave that out`);
  }
  // Of one that answers offline too: the document is kept in the store as it is.
  if (apiKey !== null && !isVariableName(apiKey)) {
    add(['api_key'], `is no name of an environment variable; if it is the key itself, ${NO_SECRETS}`);
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (isSecretHeader(name, value)) {
      add(['extra_headers', name], `holds a secret in clear: ${NO_SECRETS} as \${NAME}`);
    }
    if (!isHeaderName(name)) add(['extra_headers', name], 'is no header that can be set');
    else if (!isHeaderValue(value)) add(['extra_headers', name], NO_HEADER_VALUE);
  }
  checkExtraBody(report, [...path, 'extra_body'], body);
  warnOfUnsent(report, [...path, 'extra_body'], { body, kind });
}

export interface ProviderSearch {
  /** Of the document. */
  readonly report: Report;
  /** Names in use, each with the place that names it first. */
  readonly wanted: ReadonlyMap<string, { readonly report: Report; readonly path: Path }>;
  readonly inDocument: readonly ModelProvider[];
  readonly environment: Environment;
  /** The user's home folder. */
  readonly home: string;
  readonly cwd: string;
}

export interface FoundProviders {
  readonly providers: ReadonlyMap<string, ModelProvider>;
  /** Of provider files and the environment; what is wrong in the document is in its report. */
  readonly violations: readonly Violation[];
}

/** Finds the providers in use and checks that their environment variables are of use. */
export async function findProviders(search: ProviderSearch): Promise<FoundProviders> {
  const found = new Map<string, ModelProvider>();
  const known = new Set<string>();
  const violations: Violation[] = [];
  const missing = () => [...search.wanted.keys()].filter((name) => !found.has(name));
  const take = (providers: readonly ModelProvider[]) => {
    for (const provider of providers) {
      known.add(provider.name);
      if (search.wanted.has(provider.name) && !found.has(provider.name)) found.set(provider.name, provider);
    }
  };
  take(search.inDocument);
  // One that is there but wrong is not looked for elsewhere: its own error is the one to read.
  const broken = new Set<string>();
  for (const file of providerFiles('model_providers.yaml', search)) {
    if (missing().length === 0) break;
    const read = await readProviderFile(file, missing());
    take(read.providers);
    for (const name of read.names) known.add(name);
    violations.push(...read.violations);
    for (const name of missing()) if (read.names.includes(name)) broken.add(name);
  }
  take(BUILT_IN);
  for (const name of missing()) {
    if (broken.has(name)) continue;
    const { report, path } = search.wanted.get(name)!;
    // It is there, and could not be read.
    if (namesIn(search.report, ['rowloom', 'providers']).includes(name)) continue;
    const near = nearestName(name, [...known]);
    report.add({ path, message: `no provider "${name}"${suggestion(near)} (in provider)`, isWhole: true });
  }
  for (const provider of found.values()) violations.push(...unusableVariables(provider, search.environment));
  return { providers: found, violations };
}

/** Of Rowloom's own file. */
const OWN_FIELDS = ['providers', 'mcp_providers'];

type Places = Pick<ProviderSearch, 'environment' | 'home' | 'cwd'>;

interface ProviderFile {
  readonly path: string;
  /** As people read it. */
  readonly shown: string;
  /** A file that somebody named has to be there. */
  readonly isNamed: boolean;
  /** Data Designer's own file holds more than providers. */
  readonly isForeign: boolean;
}

/** The user's own files, the first of which counts: Rowloom's, and Data Designer's of that name. */
export function providerFiles(dataDesigners: string, places: Places): readonly [ProviderFile, ProviderFile] {
  const { environment, home, cwd } = places;
  const named = environment.ROWLOOM_PROVIDERS;
  const own =
    named === undefined || named === ''
      ? {
          path: path.join(home, '.config/rowloom/providers.yaml'),
          shown: '~/.config/rowloom/providers.yaml',
          isNamed: false,
        }
      : { path: path.resolve(cwd, named), shown: named, isNamed: true };
  const foreign = dataDesignerFile(dataDesigners, places);
  return [
    { ...own, isForeign: false },
    { ...foreign, isNamed: false, isForeign: true },
  ];
}

/** Where Data Designer keeps a file of its own, and how people write that. */
export function dataDesignerFile(
  name: string,
  { environment, home, cwd }: Places,
): Pick<ProviderFile, 'path' | 'shown'> {
  const folder = environment.DATA_DESIGNER_HOME;
  return folder === undefined || folder === ''
    ? { path: path.join(home, '.data-designer', name), shown: `~/.data-designer/${name}` }
    : { path: path.resolve(cwd, folder, name), shown: `${folder}/${name}` };
}

interface ReadProviderFile {
  readonly providers: readonly ModelProvider[];
  /** All names in it, of broken ones too. */
  readonly names: readonly string[];
  readonly violations: readonly Violation[];
}

async function readProviderFile(file: ProviderFile, wanted: readonly string[]): Promise<ReadProviderFile> {
  const { report, violations } = await openProviderFile(file);
  if (report === null) return { providers: [], names: [], violations };
  const providers = readProviders(report, ['providers'], wanted);
  return { providers, names: namesIn(report, ['providers']), violations: report.violations };
}

/** The names in a list of providers, of broken ones too. */
export function namesIn(report: Report, list: Path): readonly string[] {
  const items = report.read(list);
  return Array.isArray(items)
    ? items
        .map((_, index) => plainText(report.read([...list, index, 'name'])))
        .filter((name) => typeof name === 'string')
    : [];
}

/** Null for one that is not there or cannot be read. */
export async function openProviderFile(
  file: ProviderFile,
): Promise<{ readonly report: Report | null; readonly violations: readonly Violation[] }> {
  const refuse = (message: string) => ({
    report: null,
    violations: [{ file: file.shown, line: null, column: null, level: 'error', message } as const],
  });
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file.path);
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isAbsent) return refuse(`cannot be read: ${(error as Error).message}`);
    return file.isNamed
      ? refuse('does not exist: ROWLOOM_PROVIDERS names it')
      : { report: null, violations: [] };
  }
  const { document, violations } = loadDocument(bytes, file.shown);
  if (document === null) return { report: null, violations };
  const report = new Report(document, []);
  const fields = Object.keys(document.tree as object);
  for (const name of file.isForeign ? [] : fields) {
    if (!OWN_FIELDS.includes(name)) report.add(unknownField([name], OWN_FIELDS));
  }
  return { report, violations: [] };
}

function unusableVariables(provider: ModelProvider, environment: Environment): readonly Violation[] {
  if (!providerKindOf(provider.provider_type).isHosted) return [];
  const named = provider.api_key !== null && isVariableName(provider.api_key) ? [provider.api_key] : [];
  const referred = Object.values(provider.extra_headers ?? {}).flatMap(variablesIn);
  return [...new Set([...named, ...referred])].flatMap((variable): Violation[] => {
    const problem = variableProblem(findOwn(environment, variable));
    if (problem === null) return [];
    const what = isTellingName(variable) ? variable : 'the environment variable that api_key names';
    const message = `${what} ${problem} (provider "${provider.name}") · to try without: --simulate`;
    return [{ file: null, line: null, column: null, level: 'error', message }];
  });
}

/** What a build needs to know of a provider; no secrets. */
export function settingsOfProvider(provider: ModelProvider): ProviderSettings {
  const { isHosted } = providerKindOf(provider.provider_type);
  const { latency_ms, jitter, error_rate, busy_rate }: Simulation = provider.simulation ?? PLAIN_SIMULATION;
  return {
    name: provider.name,
    type: provider.provider_type,
    endpoint: isHosted ? provider.endpoint : null,
    apiKeyVariable: isHosted ? provider.api_key : null,
    headers: isHosted ? (provider.extra_headers ?? {}) : {},
    simulation: isHosted
      ? null
      : { latencyMs: latency_ms, jitter, errorRate: error_rate, busyRate: busy_rate },
  };
}
