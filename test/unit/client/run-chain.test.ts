import { existsSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runChain } from '../../../src/client/build/run-chain.ts';
import { openingOnce } from '../../../src/client/wish/openers.ts';
import { RefusedError } from '../../../src/errors.ts';
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

  it('refuses what is wrong however the documents above end', async () => {
    const refusal = async (...documents: string[]) => {
      const { talk, code } = await cli(['run', 'trips.yaml', ...documents, '--dry-run'], { cwd });
      expect(code).toBe(2);
      return talk.join('\n');
    };
    expect(await refusal('missing.yaml')).toContain('missing.yaml does not exist');
    await writeFile(
      join(cwd, 'typo.yaml'),
      `seed_config: { source: { seed_type: dataset, name: trips } }
columns: [{ name: note, column_type: expresion, expr: "{{ city }}!" }]
`,
    );
    expect(await refusal('typo.yaml')).toContain('did you mean "expression"?');
    await writeFile(
      join(cwd, 'other.yaml'),
      `seed_config: { source: { seed_type: dataset, name: tripz } }
columns: [{ name: note, column_type: expression, expr: "{{ city }}!" }]
`,
    );
    expect(await refusal('other.yaml')).toContain('is "tripz"');
  });
});

it('each of several documents reads its seeds in its turn: the one before may have made them', async () => {
  await writeFile(join(cwd, 'seeds.csv'), 'city\nUlm\n');
  await writeFile(
    join(cwd, 'cities.yaml'),
    `seed_config: { source: { seed_type: local, path: seeds.csv } }
columns: [{ name: note, column_type: expression, expr: "{{ city }}!" }]
`,
  );
  const rows: (number | undefined)[] = [];
  const files = ['city\nUlm\nOslo\n', 'city\nUlm\nOslo\nBern\n'];
  const events = { onSnapshot: () => undefined, onStopping: () => undefined, onAttached: () => undefined };
  const run = (isDryRun: boolean) =>
    runChain({
      ...{ cwd, home: cwd, environment: {}, isSimulated: false, isNew: false, isDryRun, isReplacing: false },
      ...{ keep: false, redo: [], openers: openingOnce(), targets: ['cities.yaml', 'cities.yaml'] },
      ...{ stopSignal: new AbortController().signal, events, say: () => undefined },
      ...{ onServer: () => undefined, onKept: () => undefined, onEnd: () => undefined },
      ask: () => Promise.resolve('no' as const),
      onDocument: () => writeFileSync(join(cwd, 'seeds.csv'), files.shift()!),
      onWish({ config }) {
        rows.push(config.seeds?.rows);
        if (!isDryRun) throw new RefusedError('Far enough');
      },
    });
  await run(true);
  expect(rows).toEqual([2, 3]);
  files.push('city\nUlm\nOslo\n');
  await expect(run(false)).rejects.toThrow('Far enough');
  expect(rows).toEqual([2, 3, 2]);
});
