import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownIdentity, ownPlace } from '../../../src/server/processes.ts';
import { findRows, findVersion } from '../../../src/store/look.ts';
import { createPart } from '../../../src/store/parts.ts';
import { openStore } from '../../../src/store/store.ts';
import { parseJson } from '../../../src/values.ts';
import { answerTurn, call, cellRecord, collect, temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';
import { commitTrips, openTrips, startTrips, tripsOnDisk } from './dataset-on-disk.ts';

const SCREEN = { width: 60, hasColors: false };

describe('list', () => {
  it('names each dataset with its state, rows, size and last sign of life', async () => {
    const cwd = await tripsOnDisk();
    const store = join(cwd, 'artifacts');
    await mkdir(join(store, 'from-tomorrow'));
    await writeFile(join(store, 'from-tomorrow/dataset.json'), '{"v": 99}');
    expect(await cli(['list'], { cwd })).toEqual({
      output: [
        'name   state     rows  dropped  size  when',
        'trips  building   3/8        1  1 kB  2026-11-04 09:01',
      ],
      talk: [
        'error     Cannot use "~/artifacts/from-tomorrow/dataset.json": it was written by a newer Rowloom (format 99): update',
      ],
      code: 0,
    });
  });

  it('gives programs one object a line', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['list', '--json', '--out', 'artifacts'], { cwd });
    expect(output.map((line) => JSON.parse(line))).toMatchObject([
      { name: 'trips', state: 'building', rows: 3, rowsAsked: 8, dropped: 1, lastStart: { isLive: null } },
    ]);
  });

  it('says so where there is no store', async () => {
    const cwd = await temporaryFolder();
    expect(await cli(['list'], { cwd })).toEqual({
      output: [],
      talk: [
        'error     Cannot find datasets in "~/artifacts": make one with `rowloom run CONFIG`, or name the folder that has some with --out',
      ],
      code: 2,
    });
  });
});

describe('status', () => {
  it('sums a dataset up, and each column', async () => {
    const cwd = await tripsOnDisk();
    expect(await cli(['status', 'trips'], { cwd })).toEqual({
      output: [
        'dataset   trips → ~/artifacts/trips · random seed trips',
        'config    ~/trips.yaml',
        'state     building',
        'build     build 1, started 2026-11-04 09:01 · made by process 1 on elsewhere, see whether it is at work: rowloom watch trips',
        'rows      3 of 8 · 1 dropped · 1 of 2 row groups complete · 1 kB',
        'calls     16, 4 of them failed · 112 tokens in, 48 out',
        '',
        'column   cells  calls  failed  tokens in  tokens out',
        'city         5',
        'code         5',
        'story        4      7       2         49          21',
        'rating       4      6       2         42          18',
        'verdict      3      3       0         21           9',
      ],
      talk: [],
      code: 0,
    });
  });

  it('tells a build whose process lives from one that died without notice', async () => {
    const own = ownIdentity();
    const here = { kind: 'run', ...ownPlace(), pid: own.pid } as const;
    const alive = await tripsOnDisk({ ...here, processStart: own.start });
    const dead = await tripsOnDisk({ ...here, processStart: 'another one' });
    const linesOf = async (cwd: string) => (await cli(['status', 'trips'], { cwd })).output.slice(2, 4);
    expect(await linesOf(alive)).toEqual([
      'state     building',
      `build     build 1, started 2026-11-04 09:01 · at work in process ${own.pid}`,
    ]);
    expect(await linesOf(dead)).toEqual([
      'state     interrupted',
      'build     build 1, started 2026-11-04 09:01 · was killed or crashed · go on: same command',
    ]);
  });

  it('says why a build ended early, and what it took', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    const at = Date.UTC(2026, 10, 4, 9, 3, 7);
    await dataset.endBuild(1, { isComplete: false, reason: 'stopped by Ctrl-C', at });
    await dataset.leaveEpoch(1);
    await utimes(dataset.path('epochs/000001.left.json'), at / 1_000, at / 1_000);
    const { output } = await cli(['status', 'trips'], { cwd });
    expect(output.slice(2, 4)).toEqual([
      'state     incomplete · stopped by Ctrl-C',
      'build     build 1, started 2026-11-04 09:01 · took 2 min 7 s',
    ]);
  });

  it('says which rows it counts while an edit is not complete, and asks nobody for a build that is', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    await dataset.writePlan('edited', await dataset.readPlan('plan'));
    const edition = await startTrips(dataset, { kind: 'start', planDigest: 'edited' });
    const line = async (label: string) =>
      (await cli(['status', 'trips'], { cwd })).output.find((text) => text.startsWith(label));
    expect(await line('rows')).toMatch(/^rows {6}of the old output: 3 of 8 /);
    expect(await line('build')).toMatch(/made by rowloom worker, see whether it is at work/);
    await commitTrips(dataset, { rowGroup: 0, isComplete: true, completeRows: [0, 1, 3] });
    await edition.publish({ isFinished: true });
    await dataset.endBuild(2, { isComplete: true, reason: null, at: Date.UTC(2026, 10, 4, 9, 2) });
    expect(await line('rows')).toMatch(/^rows {6}3 of 8 /);
    expect(await line('build')).toBe('build     build 2, started 2026-11-04 09:01');
  });

  it('breaks its lines where a terminal ends', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['status', 'trips'], { cwd, screen: { width: 60, hasColors: false } });
    const start = output.findIndex((text) => text.startsWith('build'));
    expect(output.slice(start, start + 3)).toEqual([
      'build     build 1, started 2026-11-04 09:01',
      '          made by process 1 on elsewhere, see whether it is',
      '          at work: rowloom watch trips',
    ]);
  });

  it('counts what a column cost that the plan no longer has', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    const plan = await dataset.readPlan('plan');
    await dataset.writePlan('less', {
      ...plan,
      columns: plan.columns.filter(({ name }) => name !== 'story'),
    });
    await startTrips(dataset, { planDigest: 'less' });
    const { output } = await cli(['status', 'trips'], { cwd });
    expect(output.at(-1)).toBe('story    not in the plan      7       2         49          21');
  });

  it('takes a folder, also from inside the store, and names what there is for a name that is wrong', async () => {
    const cwd = await tripsOnDisk();
    const first = 'dataset   trips → ~/artifacts/trips · random seed trips';
    expect((await cli(['status', './artifacts/trips'], { cwd })).output[0]).toBe(first);
    const inside = await cli(['status', 'trips'], { cwd: join(cwd, 'artifacts') });
    expect(inside.output[0]).toBe('dataset   trips → ~/trips · random seed trips');
    expect(await cli(['status', 'trip'], { cwd })).toEqual({
      output: [],
      talk: ['error     Cannot find the dataset "trip" in "~/artifacts": there is "trips"'],
      code: 2,
    });
    expect((await cli(['status', 'lost/trips'], { cwd })).talk).toEqual([
      'error     Cannot find a dataset in "~/lost/trips": give a dataset\'s name or its folder',
    ]);
  });

  it('looks at a copy that followed links; a build there is refused before anything is made', async () => {
    const cwd = await tripsOnDisk();
    // Two links lead nowhere before the first build has ended.
    execFileSync('sh', ['-c', 'cp -rL artifacts copy 2>/dev/null || true'], { cwd });
    const place = ['trips', '--out', 'copy'];
    expect((await cli(['status', ...place], { cwd })).output[4]).toMatch(/^rows {6}3 of 8/);
    const store = await openStore(join(cwd, 'copy'), { access: 'build' });
    const dataset = await store.openDataset('trips');
    await expect(startTrips(dataset)).rejects.toThrow(
      '"current" is no link there, as in a copy that followed links. Remove current, parquet-files, dropped-columns-parquet-files and processors-files',
    );
    for (const name of ['current', 'parquet-files', 'dropped-columns-parquet-files', 'processors-files']) {
      await rm(dataset.path(name), { recursive: true });
    }
    const edition = await startTrips(dataset);
    await commitTrips(dataset, { rowGroup: 0, isComplete: true, completeRows: [0, 1, 3] });
    expect(await edition.publish({ isFinished: true })).toBe(true);
    expect(await readdir(dataset.path('parquet-files'))).toEqual(['batch_00000.parquet']);
  });

  it('looks at a folder that was copied without its store', async () => {
    const cwd = await tripsOnDisk();
    await cp(join(cwd, 'artifacts/trips'), join(cwd, 'copies/my trips'), { recursive: true });
    const { output, code } = await cli(['status', 'copies/my trips'], { cwd });
    expect(output[0]).toBe('dataset   my trips → ~/copies/my trips · random seed trips');
    expect(output[4]).toBe('rows      3 of 8 · 1 dropped · 1 of 2 row groups complete · 1 kB');
    expect(code).toBe(0);
  });
});

describe('show', () => {
  const STORY_CALL = [
    '         made-up-writer at models.test · 7 tokens in, 3 out',
    '         · 1 call, 0.0 s',
  ];
  const GRADER_CALL = [
    '         made-up-grader at models.test · 7 tokens in, 3 out',
    '         · 1 call, 0.0 s',
  ];
  const RATING_PROMPT = [
    '         prompt:',
    '           Write',
    '',
    '           Answer with JSON that obeys this JSON Schema, and',
    '           with nothing else:',
    '           {}',
  ];

  it('shows a row with every value in full, where it comes from, and the prompt as it was sent', async () => {
    const cwd = await tripsOnDisk();
    expect(await cli(['show', 'trips', '0'], { cwd, screen: SCREEN })).toEqual({
      output: [
        'trips · row 0 · complete',
        '',
        'city     Ulm',
        '         seed data',
        'code     9007199254740993',
        '         sampler poisson',
        'story    A short trip number 0',
        ...STORY_CALL,
        '         system prompt:',
        '           You travel',
        '         prompt:',
        '           Write a story from Ulm of no more words than fit',
        '           on a postcard',
        '         sent with temperature 0.5',
        'rating   score: 0.0',
        '         tags:',
        '           - warm',
        '           - long',
        '         extra:',
        '           9: null',
        '           note: []',
        ...GRADER_CALL,
        ...RATING_PROMPT,
        'verdict  realism  3  It reads well',
        ...GRADER_CALL,
        '         column with drop: true, not in parquet-files/',
        '         prompt: not known any more, its column or its row',
        '         has changed since',
        'label    Ulm!',
        '         expression {{ city }}!',
      ],
      talk: [],
      code: 0,
    });
  });

  it('says why a row was dropped, with prompt, last answer and tries of the cell that failed', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['show', 'trips', '2'], { cwd, screen: SCREEN });
    expect(output.slice(0, 4)).toEqual([
      'trips · row 2 · dropped',
      'not in the output: column "rating" failed: The answer is no',
      'JSON',
      '',
    ]);
    expect(output.slice(output.indexOf('rating   failed: The answer is no JSON'))).toEqual([
      'rating   failed: The answer is no JSON',
      '         made-up-grader at models.test · 14 tokens in, 6 out',
      '         · 2 calls, 0.0 s',
      ...RATING_PROMPT,
      '         last answer:',
      '           I would say',
      '             four of five',
      '         tries:',
      '           1. status 503 · 7 tokens in, 3 out · 0.0 s ·',
      '             The answer is no JSON',
      '           2. status 503 · 7 tokens in, 3 out · 0.0 s ·',
      '             The answer is no JSON',
      '             answer: I would say four of five',
      'verdict  not made',
      '         column with drop: true, not in parquet-files/',
      'label    !',
      '         expression {{ city }}!',
    ]);
  });

  it('shows the cells that there are of a row in the making', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['show', 'trips', '5'], { cwd, screen: SCREEN });
    expect(output.slice(0, 7)).toEqual([
      'trips · row 5 · not finished',
      '',
      'city     Oslo',
      '         seed data',
      'code     9007199254740998',
      '         sampler poisson',
      'story    failed: The endpoint answered 503',
    ]);
    expect(output.slice(-5)).toEqual([
      'rating   not made yet',
      'verdict  not made yet',
      '         column with drop: true, not in parquet-files/',
      'label    Oslo!',
      '         expression {{ city }}!',
    ]);
  });

  it('tells the tries of a cell that was corrected, its reasoning, and an answer that says more than the value', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    const [found] = await collect(findRows(dataset, [{ first: 4, last: 4 }], await findVersion(dataset)));
    const cell = found!.cells.rating!;
    const part = createPart(dataset, {
      column: 'rating',
      rows: { first: 4, last: 4 },
      rowGroup: 1,
      epoch: 1,
    });
    const before = { in: cell.in, row: 4, value: null, host: 'models.test' };
    await part.append(
      cellRecord({
        ...before,
        status: 'retry',
        calls: [call(part.nextCallId(), 0)],
        error: { kind: 'TriesExhausted', message: 'No answer from models.test' },
        at: 10,
      }),
    );
    await part.append(
      cellRecord({
        ...before,
        status: 'call',
        calls: [call(part.nextCallId())],
        turns: [{ by: 'model', text: 'Well,\nfour', problem: 'The answer is no JSON' }],
        at: 20,
      }),
    );
    const turns = [answerTurn('Here it is: {"score": 4}', { reasoning: 'Four is fair' })];
    await part.append(cellRecord({ ...cell, calls: [call(part.nextCallId())], turns, at: 5_000 }));
    await part.close();
    const { output } = await cli(['show', 'trips', '4'], { cwd, screen: SCREEN });
    const from = output.indexOf('         reasoning:');
    expect(
      output.slice(
        from,
        output.findIndex((line) => line.startsWith('verdict')),
      ),
    ).toEqual([
      '         reasoning:',
      '           Four is fair',
      '         answer:',
      '           Here it is: {"score": 4}',
      '         tries:',
      '           1. no answer · 7 tokens in, 3 out · 0.0 s · No',
      '             answer from models.test',
      '           2. status 200 · 7 tokens in, 3 out · 0.0 s ·',
      '             The answer is no JSON, asked to correct it',
      '             answer: Well, four',
      '           3. status 200 · 7 tokens in, 3 out · 0.0 s ·',
      '             used',
      '           4. status 200 · 7 tokens in, 3 out · 0.0 s ·',
      '             used',
    ]);
  });

  it('tells the answers that were corrected from the cell alone where their own lines are gone', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    const [found] = await collect(findRows(dataset, [{ first: 4, last: 4 }], await findVersion(dataset)));
    const cell = found!.cells.rating!;
    const part = createPart(dataset, {
      column: 'rating',
      rows: { first: 4, last: 4 },
      rowGroup: 1,
      epoch: 2,
    });
    const turns = [answerTurn('Well,\nfour', { problem: 'The answer is no JSON' }), ...cell.turns];
    await part.append(cellRecord({ ...cell, calls: [call(part.nextCallId())], turns, at: 5_000 }));
    await part.close();
    const { output } = await cli(['show', 'trips', '4'], { cwd, screen: SCREEN });
    const from = output.indexOf('         tries:');
    expect(output.slice(from, from + 4)).toEqual([
      '         tries:',
      '           1. answered · The answer is no JSON, asked to',
      '             correct it',
      '             answer: Well, four',
    ]);
  });

  it('shows the failed cell of a dropped row, whatever an earlier plan made there', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    const part = createPart(dataset, {
      column: 'rating',
      rows: { first: 2, last: 2 },
      rowGroup: 0,
      epoch: 1,
    });
    await part.append(cellRecord({ row: 2, in: 'before the edit', value: { score: 1 } }));
    await part.close();
    const { output } = await cli(['show', 'trips', '2'], { cwd, screen: SCREEN });
    expect(output).toContain('rating   failed: The answer is no JSON');
  });

  it('lets no answer steer the terminal', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['show', 'trips', '3'], { cwd, screen: SCREEN });
    expect(output.slice(6, 8)).toEqual(['story    First line', '         second \\x1b[31mline']);
  });

  it('colours names, notes and failures where the terminal wants colours', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['show', 'trips', '5'], { cwd, screen: { width: 60, hasColors: true } });
    expect(output.slice(2, 8)).toEqual([
      '\u001b[1mcity\u001b[22m     Oslo',
      '         \u001b[2mseed data\u001b[22m',
      '\u001b[1mcode\u001b[22m     9007199254740998',
      '         \u001b[2msampler poisson\u001b[22m',
      '\u001b[1mstory\u001b[22m    \u001b[31mfailed: The endpoint answered 503\u001b[39m',
      '         \u001b[2mmade-up-writer at models.test · 14 tokens in, 6 out\u001b[22m',
    ]);
  });

  it('shows several rows in short, across row groups', async () => {
    const cwd = await tripsOnDisk();
    const { output, talk } = await cli(['show', 'trips', '--rows', '5,2-4'], { cwd, screen: SCREEN });
    expect(output.filter((line) => line.includes(' · row '))).toEqual([
      'trips · row 2 · dropped',
      'trips · row 3 · complete',
      'trips · row 4 · not finished',
      'trips · row 5 · not finished',
    ]);
    expect(output.filter((line) => line.startsWith('city'))).toEqual([
      'city     ""',
      'city     São "Paulo", SP',
      'city     東京',
      'city     Oslo',
    ]);
    expect(talk).toEqual(['look      at one row, with what made it: rowloom show trips 2']);
    const json = await cli(['show', 'trips', '--rows', '0-7', '--json'], { cwd });
    expect(json.output.map((line) => JSON.parse(line).row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('shows the first rows in short without a number', async () => {
    const cwd = await tripsOnDisk();
    const { output, talk } = await cli(['show', 'trips'], { cwd, screen: SCREEN });
    expect(output.slice(0, 8)).toEqual([
      'trips · row 0 · complete',
      'city     Ulm',
      'code     9007199254740993',
      'story    A short trip number 0',
      'rating   {"score":0.0,"tags":["warm","long"],"extra":{"9":n…',
      'verdict  {"realism":{"reasoning":"It reads well","score":"3…',
      'label    Ulm!',
      '',
    ]);
    expect(output.filter((line) => line.includes(' · row '))).toHaveLength(3);
    expect(talk).toEqual(['look      at one row, with what made it: rowloom show trips 0']);
  });

  it('gives programs values as they are, and counts as whole numbers', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['show', 'trips', '0', '--json'], { cwd });
    expect(output).toHaveLength(1);
    expect(parseJson(output[0]!)).toMatchObject({
      dataset: 'trips',
      row: 0n,
      state: 'complete',
      drop: null,
      values: {
        code: 9_007_199_254_740_993n,
        rating: { score: 0, tags: ['warm', 'long'], extra: { '9': null, note: [] } },
      },
      columns: [
        {
          name: 'city',
          kind: 'seed-dataset',
          model: null,
          cell: { value: 'Ulm', at: 1000n },
          source: 'seed data',
        },
        { name: 'code' },
        {
          name: 'story',
          model: 'made-up-writer',
          cell: { calls: [{ promptTokens: 7n, ms: 12n }] },
          prompt: {
            messages: [
              { role: 'system', content: 'You travel' },
              { role: 'user', content: 'Write a story from Ulm of no more words than fit on a postcard' },
            ],
            parameters: { temperature: 0.5 },
            responseSchema: null,
          },
          tries: [{ status: 'ok', calls: [{ status: 200n }], value: 'A short trip number 0' }],
        },
        { name: 'rating', cell: { value: { score: 0 } } },
        { name: 'verdict', isDropped: true, prompt: null },
        { name: 'label', cell: null, prompt: null, tries: [], source: 'expression {{ city }}!' },
      ],
    });
  });

  it('refuses a row that was never asked for, and what is no number', async () => {
    const cwd = await tripsOnDisk();
    expect(await cli(['show', 'trips', '8'], { cwd })).toEqual({
      output: [],
      talk: ['error     Cannot show row 8 of "trips": it has rows 0 to 7'],
      code: 2,
    });
    for (const ranges of ['6-8', '3,900-1000000']) {
      const last = ranges.endsWith('8') ? 8 : 900;
      expect(await cli(['show', 'trips', '--rows', ranges], { cwd })).toEqual({
        output: [],
        talk: [`error     Cannot show row ${last} of "trips": it has rows 0 to 7`],
        code: 2,
      });
    }
    expect((await cli(['show', 'trips', '3', '--rows', '1'], { cwd })).talk).toEqual([
      'error     Cannot show one row and --rows: give one of them',
    ]);
    const { talk, code } = await cli(['show', 'trips', 'last'], { cwd });
    expect(talk.join()).toContain(
      'error     Cannot read the command: value "last" is invalid for argument "row". Give the number of a row, from 0',
    );
    expect(code).toBe(2);
  });
});

describe('failures', () => {
  it('counts the causes, then names row, column, calls, reason and last answer of each', async () => {
    const cwd = await tripsOnDisk();
    expect(await cli(['failures', 'trips'], { cwd })).toEqual({
      output: [
        '1 × column "rating": The answer is no JSON (row 2)',
        '1 × column "story": The endpoint answered 503 (row 5)',
        '',
        'row 2 · rating · 2 calls',
        '  The answer is no JSON',
        '  last answer: I would say four of five',
        'row 5 · story · 2 calls',
        '  The endpoint answered 503',
      ],
      talk: ['failures  2 cells', 'look      at one, with its prompt and every answer: rowloom show trips 2'],
      code: 0,
    });
  });

  it('fits a narrow terminal', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['failures', 'trips'], { cwd, screen: { width: 30, hasColors: false } });
    expect(output.slice(0, 7)).toEqual([
      '1 × column "rating": The',
      'answer is no JSON (row 2)',
      '1 × column "story": The',
      'endpoint answered 503 (row 5)',
      '',
      'row 2 · rating · 2 calls',
      '  The answer is no JSON',
    ]);
  });

  it('says when there is none', async () => {
    const cwd = await tripsOnDisk({ rows: 4 }, [0, 1, 2, 3]);
    expect(await cli(['failures', 'trips'], { cwd })).toEqual({
      output: [],
      talk: ['failures  none'],
      code: 0,
    });
  });

  it('gives programs the whole answer', async () => {
    const cwd = await tripsOnDisk();
    const { output } = await cli(['failures', 'trips', '--json'], { cwd });
    expect(output.map((line) => JSON.parse(line))).toMatchObject([
      { row: 2, column: 'rating', answer: 'I would say\n  four of five', calls: [{}, {}] },
      { row: 5, column: 'story', answer: null, calls: [{}, {}] },
    ]);
  });
});
