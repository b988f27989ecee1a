// A folder in which wishes are made one after another, in this process, on a shared server and a mock model that
// counts what is asked.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import { type Answer, type RunEnd, runDataset } from '../../src/client/build/run-dataset.ts';
import { main } from '../../src/client/cli/main.ts';
import type { Question } from '../../src/client/wish/wish.ts';
import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { openStore } from '../../src/store/store.ts';
import type { ValueObject } from '../../src/values.ts';
import type { MockModelServer } from './mock-model-server.ts';
import { readRows } from './read-output.ts';

// Workflow code runs in this thread, and no stack is kept for each of its promises: a worker's thread for it and those
// stacks cost each build more than half of its time. The tests that start processes have both.
process.env.TEMPORAL_DEBUG = '1';
v8.promiseHooks.createHook = () => () => undefined;

export interface WishEnd {
  readonly code: number;
  /** What was said on stderr; the folder is `~`. */
  readonly talk: string;
  /** Lines of stdout. */
  readonly output: readonly string[];
  /** Calls that the mock got, by column. */
  readonly calls: { readonly [column: string]: number };
}

export interface TestDocument {
  columns: Record<string, unknown>[];
  model_configs: Record<string, unknown>[];
  rowloom: Record<string, unknown>;
  seed_config: object;
}

export const SEEDS = ['lamp', 'backpack', 'kettle', 'tent'];

/** Three model columns over a seed file and a sampler: `body` and `note` from roots, `summary` from `body`. */
export function wishDocument(mock: MockModelServer): TestDocument {
  const text = (name: string, prompt: string) => ({
    name,
    column_type: 'llm-text',
    prompt,
    model_alias: 'writer',
  });
  return {
    seed_config: { source: { seed_type: 'local', path: 'seeds.csv' } },
    columns: [
      {
        name: 'tone',
        column_type: 'sampler',
        sampler_type: 'category',
        params: { values: ['calm', 'angry'] },
      },
      text('body', 'Write a {{ tone }} ticket about the {{ product }}'),
      text('summary', 'Sum up: {{ body }}'),
      text('note', 'A note about the {{ product }}'),
      { name: 'label', column_type: 'expression', expr: '{{ tone }}/{{ product }}' },
    ],
    model_configs: [
      {
        alias: 'writer',
        model: 'mock',
        provider: 'mock',
        inference_parameters: { temperature: 0.5, max_parallel_requests: 8 },
      },
    ],
    rowloom: {
      row_group_size: 5,
      max_conversation_restarts: 0,
      providers: [{ name: 'mock', endpoint: mock.endpoint, provider_type: 'openai' }],
    },
  };
}

export class WishPlace {
  readonly directory = mkdtempSync(join(tmpdir(), 'rowloom-wishes-'));
  readonly document: TestDocument;
  readonly #mock: MockModelServer;
  readonly #address: string;

  constructor({ mock, address }: { readonly mock: MockModelServer; readonly address: string }) {
    this.#mock = mock;
    this.#address = address;
    this.document = wishDocument(mock);
    this.writeSeeds(SEEDS);
  }

  /** Puts here what another place holds, as a user would copy the folder. */
  copy({ directory }: WishPlace): void {
    cpSync(directory, this.directory, { recursive: true, verbatimSymlinks: true });
  }

  writeSeeds(products: readonly string[], maker = 'Norrvik'): void {
    writeFileSync(
      join(this.directory, 'seeds.csv'),
      `product,maker\n${products.map((product) => `${product},${maker}\n`).join('')}`,
    );
  }

  column(name: string): Record<string, unknown> {
    const found = this.document.columns.find((column) => column.name === name);
    if (found === undefined) throw new Error(`No column "${name}"`);
    return found;
  }

  write(file = 'tickets.yaml'): void {
    writeFileSync(join(this.directory, file), JSON.stringify(this.document, null, 1));
  }

  /** Writes the document as it is now and runs it. */
  async run(args: readonly string[] = [], target = 'tickets.yaml'): Promise<WishEnd> {
    this.write();
    return this.command(['run', target, '--address', this.#address, ...args]);
  }

  async command(args: readonly string[]): Promise<WishEnd> {
    const before = new Map(
      Object.entries(this.#mock.stats().cells).map(([cell, { requests }]) => [cell, requests]),
    );
    const output: string[] = [];
    let talk = '';
    let code = 0;
    await main(args, {
      cwd: this.directory,
      home: join(this.directory, 'home'),
      environment: {},
      isTerminal: false,
      screen: null,
      print: (text) => void output.push(text.replaceAll(this.directory, '~')),
      flush: () => Promise.resolve(),
      say: (text) => {
        talk += `${text.replaceAll(this.directory, '~')}\n`;
      },
      setExitCode: (set) => {
        code = set;
      },
    });
    const calls: Record<string, number> = {};
    for (const [cell, { requests }] of Object.entries(this.#mock.stats().cells)) {
      const column = cell.slice(0, cell.lastIndexOf('/'));
      const more = requests - (before.get(cell) ?? 0);
      if (more > 0) calls[column] = (calls[column] ?? 0) + more;
    }
    return { code, talk, output, calls };
  }

  /** Runs another document for the same dataset, with what somebody answers to its question. */
  answer(target: string, ask: (question: Question) => Promise<Answer>): Promise<RunEnd> {
    const nothing = () => undefined;
    return runDataset({
      target,
      name: 'tickets',
      cwd: this.directory,
      home: join(this.directory, 'home'),
      environment: {},
      address: this.#address,
      isSimulated: false,
      isNew: false,
      keep: false,
      redo: [],
      isDryRun: false,
      isReplacing: false,
      ask,
      say: nothing,
      onServer: nothing,
      onWish: nothing,
      onKept: nothing,
      events: { onSnapshot: nothing, onAttached: nothing, onStopping: nothing },
      stopSignal: new AbortController().signal,
    });
  }

  path(...names: readonly string[]): string {
    return join(this.directory, 'artifacts', ...names);
  }

  has(...names: readonly string[]): boolean {
    return existsSync(this.path(...names));
  }

  async dataset(name = 'tickets'): Promise<DatasetStore> {
    return (await openStore(this.path(), { access: 'look' })).openDataset(name);
  }

  async rows(name = 'tickets'): Promise<ValueObject[]> {
    const rows: ValueObject[] = [];
    for await (const row of readRows(await this.dataset(name))) rows.push(row);
    return rows;
  }

  /** The bytes of the output, by file. */
  output(name = 'tickets'): { readonly [file: string]: string } {
    const folder = this.path(name, 'parquet-files');
    return Object.fromEntries(
      readdirSync(folder)
        .sort()
        .map((file) => [file, readFileSync(join(folder, file)).toString('base64')]),
    );
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
