// Validation columns made outside of any build: a document's column, rows, a module's code, a service over HTTP.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { CellCalls } from '../../src/activities/calls.ts';
import type { RowView, Values } from '../../src/columns/maker.ts';
import { openViews } from '../../src/columns/row-view.ts';
import type { ValidationColumn } from '../../src/columns/validation/declare.ts';
import { make } from '../../src/columns/validation/make.ts';
import { CellError } from '../../src/errors.ts';
import { Services } from '../../src/models/http/services.ts';
import { PlainLimiter } from '../../src/models/plain-limiter.ts';
import { ModelTraits } from '../../src/models/traits.ts';
import type { Plan } from '../../src/plan.ts';
import type { CellRecord } from '../../src/store/records.ts';
import type { Value } from '../../src/values.ts';
import { NO_PICTURES } from './no-pictures.ts';
import { NO_FILES } from './one-cell.ts';
import { LOCAL } from './plans.ts';

export interface ValidationCells {
  readonly column: ValidationColumn;
  /** By row. */
  readonly values: readonly Values[];
  /** Of the module, as a bundle has it. */
  readonly code?: string;
  readonly redo?: number;
}

export interface MadeVerdicts {
  /** By row; of a failed one why. */
  readonly cells: readonly Value[];
  readonly digests: readonly string[];
  readonly records: readonly CellRecord[];
}

export async function makeVerdicts(options: ValidationCells): Promise<MadeVerdicts> {
  const { column, values, code = '' } = options;
  const { name } = column;
  const redo = options.redo === undefined ? [] : [{ column: name, rows: null, counter: options.redo }];
  const plan = { models: {}, seed: 's', redo } as unknown as Plan;
  const maker = make.open(column, { plan, local: LOCAL });
  const viewOf = openViews(plan, column);
  const views = values.map((ofRow, row): RowView => viewOf(row, ofRow));
  const cells = maker.inputs(views).map((input, row) => {
    if (input instanceof CellError) throw input;
    return { ...input, row, history: [], older: [] };
  });
  const records: CellRecord[] = [];
  const never = new AbortController().signal;
  const services = new Services({});
  onTestFinished(() => services.close());
  const limiter = new PlainLimiter(2);
  const traits = new ModelTraits({ hasAnswered: () => true });
  let count = 0;
  const calls = new CellCalls({
    ...{
      column: name,
      readVersion: 1,
      returned: null,
      files: NO_FILES,
      local: LOCAL,
      pictures: NO_PICTURES,
      module: async (hash) => ({ hash, code, map: null }),
    },
    settings: { maxConversationRestarts: 1, maxConversationCorrectionSteps: 0 },
    wayTo: async (ref) => ({
      ...{ key: 'one', limiter, traits, host: 'host' in ref ? ref.host : null, model: null, services },
    }),
    fly: () => limiter,
    historyOf: () => [],
    append: async (some) => void records.push(...some),
    nextCallId: () => `n:${++count}`,
    now: Date.now,
    sleep: async () => undefined,
    ...{ stop: never, cut: never },
  });
  for (let first = 0; first < cells.length; first += maker.batch) {
    const list = cells.slice(first, first + maker.batch);
    try {
      await maker.make(list, calls);
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
    }
  }
  return {
    records,
    digests: cells.map(({ digest }) => digest),
    cells: cells.map(({ row }) => {
      const last = records.findLast((record) => record.row === row)!;
      return last.status === 'ok' ? maker.read(last) : (last.error?.message ?? null);
    }),
  };
}

/** What a service is asked, and what it answers: a status and a body, as JSON where that is no text. */
export type Answers = (
  data: readonly { readonly [target: string]: unknown }[],
  nth: number,
) => { readonly status?: number; readonly body: unknown } | Promise<{ readonly body: unknown }>;

/** Returns its address, and what each call asked. */
export async function serveValidator(answers: Answers) {
  const asked: unknown[][] = [];
  const paths: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    asked.push(data);
    paths.push(request.url);
    const { status = 200, body } = { status: 200, ...(await answers(data, asked.length)) };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/check`, asked, paths };
}
