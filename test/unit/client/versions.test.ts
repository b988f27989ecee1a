import { access, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownIdentity, ownPlace } from '../../../src/server/processes.ts';
import { formatDocument } from '../../../src/store/documents.ts';
import { Edition } from '../../../src/store/editions.ts';
import { editionFolder } from '../../../src/store/names.ts';
import { buildAll, ticketText, WISHES } from '../store/edited-tickets.ts';
import { startOf, temporaryFolder, testDataset } from '../store/support.ts';
import { cli } from './cli.ts';

/** `tickets` in `artifacts/` after three builds, each for another prompt. */
async function editedTickets(): Promise<string> {
  const cwd = await temporaryFolder();
  await buildAll(await testDataset({ directory: join(cwd, 'artifacts'), rowGroupSize: 2 }));
  return cwd;
}

describe('versions', () => {
  it('lists what people have seen, the newest first, with what changed', async () => {
    const cwd = await editedTickets();
    const { output, talk, code } = await cli(['versions', 'tickets'], { cwd });
    expect(output.map((line) => line.replace(/\d+ k?B/, 'N B').replace(/ +/g, ' '))).toEqual([
      'version when rows dropped only here what changed',
      ' * 3 2026-11-04 09:02 3 1 N B body: prompt changed, tone: no longer there',
      ' 2 2026-11-04 09:01 3 1 N B body: prompt changed, tone: new column',
      ' 1 2026-11-04 09:00 3 1 N B the oldest there is',
    ]);
    expect(talk).toEqual([
      'look      at an older one: rowloom show tickets@2 · free the disk of all of them: rowloom prune tickets',
    ]);
    expect(code).toBe(0);
  });

  it('tells a build that was killed from failed rows that are tried again', async () => {
    const cwd = await temporaryFolder();
    const dataset = await testDataset({ directory: join(cwd, 'artifacts'), rowGroupSize: 2 });
    await buildAll(dataset);
    const last = (await dataset.findLatestStart())!;
    const { v: _, epoch: __, endedAt: ___, ...start } = last;
    // The first is killed before it makes a row of the ten, the second makes none either: two later ones have all of its.
    for (const rows of [10, 10, 10]) {
      const { epoch } = (await dataset.takeEpoch(await dataset.newestEpoch(), { ...start, rows }))!;
      await new Edition(dataset, { epoch, planDigest: start.planDigest, digestOf: () => undefined }).start(2);
    }
    const { output } = await cli(['versions', 'tickets', '--json'], { cwd });
    expect(output.map((line) => JSON.parse(line).changes).slice(0, 2)).toEqual([
      ['gone on with'],
      ['6 rows more'],
    ]);
    expect(await dataset.files.list('editions')).not.toContain(editionFolder(last.epoch + 1).split('/')[1]);
  });

  it('counts what processors after generation made of the rows of each', async () => {
    const cwd = await temporaryFolder();
    const dataset = await testDataset({ directory: join(cwd, 'artifacts'), rowGroupSize: 2 });
    await buildAll(dataset);
    const finished = formatDocument({ v: 1, key: 'made of them', rows: 1, files: [] });
    await dataset.files.create(`${editionFolder(3)}/finished.json`, finished);
    const { output } = await cli(['versions', 'tickets'], { cwd });
    expect(output.map((line) => line.trim().split(/ {2,}/).slice(2, 5))).toEqual([
      ['rows', 'after generation', 'dropped'],
      ['3', '1', '1'],
      ['3', '1', expect.stringMatching(/B$/)],
      ['3', '1', expect.stringMatching(/B$/)],
    ]);
  });

  it('gives programs one object a line', async () => {
    const cwd = await editedTickets();
    const { output } = await cli(['versions', 'tickets', '--json'], { cwd });
    const found = output.map((line) => JSON.parse(line));
    expect(found).toMatchObject([
      { version: 3, isCurrent: true, rows: 3, rowsAsked: 4, dropped: 1 },
      { version: 2, isCurrent: false, changes: ['body: prompt changed', 'tone: new column'] },
      { version: 1, isCurrent: false, changes: [] },
    ]);
    for (const { ownBytes } of found) expect(ownBytes).toBeGreaterThan(0);
  });
});

describe('a version', () => {
  it('is shown and exported as it was', async () => {
    const cwd = await editedTickets();
    const texts = (wish: number) =>
      [0, 1, 2].map((row) => JSON.stringify({ body: ticketText('body', WISHES[wish]!, row) }));
    expect((await cli(['export', 'tickets@1'], { cwd })).output).toEqual(texts(0));
    expect((await cli(['export', 'artifacts/tickets@1'], { cwd })).output).toEqual(texts(0));
    expect((await cli(['export', 'tickets'], { cwd })).output).toEqual(texts(2));
    const { output } = await cli(['show', 'tickets@2', '0', '--json'], { cwd });
    expect(JSON.parse(output[0]!)).toMatchObject({
      values: { body: ticketText('body', WISHES[1]!, 0), tone: ticketText('tone', WISHES[1]!, 0) },
    });
  });

  it('that is not there is refused with those that are', async () => {
    const cwd = await editedTickets();
    expect(await cli(['show', 'tickets@7'], { cwd })).toEqual({
      output: [],
      talk: ['error     Cannot find version 7 of "tickets": there is 1, 2, 3'],
      code: 2,
    });
  });

  it('is no target of a command that looks at all of a dataset', async () => {
    const cwd = await editedTickets();
    expect(await cli(['failures', 'tickets@1'], { cwd })).toEqual({
      output: [],
      talk: [
        'error     Cannot take one version, "tickets@1": `show`, `export`, `query`, `profile` and `report` do',
      ],
      code: 2,
    });
  });
});

describe('prune', () => {
  const REMOVES = [
    expect.stringMatching(/^removes {3}2 versions \(1, 2\) · [\d.]+ k?B$/),
    'removes   9 cells of old inputs · an undone edit would pay for them again',
  ];

  it('says what goes and, where nobody can be asked, removes nothing without --yes', async () => {
    const cwd = await editedTickets();
    expect(await cli(['prune', 'tickets'], { cwd })).toEqual({
      output: [],
      talk: [...REMOVES, 'error     Cannot remove anything without an answer: use --yes'],
      code: 2,
    });
    expect((await cli(['versions', 'tickets', '--json'], { cwd })).output).toHaveLength(3);
  });

  it('leaves what people see, and then finds nothing more', async () => {
    const cwd = await editedTickets();
    const before = await cli(['export', 'tickets'], { cwd });
    const { talk, code } = await cli(['prune', 'tickets', '--yes'], { cwd });
    expect(talk).toEqual([...REMOVES, expect.stringMatching(/^pruned {4}[\d.]+ k?B freed$/)]);
    expect(code).toBe(0);
    expect(await cli(['export', 'tickets'], { cwd })).toEqual(before);
    await access(join(cwd, 'artifacts/tickets/parquet-files/batch_00001.parquet'));
    expect((await cli(['status', 'tickets'], { cwd })).output).toContain('state     complete');
    expect((await cli(['versions', 'tickets', '--json'], { cwd })).output).toHaveLength(1);
    expect((await cli(['prune', 'tickets'], { cwd })).talk).toEqual(['pruned    there is nothing to free']);
  });

  it('removes what a killed one left of a file among the cells', async () => {
    const cwd = await editedTickets();
    const left = join(cwd, 'artifacts/tickets/cells/body/00000/.settled.00000000-1-00000000.abcdef.tmp');
    await writeFile(left, 'half');
    await utimes(left, 100, 100);
    expect((await cli(['prune', 'tickets', '--yes'], { cwd })).code).toBe(0);
    await expect(access(left)).rejects.toThrow('ENOENT');
  });

  it('is refused while a build is at work', async () => {
    const cwd = await editedTickets();
    const dataset = await testDataset({ directory: join(cwd, 'artifacts'), rowGroupSize: 2 });
    const { pid, start: processStart } = ownIdentity();
    const { id: datasetId } = await dataset.read();
    const own = { datasetId, pid, processStart, ...ownPlace(), planDigest: 'plan-three', rows: 4 };
    await dataset.takeEpoch(3, startOf(own));
    const { talk, code } = await cli(['prune', 'tickets', '--yes'], { cwd });
    expect(talk).toEqual([
      `error     Cannot prune "tickets": process ${pid} is at work on it. Wait for it, or stop it with \`rowloom stop tickets\``,
    ]);
    expect(code).toBe(2);
    const elsewhere = await cli(['prune', join(cwd, 'artifacts/tickets'), '--yes'], { cwd: dirname(cwd) });
    expect(elsewhere.talk[0]).toContain(`rowloom stop ${basename(cwd)}/artifacts/tickets`);
  });
});
