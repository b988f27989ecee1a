// A folder in which the command line makes a dataset from a mock model, and what it comes to.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { killAndWait, type ProcessIdentity, processStart } from '../../src/server/processes.ts';
import { findLivingClaim, findServerState, findServers } from '../../src/server/server-files.ts';
import { type Cost, costOf } from '../../src/store/call-usage.ts';
import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { openStore } from '../../src/store/store.ts';
import { readUsage } from '../../src/store/usage.ts';
import type { ValueObject } from '../../src/values.ts';
import { type CliOptions, type CliProcess, startCli } from './cli.ts';
import type { MockModelServer, MockStats } from './mock-model-server.ts';
import { readRows } from './read-output.ts';
import { TinyDisk } from './tiny-disk.ts';

export const DATASET = 'tickets';

const KILL_LIMIT_MS = 5_000;

export interface DocumentOptions {
  readonly endpoint: string;
  readonly rowGroupSize?: number;
  readonly parallel?: number;
  /** Whatever else the document's `rowloom:` holds. */
  readonly rowloom?: object;
  /** Whatever else the provider has. */
  readonly provider?: object;
  /** Seconds until a call is given up. */
  readonly timeoutS?: number;
  /** The text that the first model column's prompt begins with. */
  readonly opening?: string;
}

/** Model columns of {@link ticketsDocument}. */
export const MODEL_COLUMNS = ['body', 'summary', 'severity', 'reply', 'verdict'];

/** Five model columns, three deep: text, structured and a judge, between roots and an expression. */
export function ticketsDocument(options: DocumentOptions): object {
  const { opening = 'Write a ticket' } = options;
  return {
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid', params: {} },
      {
        name: 'topic',
        column_type: 'sampler',
        sampler_type: 'category',
        params: { values: ['delivery', 'refund', 'repair', 'invoice'] },
      },
      text('body', `${opening} about {{ topic }}, number {{ id }}`),
      text('summary', 'Sum up: {{ body }}'),
      {
        name: 'severity',
        column_type: 'llm-structured',
        prompt: 'Rate: {{ body }}',
        output_format: {
          type: 'object',
          properties: { level: { type: 'integer', minimum: 1, maximum: 5 }, reason: { type: 'string' } },
          required: ['level', 'reason'],
        },
        model_alias: 'writer',
      },
      text('reply', 'Answer "{{ summary }}" of severity {{ severity.level }}'),
      {
        name: 'verdict',
        column_type: 'llm-judge',
        prompt: 'Judge: {{ body }} / {{ reply }}',
        scores: [{ name: 'tone', description: 'How does it sound?', options: { 1: 'rude', 2: 'kind' } }],
        model_alias: 'writer',
      },
      { name: 'queue', column_type: 'expression', expr: '{{ topic }}/{{ severity.level }}' },
    ],
    ...surroundings(options),
  };
}

/** One model column: `note`. */
export function notesDocument(options: Omit<DocumentOptions, 'opening'>): object {
  return {
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid', params: {} },
      text('note', 'A note about {{ id }}'),
    ],
    ...surroundings(options),
  };
}

function text(name: string, prompt: string): object {
  return { name, column_type: 'llm-text', prompt, model_alias: 'writer' };
}

function surroundings(options: DocumentOptions): object {
  const { endpoint, rowGroupSize = 100, parallel = 32, timeoutS, rowloom, provider } = options;
  const limits = timeoutS === undefined ? {} : { timeout: timeoutS };
  return {
    model_configs: [
      {
        alias: 'writer',
        model: 'mock',
        provider: 'mock',
        inference_parameters: { temperature: 0.5, max_parallel_requests: parallel, ...limits },
      },
    ],
    rowloom: {
      row_group_size: rowGroupSize,
      providers: [{ name: 'mock', endpoint, provider_type: 'openai', ...provider }],
      ...rowloom,
    },
  };
}

/** A folder with one document, the server of that folder and the datasets made there. */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'rowloom-system-'));
  readonly #processes: CliProcess[] = [];
  readonly #disks: TinyDisk[] = [];

  write(document: object): void {
    writeFileSync(join(this.directory, `${DATASET}.yaml`), JSON.stringify(document));
  }

  /** Starts `rowloom run` on the document. */
  run(args: readonly string[] = [], options: Omit<CliOptions, 'cwd'> = {}): CliProcess {
    return this.command(['run', `${DATASET}.yaml`, ...args], options);
  }

  command(args: readonly string[], options: Omit<CliOptions, 'cwd'> = {}): CliProcess {
    const cli = startCli(args, { cwd: this.directory, ...options });
    this.#processes.push(cli);
    return cli;
  }

  /** Gives this folder, or one in it, a disk of its own. */
  mountDisk(folder = '.'): TinyDisk {
    const disk = new TinyDisk(join(this.directory, folder));
    this.#disks.push(disk);
    return disk;
  }

  /** Where the Temporal server of the folder keeps its things. */
  get serverFolder(): string {
    return join(this.directory, '.rowloom');
  }

  /** The Temporal server's process; undefined while there is none. */
  server(): ProcessIdentity | undefined {
    const pid = findServerState(this.serverFolder)?.pid;
    const start = pid === undefined ? undefined : processStart(pid);
    return pid === undefined || start === undefined ? undefined : { pid, start };
  }

  watchdog(): ProcessIdentity | undefined {
    return findLivingClaim(this.serverFolder)?.holder;
  }

  /** SIGKILL to the server, and to the process that would start it again. */
  async killServer(): Promise<void> {
    for (const target of [this.watchdog(), this.server()]) {
      if (target !== undefined) await killAndWait(target, KILL_LIMIT_MS);
    }
  }

  async dataset(): Promise<DatasetStore> {
    return (await openStore(join(this.directory, 'artifacts'), { access: 'look' })).openDataset(DATASET);
  }

  /** By file of the output: its sha256. */
  fileHashes(): { readonly [file: string]: string } {
    const dataset = join(this.directory, 'artifacts', DATASET);
    const folders = ['parquet-files', 'dropped-columns-parquet-files', 'processors-files', 'images'];
    const files = folders
      .map((folder) => join(dataset, folder))
      .filter(existsSync)
      .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name));
    return Object.fromEntries(
      files.sort().map((file) => [relative(dataset, file), sha256(readFileSync(file))]),
    );
  }

  async rows(): Promise<ValueObject[]> {
    const rows: ValueObject[] = [];
    for await (const row of readRows(await this.dataset())) rows.push(row);
    return rows;
  }

  /** All that the store says was paid for. Nothing before the dataset is made. */
  async usage(): Promise<Cost> {
    const dataset = await this.dataset().catch(() => undefined);
    const columns = dataset === undefined ? {} : await readUsage(dataset);
    return costOf(...Object.values(columns));
  }

  /** Ends all that was started here and removes the folder. */
  async dispose(): Promise<void> {
    await Promise.all(this.#processes.filter(({ isRunning }) => isRunning).map((cli) => cli.kill()));
    const started = [this.watchdog(), ...findServers(this.serverFolder)];
    for (const found of started) if (found !== undefined) await killAndWait(found, KILL_LIMIT_MS);
    for (const disk of this.#disks) disk.unmount();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Calls that the mock got more than once for the same cell: what was paid for twice. */
export function repeatedCalls({ cells }: MockStats): number {
  return Object.values(cells).reduce((sum, { requests }) => sum + Math.max(0, requests - 1), 0);
}

/** Calls that reached the mock and are in no part: they were in flight when something was killed. */
export async function lostCalls({
  workplace,
  mock,
}: {
  readonly workplace: Workplace;
  readonly mock: MockModelServer;
}): Promise<number> {
  return mock.stats().requests - (await workplace.usage()).calls;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
