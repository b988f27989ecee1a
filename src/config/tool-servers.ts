// Where tools are served. An MCP provider is looked for, by name, in the document, then in the user's own files: under
// `mcp_providers` in the file of ROWLOOM_PROVIDERS or ~/.config/rowloom/providers.yaml, then in Data Designer's
// ~/.data-designer/mcp_providers.yaml; the first of that name counts.
//
//   T1. A command stands in a file of the user's own only: a document that names one is refused.
//   T2. What such a file says (commands, their environment, keys, addresses) is read by the process that asks the server,
//       and leaves it for no plan, settings, log or message.

import { plainText } from '../columns/fields.ts';
import { ConfigError, type Violation } from '../errors.ts';
import { findOwn } from '../own-keys.ts';
import type { ToolServerSettings } from '../plan.ts';
import type { Environment } from '../proxies.ts';
import { variableProblem } from '../text/header-text.ts';
import { nearestName } from '../text/nearest-name.ts';
import { suggestion } from '../text/phrases.ts';
import type { ToolServer } from '../tools/tool-server.ts';
import { readPart } from './explain.ts';
import type { Path } from './load.ts';
import { namesIn, openProviderFile, type ProviderSearch, providerFiles } from './providers.ts';
import type { Report } from './report.ts';
import { type LocalToolServer, type RemoteToolServer, TOOL_SERVERS } from './schema/tools.ts';
import { hasSecret, isTellingName, isVariableName } from './secrets.ts';

type Server = RemoteToolServer | LocalToolServer;

export const OWN_FILES = 'under mcp_providers in ~/.config/rowloom/providers.yaml';

type Places = Pick<ProviderSearch, 'environment' | 'home' | 'cwd'>;

/** Where a document may have some. */
const DOCUMENT_LISTS = [['rowloom', 'mcp_providers'], ['mcp_providers']];

/** Reads the servers of a document, with `only` those of certain names. What is wrong is in the report. */
export function readDocumentServers(
  report: Report,
  listPath: Path,
  only?: readonly string[],
): readonly RemoteToolServer[] {
  return readServers(report, listPath, only).flatMap(({ path: place, server }) => {
    if ('command' in server) {
      report.add({
        path: [...place, 'command'],
        message: `is refused: a document may start no program · put this MCP provider ${OWN_FILES}, where you alone write`,
      });
      return [];
    }
    const { endpoint, api_key: key } = server;
    if (URL.canParse(endpoint) && hasSecret(new URL(endpoint)))
      report.add({ path: [...place, 'endpoint'], message: `holds a secret in clear: put it ${OWN_FILES}` });
    if (key !== null && !isVariableName(key))
      report.add({
        path: [...place, 'api_key'],
        message:
          'is no name of an environment variable; if it is the key itself, put it into one and name that',
      });
    return [server];
  });
}

function readServers(
  report: Report,
  listPath: Path,
  only?: readonly string[],
): readonly { readonly path: Path; readonly server: Server }[] {
  const list = report.read(listPath) ?? [];
  if (!Array.isArray(list)) {
    report.add({ path: listPath, message: 'has to be a list' });
    return [];
  }
  const servers: { readonly path: Path; readonly server: Server }[] = [];
  for (const index of list.keys()) {
    const place = [...listPath, index];
    const [name, type] = ['name', 'provider_type'].map((field) => plainText(report.read([...place, field])));
    if (only !== undefined && !only.includes(name as string)) continue;
    const isLocal =
      type === 'stdio' || (type === undefined && report.read([...place, 'command']) !== undefined);
    const server = readPart<typeof TOOL_SERVERS.remote | typeof TOOL_SERVERS.local>(report, {
      path: place,
      schema: isLocal ? TOOL_SERVERS.local : TOOL_SERVERS.remote,
    });
    if (server === null) continue;
    if ('endpoint' in server && !isWebAddress(server.endpoint))
      report.add({
        path: [...place, 'endpoint'],
        message: 'has to be a URL such as http://localhost:8080/mcp',
      });
    if (servers.some((other) => other.server.name === server.name))
      report.add({
        path: [...place, 'name'],
        message: `"${server.name}" is the name of an earlier provider`,
      });
    else servers.push({ path: place, server });
  }
  return servers;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export interface ToolServerSearch extends Places {
  readonly report: Report;
  /** Names in use, each with the place that names it first. */
  readonly wanted: ReadonlyMap<string, Path>;
  readonly inDocument: readonly RemoteToolServer[];
}

/** What a build is told of the servers in use. What is wrong in the document is in its report. */
export async function findToolServers({ report, wanted, inDocument, ...places }: ToolServerSearch): Promise<{
  readonly servers: readonly ToolServerSettings[];
  readonly violations: readonly Violation[];
}> {
  const own = inDocument.filter(({ name }) => wanted.has(name));
  // One that is there but wrong is not looked for elsewhere.
  const known = DOCUMENT_LISTS.flatMap((list) => namesIn(report, list));
  const others = [...wanted.keys()].filter((name) => !known.includes(name));
  const found = await readOwnFiles(others, places);
  for (const name of others) {
    if (found.names.includes(name)) continue;
    const near = suggestion(nearestName(name, [...known, ...found.names]));
    const message = `no MCP provider "${name}"${near} (in providers)${near === '' ? `: describe it ${OWN_FILES}` : ''}`;
    report.add({ path: wanted.get(name)!, message, isWhole: true });
  }
  const variables = [...own, ...found.servers].flatMap((server) => unusableKey(server, places.environment));
  return {
    servers: [...wanted.keys()].map((name): ToolServerSettings => {
      const server = own.find((candidate) => candidate.name === name);
      if (server === undefined) return { name, remote: null };
      const { provider_type: type, endpoint, api_key: apiKeyVariable } = server;
      return { name, remote: { type, endpoint, apiKeyVariable } };
    }),
    violations: [...found.violations, ...variables],
  };
}

/** How this process asks a server. Throws `ConfigError` where it cannot. */
export async function openToolServer(settings: ToolServerSettings, places: Places): Promise<ToolServer> {
  const { name, remote } = settings;
  const { environment } = places;
  if (remote !== null) return remoteOf({ name, ...remote, apiKey: remote.apiKeyVariable }, environment);
  const { servers, violations } = await readOwnFiles([name], places);
  if (violations.some(({ level }) => level === 'error')) throw new ConfigError(violations);
  const [server] = servers;
  if (server === undefined)
    throw ConfigError.about(null, `no MCP provider "${name}" here: describe it ${OWN_FILES}`);
  if ('command' in server) {
    const { command, args, env } = server;
    return {
      name,
      host: null,
      secrets: Object.values(env),
      transport: { type: 'stdio', command, args, env },
    };
  }
  const { provider_type: type, endpoint, api_key: apiKey } = server;
  return remoteOf({ name, type, endpoint, apiKey }, environment);
}

function remoteOf(
  of: Pick<ToolServer, 'name'> & {
    readonly type: RemoteToolServer['provider_type'];
    readonly endpoint: string;
    readonly apiKey: string | null;
  },
  environment: Environment,
): ToolServer {
  const { name, type, endpoint } = of;
  const [problem] = unusableKey({ name, api_key: of.apiKey }, environment);
  if (problem !== undefined) throw new ConfigError([problem]);
  const apiKey = of.apiKey === null ? null : (findOwn(environment, of.apiKey) ?? of.apiKey);
  const url = new URL(endpoint);
  const inUrl = [url.password, ...url.searchParams.values()];
  const secrets = [...(apiKey === null ? [] : [apiKey]), ...inUrl].filter((text) => text !== '');
  return { name, host: url.host, secrets, transport: { type, url, apiKey } };
}

/** A key in a file of the user's own may stand there itself, as in Data Designer; the name of a variable has to be set. */
function unusableKey(
  server: { readonly name: string } & ({ readonly api_key: string | null } | object),
  environment: Environment,
): readonly Violation[] {
  const key = 'api_key' in server ? server.api_key : null;
  if (key === null) return [];
  const value = findOwn(environment, key);
  const problem = value === undefined && !isTellingName(key) ? null : variableProblem(value);
  if (problem === null) return [];
  const what = isTellingName(key) ? key : 'the environment variable that api_key names';
  const message = `${what} ${problem} (MCP provider "${server.name}") · to try without: --simulate`;
  return [{ file: null, line: null, column: null, level: 'error', message }];
}

interface OwnServers {
  readonly servers: readonly Server[];
  /** All that are in the files, broken ones too. */
  readonly names: readonly string[];
  readonly violations: readonly Violation[];
}

async function readOwnFiles(wanted: readonly string[], places: Places): Promise<OwnServers> {
  const found: Server[] = [];
  const names: string[] = [];
  const violations: Violation[] = [];
  for (const file of providerFiles('mcp_providers.yaml', places)) {
    const list = [file.isForeign ? 'providers' : 'mcp_providers'];
    const missing = wanted.filter((name) => !names.includes(name));
    if (missing.length === 0) break;
    const { report, violations: unread } = await openProviderFile(file);
    violations.push(...unread);
    if (report === null) continue;
    found.push(...readServers(report, list, missing).map(({ server }) => server));
    names.push(...namesIn(report, list));
    violations.push(...report.violations);
  }
  return { servers: found, names, violations };
}
