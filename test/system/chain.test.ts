// Documents made in order, where the seeds of one are the rows of another.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureServer } from '../../src/server/embedded-server.ts';
import { startMockModelServer } from '../support/mock-model-server.ts';
import { WishPlace } from '../support/wish-place.ts';

const ROWS = 3;
const LIMIT_MS = 300_000;

it('a chain is made in order and asked about once, and what changes above makes again what reads it below, no more', {
  timeout: LIMIT_MS,
}, async () => {
  const serverFolder = mkdtempSync(join(tmpdir(), 'rowloom-chain-server-'));
  const server = await ensureServer({
    ...{ directory: serverFolder, environment: process.env, say: () => undefined, lingerMs: 300 },
  });
  const mock = await startMockModelServer();
  const place = new WishPlace({ mock, address: server.address });
  try {
    const text = (name: string, prompt: string) => ({
      ...{ name, column_type: 'llm-text', prompt, model_alias: 'writer' },
    });
    const below = {
      ...place.document,
      seed_config: { source: { seed_type: 'dataset', name: 'tickets' } },
      columns: [text('reply', 'Answer: {{ body }}'), text('slogan', 'A slogan for a {{ product }}')],
    };
    writeFileSync(join(place.directory, 'replies.yaml'), JSON.stringify(below));
    const run = (...args: string[]) => place.run(['replies.yaml', ...args]);
    const ofTickets = { body: ROWS, summary: ROWS };

    const made = await run('-n', String(ROWS));
    expect(made.talk.match(/^dataset +\S+/gm)).toEqual(['dataset   tickets', 'dataset   replies']);
    expect(made).toMatchObject({ code: 0, calls: { ...ofTickets, note: ROWS, reply: ROWS, slogan: ROWS } });
    expect(await place.rows('replies')).toHaveLength(ROWS);

    place.column('body').prompt = 'Write a short {{ tone }} ticket about the {{ product }}';
    const asked = await run('--ask');
    expect(asked).toMatchObject({ code: 2, calls: {} });
    // Of a document below up to all that it has: what will be in its seeds is not known yet.
    expect(asked.talk).toContain(`Cannot make up to ${4 * ROWS} existing cells again without an answer`);

    expect(await run('--yes')).toMatchObject({ code: 0, calls: { ...ofTickets, reply: ROWS } });
  } finally {
    place.dispose();
    await mock.close();
    await server.release();
    rmSync(serverFolder, { recursive: true, force: true });
  }
});
