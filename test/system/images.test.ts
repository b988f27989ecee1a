// Pictures over a kill: each paid once but for those in flight, each file whole, and every path of the output leads to one.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { simulatePicture } from '../../src/models/providers/simulated/simulated-picture.ts';
import { DATASET, lostCalls, repeatedCalls, Workplace } from '../support/build-harness.ts';
import { startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

const ROWS = 40;
const LIMIT_MS = 480_000;

function document(endpoint: string): object {
  const model = (alias: string, name: string) => ({
    ...{ alias, model: name, provider: 'mock' },
    inference_parameters: { max_parallel_requests: 8 },
  });
  return {
    model_configs: [model('painter', 'painter-by-url'), model('writer', 'mock')],
    columns: [
      { name: 'id', column_type: 'sampler', sampler_type: 'uuid' },
      { name: 'photo', column_type: 'expression', expr: 'photo.png' },
      { name: 'cover', column_type: 'image', prompt: 'Number {{ id }}', model_alias: 'painter' },
      {
        name: 'caption',
        column_type: 'llm-text',
        prompt: 'What is on these?',
        model_alias: 'writer',
        multi_modal_context: [{ column_name: 'cover' }, { column_name: 'photo' }],
      },
    ],
    rowloom: {
      row_group_size: 20,
      providers: [{ name: 'mock', endpoint, provider_type: 'openai' }],
    },
  };
}

it('loses no picture and pays for none twice but those in flight; a changed file asks its cells again, and no others', {
  timeout: LIMIT_MS,
}, async () => {
  const mock = await startMockModelServer({ latencyMs: 200 });
  const workplace = new Workplace();
  const photo = join(workplace.directory, 'photo.png');
  try {
    writeFileSync(photo, simulatePicture({ model: 'm', prompt: 'before' }));
    utimesSync(photo, 1, 1);
    workplace.write(document(mock.endpoint));
    const first = workplace.run(['-n', String(ROWS)]);
    await until(() => mock.answered() >= 12, { limitMs: LIMIT_MS });
    await first.kill();
    const lost = await lostCalls({ workplace, mock });
    expect(lost).toBeLessThanOrEqual(16);
    const end = await workplace.run(['-n', String(ROWS)]).ended;
    expect(end).toMatchObject({ code: 0 });
    expect(repeatedCalls(mock.stats())).toBeLessThanOrEqual(lost);
    const rows = await workplace.rows();
    expect(rows).toHaveLength(ROWS);
    const folder = join(workplace.directory, 'artifacts', DATASET);
    const names = rows.map(({ cover }) => (JSON.parse(JSON.stringify(cover)) as string[])[0]!);
    for (const name of names) {
      const sha256 = createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex');
      expect(name).toBe(`images/cover/${sha256}.png`);
    }
    expect(readdirSync(join(folder, 'images/cover'))).toHaveLength(ROWS);
    const { messages } = mock.lastBody('caption/0') as { messages: [{ content: { type: string }[] }] };
    expect(messages[0].content.map(({ type }) => type)).toEqual(['image_url', 'image_url', 'text']);

    mock.reset();
    expect(await workplace.run(['-n', String(ROWS)]).ended).toMatchObject({ code: 0 });
    expect(mock.stats().requests).toBe(0);
    writeFileSync(photo, simulatePicture({ model: 'm', prompt: 'after' }));
    expect(await workplace.run(['-n', String(ROWS), '--yes']).ended).toMatchObject({ code: 0 });
    const asked = Object.keys(mock.stats().cells).map((cell) => cell.split('/')[0]);
    expect(new Set(asked)).toEqual(new Set(['caption']));
    expect(asked).toHaveLength(ROWS);
  } finally {
    await workplace.dispose();
    await mock.close();
  }
});
