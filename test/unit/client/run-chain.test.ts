import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  await writeFile(
    join(cwd, 'trips.yaml'),
    'columns: [{ name: city, column_type: sampler, sampler_type: category, params: { values: [Ulm] } }]\n',
  );
  await writeFile(
    join(cwd, 'notes.yaml'),
    `seed_config: { source: { seed_type: dataset, name: trips } }
columns: [{ name: note, column_type: expression, expr: "{{ city }}!" }]
`,
  );
});

describe('a dry run of several documents', () => {
  it('plans them in order, says what waits for the others, and makes nothing', async () => {
    const { talk, code } = await cli(['run', 'trips.yaml', 'notes.yaml', '-n', '3', '--dry-run'], { cwd });
    expect(code).toBe(0);
    expect(
      talk.filter((text) => /^(dataset|plan|later)/.test(text)).map((text) => text.slice(0, 80)),
    ).toEqual([
      expect.stringMatching(/^dataset +trips \(new\)/),
      expect.stringMatching(/^plan /),
      expect.stringMatching(/^later +notes.yaml is planned once the documents before it are made; now/),
    ]);
    expect(existsSync(join(cwd, 'artifacts'))).toBe(false);
  });

  it('refuses one that waits for a document after it', async () => {
    const { talk, code } = await cli(['run', 'notes.yaml', 'trips.yaml', '--dry-run'], { cwd });
    expect(code).toBe(2);
    expect(talk[0]).toMatch(/^error +notes.yaml:1:52 .* run its document first$/);
  });
});
